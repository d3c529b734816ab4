"""Tokens that Entra gives to applications: signature, issuer, audience, application, lifetime.

Source: learn.microsoft.com/entra/identity-platform/access-tokens#validate-tokens
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from shared.alerts.proof import Unauthorized
from shared.alerts.schemes import EntraAuth
from shared.clients.entra_keys import EntraKeys
from shared.model import Json

_LONGEST: Final = 16 * 1024
"""Characters of a token; one with many groups has some 4,000."""
_ALGORITHM: Final = "RS256"
"""The only one Entra signs with; what the token itself names is not asked."""
_SKEW: Final = 300.0
"""Seconds by which clocks may differ."""


def key_id(token: str) -> str:
    """Read which key a token says it was signed with. Raises `Unauthorized` for no token."""
    import jwt

    if len(token) > _LONGEST:
        raise Unauthorized("the bearer token is too long for one of Entra's")
    try:
        named = jwt.get_unverified_header(token).get("kid")
    except (jwt.PyJWTError, ValueError):
        raise Unauthorized("the bearer token is not one of Entra's") from None
    if not named or not isinstance(named, str):
        raise Unauthorized("the bearer token does not name the key it was signed with")
    return named


def check(auth: EntraAuth, token: str, *, keys: EntraKeys, now: datetime) -> None:
    """Let the application in, or raise `Unauthorized`. Which check failed is not told."""
    claims = _claims(auth, token, keys)
    at = now.timestamp()
    if not _number(claims, "nbf") - _SKEW <= at < _number(claims, "exp") + _SKEW:
        raise Unauthorized("the bearer token has expired, or is not valid yet")
    if str(claims.get("tid") or "").lower() != keys.tenant.lower():
        raise Unauthorized("the bearer token is of another tenant")
    caller = str(claims.get("azp") or claims.get("appid") or "").lower()
    if caller not in auth.apps:
        raise Unauthorized("the application that calls is not one that may")


def _claims(auth: EntraAuth, token: str, keys: EntraKeys) -> Json:
    import jwt

    key = keys.keys.get(key_id(token))
    if key is None:
        raise Unauthorized("the bearer token is signed with a key that is not Entra's")
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            jwt.PyJWK.from_dict(key, algorithm=_ALGORITHM),
            algorithms=[_ALGORITHM],
            audience=list(auth.audiences),
            issuer=list(keys.issuers),
            # Times are compared by our own clock, below.
            options={
                "require": ["exp", "nbf", "aud", "iss"],
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
    except (jwt.PyJWTError, ValueError):
        raise Unauthorized("the bearer token is not one that this source accepts") from None
    return claims


def _number(claims: Json, name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Unauthorized("the bearer token does not say how long it is valid")
    return float(value)
