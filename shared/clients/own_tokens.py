"""What stands in the app's own tokens: its rights, as Entra granted them. No token is kept.

A managed identity's token is cached by the platform for up to a day, so what stands here is what
the app can do now, and not what was granted a minute ago.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from shared.clients import activity, exchange, graph
from shared.clients.answers import tokenless
from shared.errors import Defect
from shared.model import Value

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential


class Api(StrEnum):
    """Whose application permissions they are, by application id; the same in every cloud."""

    GRAPH = "00000003-0000-0000-c000-000000000000"
    EXCHANGE = "00000002-0000-0ff1-ce00-000000000000"
    ACTIVITY = "c5393580-f805-4401-95e8-94b7a6ef2fc2"
    """The Office 365 Management APIs."""


API_NAMES: Final[Mapping[Api, str]] = MappingProxyType(
    {
        Api.GRAPH: "Microsoft Graph",
        Api.EXCHANGE: "Office 365 Exchange Online",
        Api.ACTIVITY: "Office 365 Management APIs",
    }
)
_PUBLIC: Final[Mapping[Api, str]] = {
    Api.GRAPH: graph.PUBLIC_CLOUD,
    Api.EXCHANGE: exchange.PUBLIC_CLOUD,
    Api.ACTIVITY: activity.PUBLIC_CLOUD,
}


class OwnToken(Value):
    """What one of our tokens says of us."""

    object_id: str
    app_id: str
    tenant: str
    roles: frozenset[str]
    """Application permissions; the claim is left out where there are none."""
    directory_roles: frozenset[str] | None
    """Entra roles by template id; `None` where the token does not say."""


class OwnTokens:
    """The tokens of the app's identity. Bound to one event loop."""

    def __init__(self, credential: AsyncTokenCredential, bases: Mapping[Api, str]) -> None:
        self._credential = credential
        self._bases = bases

    async def read(self, api: Api) -> OwnToken:
        """Read what our token for an API says. Raises `Denied` or `Transient` without a token.

        Its signature is the API's business: we are the ones it was given to.
        Source: learn.microsoft.com/entra/identity-platform/access-token-claims-reference
        """
        from azure.core.exceptions import AzureError

        base = self._bases[api].rstrip("/")
        audience = _PUBLIC[api] if base.startswith("http:") else base
        try:
            token = await self._credential.get_token(f"{audience}/.default")
        except AzureError as error:
            raise tokenless(error) from error
        return _read(token.token)


def _read(token: str) -> OwnToken:
    import jwt

    try:
        said: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError as error:
        # What could not be read is a secret all the same, and is not told.
        raise Defect(f"Our own token cannot be read ({type(error).__name__})") from None
    roles = said.get("wids")
    return OwnToken(
        object_id=str(said.get("oid") or "").lower(),
        app_id=str(said.get("appid") or said.get("azp") or "").lower(),
        tenant=str(said.get("tid") or "").lower(),
        roles=frozenset(map(str, said.get("roles") or ())),
        directory_roles=None if roles is None else frozenset(str(role).lower() for role in roles),
    )
