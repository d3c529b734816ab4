"""HMAC signatures over a body, with or without the time at which they were made."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from pydantic import SecretStr

from shared.alerts.proof import Unauthorized, any_equal, one_header
from shared.alerts.schemes import HmacAuth

_EPOCH: Final = re.compile(r"[0-9]{1,12}")
_FORMS: Final = {
    "hex": re.compile(r"[0-9a-fA-F]{64}"),
    "base64": re.compile(r"[A-Za-z0-9+/]{43}="),
}
_MOST: Final = 4
"""Signatures of one combined header that are looked at; a sender in rotation sends two."""


def check(auth: HmacAuth, *, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """Let a signed body in, or raise `Unauthorized`."""
    stamp, given = _sent(auth, headers)
    if auth.dated:
        if not _EPOCH.fullmatch(stamp):
            raise Unauthorized("the signature's timestamp is not in whole seconds since 1970")
        if abs(now.timestamp() - int(stamp)) > auth.window:
            raise Unauthorized("the signature's timestamp is stale, or ahead of the clock")
    valid = [_mac(auth, secret, stamp, body) for secret in auth.secrets]
    if not any_equal(given, valid):
        raise Unauthorized("the signature does not match")


def make(auth: HmacAuth, *, body: bytes, now: datetime) -> dict[str, str]:
    """Make the headers of a sender that signs with the first secret."""
    stamp = str(int(now.timestamp()))
    signature = _mac(auth, auth.secrets[0], stamp, body)
    if not auth.dated:
        return {auth.header: auth.prefix + signature}
    if auth.timestamp_header is None:
        return {auth.header: f"t={stamp},v1={signature}"}
    return {auth.header: auth.prefix + signature, auth.timestamp_header: stamp}


def _sent(auth: HmacAuth, headers: Mapping[str, str]) -> tuple[str, list[str]]:
    """Find the timestamp and the signatures as they were sent."""
    sent = one_header(headers, auth.header)
    if auth.dated and auth.timestamp_header is None:
        return _combined(sent)
    stamp = one_header(headers, auth.timestamp_header or "") if auth.dated else ""
    bare = sent.removeprefix(auth.prefix)
    if not sent.startswith(auth.prefix) or not _FORMS[auth.encoding].fullmatch(bare):
        raise Unauthorized("the signature does not match")
    return stamp, [bare.lower() if auth.encoding == "hex" else bare]


def _combined(sent: str) -> tuple[str, list[str]]:
    parts = [part.strip().partition("=") for part in sent.split(",")]
    stamps = [value for key, _, value in parts if key == "t"]
    given = [value for key, _, value in parts if key == "v1"][:_MOST]
    if len(stamps) != 1 or not given:
        raise Unauthorized("the signature is missing")
    return stamps[0], [text.lower() for text in given]


def _mac(auth: HmacAuth, secret: SecretStr, stamp: str, body: bytes) -> str:
    head = auth.signed.removesuffix("{body}").replace("{timestamp}", stamp).encode()
    made = hmac.new(secret.get_secret_value().encode(), head + body, hashlib.sha256).digest()
    return made.hex() if auth.encoding == "hex" else base64.b64encode(made).decode()
