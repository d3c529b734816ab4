"""The keys with which Entra signs a tenant's tokens, fetched from one configured address.

Where to fetch is never read from a token. Entra changes its keys every few weeks and announces each
long before it signs with it.

Source: GET {authority}/{tenant}/discovery/v2.0/keys,
learn.microsoft.com/entra/identity-platform/signing-key-rollover
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from shared.errors import Transient
from shared.model import Json, TenantId, Value

if TYPE_CHECKING:
    import httpx

PUBLIC_CLOUD: Final = "https://login.microsoftonline.com"
_STS: Final = "https://sts.windows.net"
"""Who issues tokens of version 1, whatever the authority's address."""
_FRESH: Final = timedelta(hours=24)
_APART: Final = timedelta(minutes=5)
"""Between two looks for a key that is not known; else anybody could make us ask all day."""
_PATIENCE: Final = 5.0
_OK: Final = 200


class EntraKeys(Value):
    """The keys with which a tenant's tokens are signed now, by their ids, and its issuers."""

    tenant: str
    issuers: frozenset[str]
    keys: dict[str, Json]


class SigningKeys:
    """Remembers a tenant's keys and fetches them again when they are old or one is unknown.

    `connect` opens the HTTP client for one fetch, which closes it.
    """

    def __init__(
        self,
        *,
        authority: str,
        tenant: TenantId,
        clock: Callable[[], datetime],
        connect: Callable[[], httpx.AsyncClient] | None = None,
    ) -> None:
        self._authority = authority.rstrip("/")
        self._tenant = tenant
        self._clock = clock
        self._connect = connect or _connect
        self._known: EntraKeys | None = None
        self._fetched: datetime | None = None
        self._asked: datetime | None = None

    async def with_key(self, key: str) -> EntraKeys:
        """Give the keys; an unknown one is looked for. Raises `Transient` where there are none."""
        now = self._clock()
        fresh = self._fetched is not None and now - self._fetched < _FRESH
        if self._known and fresh and key in self._known.keys:
            return self._known
        rested = self._asked is None or now - self._asked >= _APART
        if self._known is None or rested:
            self._asked = now
            await self._renew(now)
        if self._known is None:
            raise Transient("Entra's signing keys could not be fetched", retry_after=5.0)
        return self._known

    async def _renew(self, now: datetime) -> None:
        """Fetch once; where that fails what is known stays, since keys are announced early."""
        found = await self._fetch()
        if found:
            issuers = frozenset(
                {f"{self._authority}/{self._tenant}/v2.0", f"{_STS}/{self._tenant}/"}
            )
            self._known = EntraKeys(tenant=self._tenant, issuers=issuers, keys=found)
            self._fetched = now

    async def _fetch(self) -> dict[str, Json]:
        import httpx

        try:
            async with self._connect() as client:
                answer = await client.get(f"{self._authority}/{self._tenant}/discovery/v2.0/keys")
            return _read(answer.json()) if answer.status_code == _OK else {}
        except (httpx.HTTPError, ValueError):
            return {}


def _read(document: Any) -> dict[str, Json]:
    keys = document.get("keys") if isinstance(document, dict) else None
    return {
        str(key["kid"]): key
        for key in keys or ()
        if isinstance(key, dict) and key.get("kid") and key.get("kty") == "RSA"
    }


def _connect() -> httpx.AsyncClient:
    import httpx

    return httpx.AsyncClient(timeout=_PATIENCE, follow_redirects=False)
