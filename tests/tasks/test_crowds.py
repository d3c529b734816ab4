"""The counters have no way around them: not by a second alert, another kind or a row gone wrong."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from lab.tenant.population import Population
from shared.errors import Transient
from shared.model import AlertKind, CaseId, CaseStatus
from shared.policy.limits import Guards, Radius
from shared.store.memory import MemoryStore
from shared.store.verbs import Put
from shared.tasks import keys
from shared.tasks.brakes import Brakes
from tests.shared.test_guards_page import shown, signed
from tests.tasks.benches import NOON, Bench, policy
from tests.tasks.test_brakes import RULE, TENANT, brakes

STORM = "[guards.burst]\ncases = 3\nminutes = 10\nhold_minutes = 60\n"


def case_id(number: int) -> CaseId:
    return CaseId(f"{number:016x}")


async def storm(bench: Bench, people: int) -> list[str]:
    """Let one rule open a case for each of some people."""
    town = Population(bench.tenant)
    who = [town.person(f"Person {number}") for number in range(people)]
    for number, oid in enumerate(who):
        await bench.detect(number, oid=oid)
    await bench.settle()
    return who


async def happens_again(bench: Bench, number: int, oid: str) -> None:
    """Post one more risk detection about an account, of what happened just now."""
    (alert,) = bench.scenario.alerts
    page = json.loads(alert.body)
    moment = bench.clock.now().isoformat()
    page["value"][0] |= {
        "id": f"{number:064x}",
        "userId": oid,
        "userPrincipalName": bench.tenant.users[oid].upn,
        "activityDateTime": moment,
        "detectedDateTime": moment,
    }
    await bench.post(alert.source, page)


async def test_while_a_rule_is_held_its_second_alert_about_an_account_asks_as_the_first(
    tmp_path: Path,
) -> None:
    async with Bench() as bench:
        bench.app = bench.under(policy(tmp_path, STORM + RULE))
        who = await storm(bench, 6)
        states = Counter(case.status for case in bench.all_cases())
        assert states == {CaseStatus.CONTAINED: 2, CaseStatus.WAITING: 4}
        for number, oid in enumerate(who):
            await bench.detect(100 + number, oid=oid)
        await bench.settle()
        assert Counter(case.status for case in bench.all_cases()) == states
        assert len(bench.written("/users/{id}")) == 2


async def test_while_a_rule_is_held_nothing_it_did_before_is_done_again_without_a_person(
    tmp_path: Path,
) -> None:
    async with Bench() as bench:
        bench.app = bench.under(policy(tmp_path, STORM + RULE))
        first = (await storm(bench, 3))[0]
        assert not bench.tenant.users[first].enabled
        again = replace(bench.tenant.users[first], enabled=True)
        bench.tenant.state.users.seed(first, again)
        bench.clock.advance(300)
        await happens_again(bench, 100, first)
        await bench.settle()
        assert bench.tenant.users[first].enabled
        assert {case.status for case in bench.all_cases()} >= {CaseStatus.WAITING}


async def test_once_released_a_rule_acts_on_what_joins_again(tmp_path: Path) -> None:
    async with Bench() as bench:
        bench.app = bench.under(policy(tmp_path, STORM + RULE))
        who = await storm(bench, 3)
        await signed(bench, "release", rule="all", reason="all real")
        await bench.detect(100, oid=who[-1])
        await bench.settle()
        assert {case.status for case in bench.all_cases()} == {CaseStatus.CONTAINED}


async def test_a_limited_kind_has_no_more_room_for_cases_that_another_kind_opened() -> None:
    store = MemoryStore()
    one = brakes(store, Guards(radius=Radius(kinds={AlertKind.OUTBOUND_SPAM: 2})))
    for number in range(4):
        assert await one.take(case_id(number), AlertKind.RISKY_USER) == ()
    said = [await one.take(case_id(number), AlertKind.OUTBOUND_SPAM) for number in (0, 1, 0, 2, 1)]
    assert [not full for full in said] == [True, True, True, False, True]
    assert "outbound_spam" in said[3][0]
    assert await one.take(case_id(2), AlertKind.RISKY_USER) == ()


async def test_a_case_that_acts_on_two_kinds_takes_one_place_of_all_together() -> None:
    store = MemoryStore()
    one = brakes(store, Guards(radius=Radius(per_hour=2, kinds={AlertKind.OUTBOUND_SPAM: 2})))
    for kind in (AlertKind.RISKY_USER, AlertKind.OUTBOUND_SPAM):
        assert await one.take(case_id(1), kind) == ()
    assert await one.take(case_id(2), AlertKind.RISKY_USER) == ()
    assert await one.take(case_id(3), AlertKind.RISKY_USER) != ()


@pytest.mark.parametrize("key", [keys.PAUSE, keys.RADIUS, keys.burst_row("all")])
async def test_a_brake_that_cannot_be_read_lets_nothing_act_and_says_so(
    key: str, tmp_path: Path
) -> None:
    async with Bench() as bench:
        bench.app = bench.under(policy(tmp_path, RULE))
        await bench.store.write(Put(keys.brakes(bench.app.settings.tenant), key, {"new": "field"}))
        await bench.tell()
        await bench.settle()
        assert bench.the_case().status is CaseStatus.WAITING
        said = " ".join(bench.the_case().reasons)
        assert "could not be read" in said or "cannot be read" in said
        assert bench.written() == []
        found = await shown(bench)
        page = await bench.app.guards({"accept": "text/html"})
    braked = [found["pause"], *found["held"], *(g for g in found["gauges"] if not g["known"])]
    assert any(braked)
    assert page.status == 200


async def test_an_unreadable_switch_is_in_order_once_somebody_sets_it(tmp_path: Path) -> None:
    async with Bench() as bench:
        bench.app = bench.under(policy(tmp_path, RULE))
        at = keys.brakes(bench.app.settings.tenant)
        await bench.store.write(Put(at, keys.PAUSE, {"new": "field"}))
        assert (await signed(bench, "switch", ceiling="enforce", reason="looked"))[0] == 200
        await bench.tell()
        await bench.settle()
        assert bench.the_case().status is CaseStatus.CONTAINED


async def test_an_unreadable_counter_is_known_again_after_a_day() -> None:
    store, clock = MemoryStore(), [NOON]
    one = Brakes(store, lambda: clock[0], TENANT, Guards(), nobody)
    await store.write(Put(keys.brakes(TENANT), keys.RADIUS, {"new": "field"}))
    assert await one.take(case_id(1), AlertKind.RISKY_USER) != ()
    clock[0] += timedelta(hours=23)
    assert await one.take(case_id(2), AlertKind.RISKY_USER) != ()
    clock[0] += timedelta(hours=1)
    assert await one.take(case_id(3), AlertKind.RISKY_USER) == ()


async def test_an_unreadable_rule_is_let_act_by_a_person() -> None:
    store, clock = MemoryStore(), [NOON]
    one = Brakes(store, lambda: clock[0], TENANT, Guards(), nobody)
    await store.write(Put(keys.brakes(TENANT), keys.burst_row("all"), {"new": "field"}))
    assert await one.opened(case_id(1), AlertKind.RISKY_USER, "all") != ()
    assert await one.stormy("all") != ()
    await one.release("all")
    assert await one.opened(case_id(2), AlertKind.RISKY_USER, "all") == ()


async def test_the_brakes_are_shown_while_the_directory_does_not_answer(tmp_path: Path) -> None:
    share = "[guards.radius]\nshare_per_hour = 1.0\n"
    async with Bench() as bench:
        bench.app = bench.under(policy(tmp_path, share + RULE))
        bench.tenant.fail(times=10_000)
        found = await shown(bench)
        status, _ = await signed(bench, "switch", ceiling="observe", reason="Graph is away")
    assert found["gauges"][0]["most"] is None
    assert status == 200


async def nobody() -> int:
    raise Transient("nobody asks")
