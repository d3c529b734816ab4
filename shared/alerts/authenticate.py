"""Prove that a body comes from the source it claims, before anybody reads it.

Every comparison takes the same time whatever is wrong, every valid secret is tried, and a source
without a secret lets nobody in. What the sender is told names no secret and no expected value.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import assert_never

from shared.alerts import entra_token, payload, signature
from shared.alerts.proof import Unauthorized, any_equal, credentials, one_header, texts
from shared.alerts.schemes import (
    Auth,
    BasicAuth,
    BearerAuth,
    ClientStateAuth,
    EntraAuth,
    HeaderAuth,
    HmacAuth,
    UrlAuth,
)
from shared.clients.entra_keys import EntraKeys
from shared.errors import Undecodable

__all__ = [
    "Auth",
    "BearerAuth",
    "HeaderAuth",
    "HmacAuth",
    "Unauthorized",
    "redacted",
    "sign",
    "verify",
]


def verify(
    auth: Auth | None,
    *,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
    query: Mapping[str, str] | None = None,
    keys: EntraKeys | None = None,
) -> None:
    """Let the body in, or raise `Unauthorized`.

    `query` are the parameters of the address; `keys` are Entra's, where the source asks for them.
    """
    match auth:
        case None:
            raise _nothing()
        case EntraAuth():
            if keys is None:
                raise Unauthorized("this call takes no token of Entra")
            entra_token.check(auth, credentials(headers, "bearer"), keys=keys, now=now)
        case _ if not auth.secrets:
            raise _nothing()
        case HmacAuth():
            signature.check(auth, headers=headers, body=body, now=now)
        case ClientStateAuth():
            _check_client_states(auth, body)
        case _:
            _check_secret(auth, headers, query or {})


def sign(auth: Auth, *, body: bytes, now: datetime) -> dict[str, str]:
    """Make the headers a sender adds, with the first secret. Raises `Unauthorized` without one."""
    if isinstance(auth, (EntraAuth, ClientStateAuth, UrlAuth)) or not auth.secrets:
        raise Unauthorized("there is no secret to sign with")
    secret = auth.secrets[0].get_secret_value()
    match auth:
        case BearerAuth():
            return {"Authorization": f"Bearer {secret}"}
        case BasicAuth():
            pair = base64.b64encode(f"{auth.user}:{secret}".encode()).decode()
            return {"Authorization": f"Basic {pair}"}
        case HeaderAuth():
            return {auth.header: secret}
        case HmacAuth():
            return signature.make(auth, body=body, now=now)
        case _:
            assert_never(auth)


def redacted(auth: Auth | None, body: bytes) -> bytes:
    """Take the source's secrets out of a body that repeats them, so that it can be kept."""
    for secret in texts(() if auth is None or isinstance(auth, EntraAuth) else auth.secrets):
        for written in (secret, json.dumps(secret)[1:-1]):
            body = body.replace(written.encode(), b"(secret)")
    return body


def _nothing() -> Unauthorized:
    return Unauthorized(
        "this source accepts nothing yet: its operator has not given it a secret",
        operator="configure auth with one secret, or two while rotating, for this source",
    )


def _check_secret(
    auth: BearerAuth | HeaderAuth | BasicAuth | UrlAuth,
    headers: Mapping[str, str],
    query: Mapping[str, str],
) -> None:
    valid = texts(auth.secrets)
    match auth:
        case BearerAuth():
            given = credentials(headers, "bearer")
        case HeaderAuth():
            given = one_header(headers, auth.header)
        case UrlAuth():
            given = query.get(auth.parameter, "")
        case BasicAuth():
            given = credentials(headers, "basic")
            pairs = (f"{auth.user}:{secret}".encode() for secret in valid)
            valid = [base64.b64encode(pair).decode() for pair in pairs]
    if not any_equal([given], valid):
        raise Unauthorized("the token does not match")


def _check_client_states(auth: ClientStateAuth, body: bytes) -> None:
    """Ask every item: one that somebody slipped in between must not be carried by the others."""
    try:
        items = payload.entries(body, envelope="value")
    except Undecodable:
        items = []
    given = [item.text("clientState") for item in items if isinstance(item, payload.Record)]
    valid = texts(auth.secrets)
    known = [each is not None and any_equal([each], valid) for each in given]
    if not known or len(known) != len(items) or not all(known):
        raise Unauthorized("an item's clientState does not match")
