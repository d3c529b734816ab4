"""Entra as an issuer of tokens to other applications of the tenant: keys, and what they sign."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import parse_qsl

from lab.tenant.answers import Answer
from lab.tenant.visit import Incoming, Visit

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from lab.tenant.world import World

AUTHORITY: Final = "https://login.microsoftonline.com"
_TOKEN: Final = ("oauth2", "v2.0", "token")
_JWT_BEARER: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_KEYS: Final = ("discovery", "v2.0", "keys")
_LIFE: Final = timedelta(hours=1)


type Mint = Callable[[str], tuple[str, datetime]]


class Vouching(Protocol):
    """A tenant whose managed identity vouches for an application in another."""

    def vouches(self, assertion: str) -> bool:
        """Whether it is this tenant's identity that says so, and to an exchange of tokens."""
        ...


class Entra:
    """Answers `/{tenant}/discovery/v2.0/keys` and `/{tenant}/oauth2/v2.0/token`.

    Keys are made when they are first needed. Source of the exchange and of its refusals:
    learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow.
    """

    def __init__(self, world: World, mint: Mint) -> None:
        self._world = world
        self._mint = mint
        self._trusted: Vouching | None = None
        self._keys: dict[str, RSAPrivateKey] = {}

    def token(self, *, audience: str, app: str, version: str = "2.0", **claims: Any) -> str:
        """Make a token for an application; `claims` replace what would be in it."""
        import jwt

        kid, key = self._current()
        now = self._world.now()
        tenant = self._world.tenant_id
        v1 = version == "1.0"
        told = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{tenant}/" if v1 else f"{AUTHORITY}/{tenant}/v2.0",
            "iat": int(now.timestamp()),
            "nbf": int(now.timestamp()),
            "exp": int((now + _LIFE).timestamp()),
            "appid" if v1 else "azp": app,
            "tid": tenant,
            "ver": version,
        }
        return jwt.encode(told | claims, key, algorithm="RS256", headers={"kid": kid})

    def rotate(self, *, drop: bool = False) -> None:
        """Sign with a new key from now on; the old ones stay published unless they are dropped."""
        from cryptography.hazmat.primitives.asymmetric import rsa

        if drop:
            self._keys.clear()
        made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._keys[self._world.dice.randbytes(16).hex()] = made

    @property
    def private_keys(self) -> tuple[RSAPrivateKey, ...]:
        """What is never published; a forger of another tenant has its own."""
        return tuple(self._keys.values())

    def trust(self, home: Vouching) -> None:
        """Take the word of that tenant's managed identity for our application, as consented."""
        self._trusted = home

    def open(self, incoming: Incoming, *, at: datetime) -> Visit:  # noqa: ARG002 - a Service
        """Route a request."""
        if incoming.method == "POST" and incoming.segments[1:] == _TOKEN:
            return Visit(
                method="POST", path="/entra/token", perform=lambda: self._exchanged(incoming)
            )
        known = incoming.method == "GET" and incoming.segments[1:] == _KEYS
        answer = self._published if known else lambda: Answer(404)
        return Visit(method=incoming.method, path="/entra/keys", perform=answer)

    def fail(self, status: int, *, headers: Mapping[str, str]) -> Answer:
        """Shape a fault on order."""
        return Answer(status, {"error": "temporarily_unavailable"}, headers)

    def begin(self, owner: str) -> None:
        """Count nothing: nobody limits this."""

    def end(self, owner: str) -> None:
        """Count nothing."""

    def _exchanged(self, incoming: Incoming) -> Answer:
        """Give a token for an assertion, as the client credentials flow does."""
        form = dict(parse_qsl(incoming.body.decode()))
        if form.get("client_id") != self._world.own_app_id:
            return _refused("unauthorized_client", "AADSTS700016: the application was not found")
        vouched = self._trusted and self._trusted.vouches(form.get("client_assertion", ""))
        if form.get("client_assertion_type") != _JWT_BEARER or not vouched:
            return _refused("invalid_client", "AADSTS700213: no matching federated identity record")
        token, expires = self._mint(form.get("scope", ""))
        life = int((expires - self._world.now()).total_seconds())
        return Answer(200, {"token_type": "Bearer", "expires_in": life, "access_token": token})

    def _current(self) -> tuple[str, RSAPrivateKey]:
        if not self._keys:
            self.rotate()
        return list(self._keys.items())[-1]

    def _published(self) -> Answer:
        from jwt.algorithms import RSAAlgorithm

        self._current()
        published = [
            {**json.loads(RSAAlgorithm.to_jwk(key.public_key())), "kid": kid, "use": "sig"}
            for kid, key in self._keys.items()
        ]
        return Answer(200, {"keys": published})


def _refused(error: str, said: str) -> Answer:
    status = 401 if error == "invalid_client" else 400
    return Answer(status, {"error": error, "error_description": said})
