from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest

from lab.clock import Clock
from lab.tenant import SimulatedTenant, TenantSettings
from lab.tenant.entra import AUTHORITY
from lab.tenant.transport import TenantTransport
from shared.alerts.authenticate import Unauthorized
from shared.alerts.call import Call
from shared.alerts.schemes import EntraAuth
from shared.alerts.source import Sources
from shared.clients.entra_keys import SigningKeys
from shared.errors import Transient
from shared.model import TenantId
from shared.tasks.gate import Gate

AUDIENCE = "api://firebreak.contoso.example"
APP = "461e8683-5575-4561-ac7f-899cc907d62a"
AUTH = EntraAuth(audiences=(AUDIENCE,), apps=(APP,))
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
ASKED = "GET /entra/keys"


class Office:
    """A tenant that issues tokens, and the gate that checks them."""

    def __init__(self, **settings: Any) -> None:
        clock = Clock.frozen(NOON)
        self.clock = clock
        self.lab = SimulatedTenant(clock=clock, settings=TenantSettings.instant(**settings))
        keys = SigningKeys(
            authority=AUTHORITY,
            tenant=TenantId(self.lab.tenant_id),
            clock=clock.now,
            connect=lambda: httpx.AsyncClient(transport=TenantTransport(self.lab)),
        )
        self.gate = Gate(Sources(()), keys, clock.now)

    async def admit(self, token: str) -> None:
        """Call with a token."""
        await self.gate.admit(AUTH, Call(headers={"Authorization": f"Bearer {token}"}))

    def token(self, **claims: Any) -> str:
        """Ask for a token of the application that may call."""
        return self.lab.entra.token(**{"audience": AUDIENCE, "app": APP} | claims)

    @property
    def looks(self) -> int:
        """How often the keys were fetched."""
        return sum(call.path == "/entra/keys" for call in self.lab.calls)


@pytest.mark.parametrize("version", ["1.0", "2.0"])
async def test_an_application_that_may_call_is_let_in(version: str) -> None:
    office = Office()
    await office.admit(office.token(version=version))


WRONG = {
    "audience": {"audience": "api://somebody.else"},
    "issuer": {"iss": "https://sts.windows.net/0a0a0a0a-0000-0000-0000-000000000000/"},
    "lookalike issuer": {"iss": f"{AUTHORITY}.mallory.example/x/v2.0"},
    "application": {"app": "5b1e2f10-5b1e-4a7c-9c55-0d6d3a1b2c3d"},
    "tenant": {"tid": "0a0a0a0a-0000-0000-0000-000000000000"},
    "expired": {"exp": int((NOON - timedelta(minutes=6)).timestamp())},
    "not yet valid": {"nbf": int((NOON + timedelta(minutes=6)).timestamp())},
    "no lifetime": {"exp": None},
    "lifetime in words": {"exp": "tomorrow"},
    "no audience": {"aud": None},
}


@pytest.mark.parametrize("claims", WRONG.values(), ids=WRONG)
async def test_a_token_with_one_wrong_claim_is_refused(claims: dict[str, Any]) -> None:
    office = Office()
    with pytest.raises(Unauthorized):
        await office.admit(office.token(**claims))


async def test_a_token_that_somebody_else_signed_is_refused() -> None:
    office, forger = Office(), Office()
    honest = jwt.get_unverified_header(office.token())["kid"]
    claims = jwt.decode(office.token(), options={"verify_signature": False})
    forger.token()
    key = next(iter(forger.lab.entra.private_keys))
    for forged in (
        jwt.encode(claims, key, algorithm="RS256", headers={"kid": honest}),
        jwt.encode(claims, "x" * 32, algorithm="HS256", headers={"kid": honest}),
        jwt.encode(claims, "", algorithm="none", headers={"kid": honest}),
    ):
        with pytest.raises(Unauthorized):
            await office.admit(forged)


@pytest.mark.parametrize(
    "token", ["x", "a.b.c", "x" * 20_000, "eyJhbGciOiJSUzI1NiJ9.e30.x", "..", "é.é.é"]
)
async def test_what_is_no_token_is_refused_and_asks_nobody(token: str) -> None:
    office = Office()
    with pytest.raises(Unauthorized):
        await office.admit(token)
    assert office.looks == 0


async def test_keys_are_fetched_once_a_day_and_a_new_one_is_found_at_once() -> None:
    office = Office()
    await office.admit(office.token())
    await office.admit(office.token())
    assert office.looks == 1
    office.clock.advance(timedelta(minutes=6).total_seconds())
    office.lab.entra.rotate()
    await office.admit(office.token())
    assert office.looks == 2
    office.clock.advance(timedelta(hours=25).total_seconds())
    await office.admit(office.token())
    assert office.looks == 3


async def test_invented_keys_do_not_make_us_ask_all_day() -> None:
    office = Office()
    await office.admit(office.token())
    office.lab.entra.rotate()
    for _ in range(5):
        with pytest.raises(Unauthorized):
            await office.admit(office.token())
    assert office.looks == 1


async def test_a_key_that_entra_withdrew_is_good_for_a_day_at_most() -> None:
    office = Office()
    old = office.token(exp=int((NOON + timedelta(days=9)).timestamp()))
    await office.admit(old)
    office.lab.entra.rotate(drop=True)
    office.clock.advance(timedelta(hours=25).total_seconds())
    with pytest.raises(Unauthorized):
        await office.admit(old)


async def test_without_entra_the_sender_is_asked_to_try_again_and_known_keys_stay_good() -> None:
    office = Office()
    office.lab.fail(match=ASKED, status=503, times=1)
    token = office.token()
    with pytest.raises(Transient):
        await office.admit(token)
    office.clock.advance(timedelta(minutes=6).total_seconds())
    await office.admit(token)
    office.lab.fail(match=ASKED, status=503, times=9)
    office.clock.advance(timedelta(hours=25).total_seconds())
    await office.admit(office.token())


async def test_entra_without_keys_is_not_an_open_door() -> None:
    office = Office()
    with pytest.raises(Unauthorized, match="missing"):
        await office.gate.admit(AUTH, Call())
