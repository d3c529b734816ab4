"""Prove that a body comes from the source it claims, before anybody reads it.

Every comparison takes the same time whatever is wrong, every valid secret is tried, and a source
without a secret lets nobody in. What the sender is told names no secret and no expected value.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    SecretStr,
    StrictInt,
    StringConstraints,
)

from shared.errors import Denied
from shared.model import Value

SHORTEST: Final = 16
"""Characters of a secret; `openssl rand -hex 32` makes a good one of 64."""
_REFERENCE: Final = "@Microsoft.KeyVault("
_EPOCH: Final = re.compile(r"[0-9]{1,12}")
_HEX: Final = re.compile(r"[0-9a-fA-F]{64}")
_MOST_SIGNATURES: Final = 4
"""Signatures of one combined header that are looked at; a sender in rotation sends two."""


class Unauthorized(Denied):
    """The sender did not prove who it is. The message may go into the HTTP answer as it is.

    `operator` says what to configure, where that is what is wrong; it is for the log, not for the
    sender.
    """

    def __init__(self, reason: str, *, operator: str = "") -> None:
        super().__init__(reason)
        self.operator = operator


def _strong(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if text.startswith(_REFERENCE):
        raise ValueError("the Key Vault reference did not resolve: the app may not read the vault")
    if text != text.strip():
        raise ValueError("the secret begins or ends with white space: probably a pasted line end")
    if len(text) < SHORTEST:
        raise ValueError(f"the secret has fewer than {SHORTEST} characters")
    return secret


Secret = Annotated[SecretStr, AfterValidator(_strong)]
Secrets = Annotated[tuple[Secret, ...], Field(max_length=2)]
"""The secret in use and, while it is being replaced, the other one. Empty: nobody gets in."""
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$")]


class _Scheme(Value):
    # Without this a refused secret would stand in the error, and so in the log.
    model_config = ConfigDict(hide_input_in_errors=True)

    secrets: Secrets = ()


class HmacAuth(_Scheme):
    """An HMAC-SHA256 over timestamp, a dot and the raw body, in hexadecimal.

    With `timestamp_header=None` both stand in one header, as `t=<seconds>,v1=<signature>`.
    """

    scheme: Literal["hmac"] = "hmac"
    header: HeaderName = "X-Firebreak-Signature"
    timestamp_header: HeaderName | None = "X-Firebreak-Timestamp"
    prefix: Annotated[str, StringConstraints(max_length=20)] = ""
    """What stands before the signature, such as `sha256=`."""
    window: Annotated[StrictInt, Field(ge=1, le=3600)] = 300
    """Seconds by which the sender's clock may differ from ours, either way."""


class BearerAuth(_Scheme):
    """A token in `Authorization: Bearer`."""

    scheme: Literal["bearer"] = "bearer"


class HeaderAuth(_Scheme):
    """A token in a header of the sender's choice."""

    scheme: Literal["header"] = "header"
    header: HeaderName


type Auth = Annotated[HmacAuth | BearerAuth | HeaderAuth, Field(discriminator="scheme")]


def verify(
    auth: Auth | None,
    *,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> None:
    """Let the body in, or raise `Unauthorized`."""
    if auth is None or not auth.secrets:
        raise Unauthorized(
            "this source accepts nothing yet: its operator has not given it a secret",
            operator="configure auth with one secret, or two while rotating, for this source",
        )
    match auth:
        case HmacAuth():
            _verify_hmac(auth, headers=headers, body=body, now=now)
        case BearerAuth():
            _verify_token(auth, _bearer(headers))
        case HeaderAuth():
            _verify_token(auth, _header(headers, auth.header))


def sign(auth: Auth, *, body: bytes, now: datetime) -> dict[str, str]:
    """Make the headers a sender adds, with the first secret. Raises `Unauthorized` without one."""
    if not auth.secrets:
        raise Unauthorized("there is no secret to sign with")
    secret = auth.secrets[0].get_secret_value()
    match auth:
        case BearerAuth():
            return {"Authorization": f"Bearer {secret}"}
        case HeaderAuth():
            return {auth.header: secret}
        case HmacAuth():
            stamp = str(int(now.timestamp()))
            signature = _mac(auth.secrets[0], stamp, body)
            if auth.timestamp_header is None:
                return {auth.header: f"t={stamp},v1={signature}"}
            return {auth.header: auth.prefix + signature, auth.timestamp_header: stamp}


def _verify_hmac(auth: HmacAuth, *, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    stamp, given = _signatures(auth, headers)
    if not _EPOCH.fullmatch(stamp):
        raise Unauthorized("the signature's timestamp is not in whole seconds since 1970")
    if abs(now.timestamp() - int(stamp)) > timedelta(seconds=auth.window).total_seconds():
        raise Unauthorized("the signature's timestamp is stale, or ahead of the clock")
    valid = [_mac(secret, stamp, body) for secret in auth.secrets]
    if not _any_equal(given, valid):
        raise Unauthorized("the signature does not match")


def _signatures(auth: HmacAuth, headers: Mapping[str, str]) -> tuple[str, list[str]]:
    """Find the timestamp and the signatures as they were sent."""
    sent = _header(headers, auth.header)
    if auth.timestamp_header is None:
        parts = [part.strip().partition("=") for part in sent.split(",")]
        stamps = [value for key, _, value in parts if key == "t"]
        given = [value for key, _, value in parts if key == "v1"][:_MOST_SIGNATURES]
        if len(stamps) != 1 or not given:
            raise Unauthorized("the signature is missing")
        return stamps[0], [text.lower() for text in given]
    stamp = _header(headers, auth.timestamp_header)
    bare = sent.removeprefix(auth.prefix)
    if not sent.startswith(auth.prefix) or not _HEX.fullmatch(bare):
        raise Unauthorized("the signature does not match")
    return stamp, [bare.lower()]


def _mac(secret: SecretStr, stamp: str, body: bytes) -> str:
    key = secret.get_secret_value().encode()
    return hmac.new(key, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _bearer(headers: Mapping[str, str]) -> str:
    scheme, _, token = _header(headers, "Authorization").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized("the bearer token is missing")
    return token.strip()


def _header(headers: Mapping[str, str], name: str) -> str:
    """Find the one value of a header; two headers of one name are refused as none."""
    found = [value for key, value in headers.items() if key.lower() == name.lower()]
    if len(found) != 1 or not found[0].strip():
        raise Unauthorized(f"the header {name} is missing")
    return found[0].strip()


def _verify_token(auth: BearerAuth | HeaderAuth, given: str) -> None:
    if not _any_equal([given], [secret.get_secret_value() for secret in auth.secrets]):
        raise Unauthorized("the token does not match")


def _any_equal(given: list[str], valid: list[str]) -> bool:
    """Compare each with each and stop at none; hashing first makes all of one length."""
    matches = [
        hmac.compare_digest(_hash(text), _hash(expected)) for text in given for expected in valid
    ]
    return any(matches)


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
