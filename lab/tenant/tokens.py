"""Bearer tokens of the simulated tenant: signed, dated, for one audience, with roles inside."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

GRAPH: Final = "https://graph.microsoft.com"
EXCHANGE: Final = "https://outlook.office365.com"
ARM: Final = "https://management.azure.com"
ACTIVITY: Final = "https://manage.office.com"
EXCHANGE_OF_TOKENS: Final = "api://AzureADTokenExchange"
TEMPLATES: Final = {
    "User Administrator": "fe930be7-5e62-47db-91af-98c3a49a38b1",
    "Privileged Authentication Administrator": "7be44c8a-adaf-4e2a-84d6-ab2649e08a13",
    "Exchange Administrator": "29232cdf-9323-42fd-ade2-1d097af3e4de",
}
"""Entra's built-in roles by template id.

Source: learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference
"""
_EVERY_APP: Final = "0997a1d0-0d1d-4acb-b408-d5ca73121e90"
_APP_IDS: Final = {
    "00000003-0000-0000-c000-000000000000": GRAPH,
    "00000002-0000-0ff1-ce00-000000000000": EXCHANGE,
}


class Rejected(Exception):  # noqa: N818 - a state, named as an adjective
    """The token is not good for this service; the text is what the service would say."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What an accepted token says."""

    oid: str
    roles: frozenset[str]


def audience(resource: str) -> str:
    """Bring a resource, scope or application id to the audience its tokens carry."""
    plain = resource.removesuffix("/.default").rstrip("/")
    return _APP_IDS.get(plain, plain)


class Minter:
    """Makes and reads the tokens of one tenant."""

    def __init__(self, *, key: bytes, tenant: str, life: float) -> None:
        self._key = key
        self._tenant = tenant
        self._life = timedelta(seconds=life)

    def mint(
        self,
        *,
        resource: str,
        oid: str,
        app_id: str,
        roles: frozenset[str],
        at: datetime,
        directory_roles: frozenset[str] = frozenset(),
    ) -> tuple[str, datetime]:
        """Make a token and say when it expires."""
        expires = at + self._life
        payload = {
            "aud": audience(resource),
            "iss": f"https://sts.windows.net/{self._tenant}/",
            "iat": int(at.timestamp()),
            "nbf": int(at.timestamp()),
            "exp": int(expires.timestamp()),
            "appid": app_id,
            "idtyp": "app",
            "oid": oid,
            "roles": sorted(roles),
            "tid": self._tenant,
            "ver": "1.0",
            "wids": [_EVERY_APP, *(TEMPLATES.get(role, role) for role in sorted(directory_roles))],
        }
        signed = f"{_pack({'typ': 'JWT', 'alg': 'HS256'})}.{_pack(payload)}"
        return f"{signed}.{self._sign(signed)}", expires

    def read(self, authorization: str, *, resource: str, at: datetime) -> Claims:
        """Accept a bearer token for `resource`. Raises `Rejected`."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Rejected("Access token is empty.")
        signed, _, signature = token.rpartition(".")
        if not hmac.compare_digest(self._sign(signed), signature):
            raise Rejected("Access token validation failure. Invalid signature.")
        payload = _unpack(signed.partition(".")[2])
        if payload["aud"] != resource:
            raise Rejected("Access token validation failure. Invalid audience.")
        if payload["exp"] <= at.timestamp():
            raise Rejected("Lifetime validation failed, the token is expired.")
        return Claims(oid=payload["oid"], roles=frozenset(payload["roles"]))

    def _sign(self, text: str) -> str:
        return _text(hmac.new(self._key, text.encode(), hashlib.sha256).digest())


def home_of(token: str) -> str:
    """Read, without checking anything, whose tenant a token is of; empty where it says nothing."""
    try:
        return str(_unpack(token.split(".")[1])["tid"])
    except (IndexError, KeyError, ValueError):
        return ""


def _pack(value: dict[str, Any]) -> str:
    return _text(json.dumps(value, separators=(",", ":")).encode())


def _unpack(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
