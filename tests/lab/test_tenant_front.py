from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import httpx
import pytest

from lab.clock import Clock
from lab.tenant import SimulatedTenant, TenantSettings
from lab.tenant.settings import Throttling
from lab.tenant.tokens import EXCHANGE
from tests.lab.tenancy import NOON, Desk, code, make

PUBLISHED = TenantSettings.instant(throttling=Throttling.PUBLISHED)
RULES = "/users/{}/mailFolders/inbox/messageRules"


class Sleepless(Clock):
    """Notes how long it should have slept."""

    def __init__(self) -> None:
        super().__init__(start=NOON)
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.mark.parametrize("path", ["/users/x", "/nonsense", "/users"])
async def test_without_a_good_token_nothing_is_told(path: str) -> None:
    async with Desk(make()) as desk:
        foreign = make(seed=2).token("https://graph.microsoft.com")
        for token in ("", "a.b.c", foreign, desk.tenant.token(EXCHANGE)):
            answer = await desk.http.get(
                f"https://graph.microsoft.com/v1.0{path}",
                headers={"Authorization": f"Bearer {token}"},
            )
            assert (answer.status_code, code(answer)) == (401, "InvalidAuthenticationToken")
            assert "WWW-Authenticate" in answer.headers


async def test_a_token_expires() -> None:
    async with Desk(make()) as desk:
        token = desk.tenant.token("https://graph.microsoft.com/.default")
        assert (await desk.graph("GET", "/domains", token=token)).status_code == 200
        desk.tenant.clock.advance(desk.tenant.settings.own_token_life)
        assert (await desk.graph("GET", "/domains", token=token)).status_code == 401


async def test_a_permission_is_judged_by_what_the_token_says() -> None:
    async with Desk(make(granted=frozenset({"Domain.Read.All"}))) as desk:
        assert (await desk.graph("GET", "/domains")).status_code == 200
        refused = await desk.graph("GET", "/users")
        assert (refused.status_code, code(refused)) == (403, "Authorization_RequestDenied")


async def test_refusals_look_like_graphs() -> None:
    async with Desk(make()) as desk:
        answer = await desk.graph("GET", "/users/nobody")
        inner = answer.json()["error"]["innerError"]
        assert inner["request-id"] == answer.headers["request-id"]
        assert set(inner) == {"date", "request-id", "client-request-id"}


async def test_unknown_segments_and_methods_are_named() -> None:
    async with Desk(make()) as desk:
        unknown = await desk.graph("GET", "/users/x/mailFolders/inbox/messageRulez")
        assert unknown.status_code == 400
        assert "'messageRulez'" in unknown.json()["error"]["message"]
        assert (await desk.graph("DELETE", "/domains")).status_code == 405


async def test_a_body_that_is_not_json_is_refused() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        headers = {"Authorization": f"Bearer {desk.tenant.token('https://graph.microsoft.com')}"}
        url = f"https://graph.microsoft.com/v1.0/users/{oid}"
        for body in (b"{", b"[]", b""):
            answer = await desk.http.request("PATCH", url, content=body, headers=headers)
            assert answer.status_code == 400


async def test_identity_protection_takes_one_request_a_second_and_does_not_say_when() -> None:
    async with Desk(make(PUBLISHED)) as desk:
        oid = desk.people.person("Ada Brandt")
        path = f"/identityProtection/riskyUsers/{oid}"
        first, second = await desk.graph("GET", path), await desk.graph("GET", path)
        assert (first.status_code, second.status_code) == (404, 429)
        assert "Retry-After" not in second.headers
        desk.tenant.clock.advance(1)
        assert (await desk.graph("GET", path)).status_code == 404


async def test_outlook_takes_four_requests_at_once_for_one_mailbox() -> None:
    settings = TenantSettings(latency=0.05, latency_spread=0.0)
    async with Desk(SimulatedTenant(clock=Clock(start=NOON), settings=settings)) as desk:
        ada, bruno = desk.people.person("Ada Brandt"), desk.people.person("Bruno Keller")
        asked = [ada] * 6 + [bruno] * 4
        answers = await asyncio.gather(*(desk.graph("GET", RULES.format(oid)) for oid in asked))
        statuses = [answer.status_code for answer in answers]
        assert statuses[:6].count(429) == 2
        assert statuses[6:] == [200] * 4
        late = next(answer for answer in answers if answer.status_code == 429)
        assert (code(late), late.headers["Retry-After"]) == ("ApplicationThrottled", "1")
        assert (await desk.graph("GET", RULES.format(ada))).status_code == 200


async def test_the_directory_takes_so_many_units_in_ten_seconds_and_says_when() -> None:
    async with Desk(make(PUBLISHED)) as desk:
        oid = desk.people.person("Ada Brandt")
        statuses = []
        for _ in range(1751):
            answer = await desk.graph("GET", f"/users/{oid}/transitiveMemberOf")
            statuses.append(answer.status_code)
        assert statuses.count(429) == 1
        assert statuses[-1] == 429
        desk.tenant.clock.advance(float(answer.headers["Retry-After"]))
        assert (await desk.graph("GET", f"/users/{oid}")).status_code == 200


async def test_latency_has_the_median_that_was_set_and_a_tail() -> None:
    clock = Sleepless()
    settings = TenantSettings(latency=0.12, throttling=Throttling.OFF)
    async with Desk(SimulatedTenant(clock=clock, settings=settings)) as desk:
        for _ in range(201):
            await desk.graph("GET", "/domains")
    halves = clock.slept
    took = sorted(2 * half for half in halves[::2])
    assert halves[::2] == halves[1::2]
    assert 0.10 < took[100] < 0.14
    assert took[-1] > 2 * took[100]


async def test_an_answer_slower_than_the_clients_patience_is_a_read_timeout() -> None:
    clock = Clock(start=NOON)
    settings = TenantSettings(latency=30.0, latency_spread=0.0)
    async with Desk(SimulatedTenant(clock=clock, settings=settings)) as desk:
        desk.http.timeout = httpx.Timeout(0.05)
        before = time.monotonic()
        with pytest.raises(httpx.ReadTimeout):
            await desk.graph("GET", "/domains")
        assert time.monotonic() - before < 5


async def test_a_snapshot_shows_others_alone_when_one_account_is_left_out() -> None:
    async with Desk(make()) as desk:
        ada, bruno = desk.people.person("Ada Brandt"), desk.people.person("Bruno Keller")
        desk.people.restrict_sender(ada, "spam")
        others = desk.tenant.snapshot(without=ada)
        await desk.graph("PATCH", f"/users/{ada}", {"accountEnabled": False})
        await desk.exchange("Set-Mailbox", Identity=ada, ForwardingSmtpAddress="a@b.example")
        await desk.exchange(
            "Remove-BlockedSenderAddress", SenderAddress="ada.brandt@contoso.example"
        )
        assert desk.tenant.snapshot(without=ada) == others
        await desk.graph("PATCH", f"/users/{bruno}", {"accountEnabled": False})
        assert desk.tenant.snapshot(without=ada) != others


def test_the_same_seed_makes_the_same_tenant() -> None:
    one, two, other = make(seed=7), make(seed=7), make(seed=8)
    assert (one.tenant_id, one.guid()) == (two.tenant_id, two.guid())
    assert one.tenant_id != other.tenant_id


async def test_a_version_called_beta_answers_as_well() -> None:
    async with Desk(make()) as desk:
        answer = await desk.graph("GET", "https://graph.microsoft.com/beta/domains")
        assert answer.status_code == 200


async def test_waiting_is_counted_in_lab_time() -> None:
    clock = Clock(start=NOON, speed=50.0)
    settings = TenantSettings(latency=2.0, latency_spread=0.0)
    async with Desk(SimulatedTenant(clock=clock, settings=settings)) as desk:
        await desk.graph("GET", "/domains")
        assert clock.now() - NOON >= timedelta(seconds=2)
        assert desk.tenant.calls[0].took >= 2
