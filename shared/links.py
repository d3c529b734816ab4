"""Signed links to one change that waits: they name it, run out, and can be used once.

A link proves nothing about who follows it: the page behind it asks for a signed-in person with the
role all the same. What it adds is that it leads to exactly the change that was told of. Without a
key there are no links.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr, ValidationError

from shared.errors import Refused
from shared.model import CaseId, ResponderName, TenantId, Utc, Value

if TYPE_CHECKING:
    from itsdangerous import URLSafeSerializer

_SALT: Final = "firebreak.approval.1"
ELSEWHERE: Final = "the approvals page shows what waits now"


class Link(Value):
    """What a link says: this change of this case, until then, and its own number."""

    tenant: TenantId | None = None
    """Whose case it is; links of releases before this one do not say it."""
    case: CaseId
    responder: ResponderName
    fingerprint: str
    until: Utc
    number: str


class Links:
    """Makes and reads links. The first key signs; the others are still read, for a rotation."""

    def __init__(
        self,
        keys: Sequence[SecretStr],
        *,
        tenant: TenantId,
        base: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._keys = keys
        self._tenant = tenant
        self._base = base
        self._clock = clock

    def make(
        self, case: CaseId, responder: ResponderName, fingerprint: str, *, until: datetime
    ) -> str | None:
        """Write a link's address; `None` where no key is configured."""
        if not self._keys:
            return None
        link = Link(
            tenant=self._tenant,
            case=case,
            responder=responder,
            fingerprint=fingerprint,
            until=until,
            number=secrets.token_hex(12),
        )
        token = self._serializer().dumps(link.model_dump(mode="json"))
        return f"{self._base}/approve/{token.decode() if isinstance(token, bytes) else token}"

    def read(self, token: str) -> Link:
        """Read a link. Raises `Refused` where it was altered, is another tenant's, or ran out."""
        from itsdangerous import BadData

        if not self._keys:
            raise Refused(f"This app makes no links: no key is configured; {ELSEWHERE}")
        try:
            link = Link.model_validate(self._serializer().loads(token))
        except (BadData, ValidationError) as error:
            raise Refused(
                f"This link is not ours, or is not whole; take it from the message again, or "
                f"{ELSEWHERE}"
            ) from error
        if link.tenant not in {None, self._tenant}:
            raise Refused(
                "This link leads to a case of another tenant; open it at the address it came with"
            )
        if link.until <= self._clock():
            raise Refused(f"This link ran out at {link.until:%Y-%m-%d %H:%M} UTC; {ELSEWHERE}")
        return link

    def _serializer(self) -> URLSafeSerializer:
        from itsdangerous import URLSafeSerializer

        # The library signs with the last key, so that a new one is appended; settings say newest
        # first, as the secrets of sources do.
        secret_keys = [key.get_secret_value() for key in reversed(self._keys)]
        return URLSafeSerializer(
            secret_keys, salt=_SALT, signer_kwargs={"digest_method": hashlib.sha256}
        )
