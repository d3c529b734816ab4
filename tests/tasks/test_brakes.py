"""Brakes hold under many workers at once, say why, and let a person go on."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.tenant.population import Population
from shared.errors import Denied
from shared.model import AlertKind, CaseId, CaseStatus, Mode, TenantId
from shared.policy.limits import Burst, Guards, Radius
from shared.store.memory import MemoryStore
from shared.tasks.brakes import Brakes
from tests.tasks.benches import NOON, Bench, policy

TENANT = TenantId("3272ea75-4e08-474e-9784-d97c611e591f")
RULE = """
[[rule]]
name = "all"
[rule.responders]
disable_sign_in = "enforce"
"""


async def nobody_asks() -> int:
    pytest.fail("the directory was counted though nobody asked for a share")


def brakes(store: MemoryStore, guards: Guards) -> Brakes:
    return Brakes(store, lambda: NOON, TENANT, guards, nobody_asks)


@given(
    workers=st.integers(1, 8),
    cases=st.lists(st.integers(0, 30), min_size=1, max_size=60),
    most=st.integers(1, 12),
)
@settings(max_examples=60, deadline=None)
async def test_no_more_cases_act_than_allowed_whoever_asks_at_the_same_time(
    workers: int, cases: list[int], most: int
) -> None:
    store = MemoryStore()
    several = [brakes(store, Guards(radius=Radius(per_hour=most))) for _ in range(workers)]
    said = await asyncio.gather(
        *(
            several[n % workers].take(CaseId(f"{case:016x}"), AlertKind.RISKY_USER)
            for n, case in enumerate(cases)
        )
    )
    let = {case for case, full in zip(cases, said, strict=True) if not full}
    assert len(let) == min(most, len(set(cases)))
    taken = (await several[0].counters()).taken
    assert Counter(one.case for one in taken) == Counter(CaseId(f"{c:016x}") for c in let)


async def test_a_case_that_has_its_place_keeps_it_and_takes_no_second_one() -> None:
    store = MemoryStore()
    guards = Guards(radius=Radius(per_hour=1))
    first, second = CaseId("a" * 16), CaseId("b" * 16)
    assert await brakes(store, guards).take(first, AlertKind.RISKY_USER) == ()
    assert await brakes(store, guards).take(second, AlertKind.RISKY_USER) != ()
    assert await brakes(store, guards).take(first, AlertKind.OUTBOUND_SPAM) == ()


async def test_one_kind_may_have_less_room_than_all_together() -> None:
    store = MemoryStore()
    guards = Guards(radius=Radius(kinds={AlertKind.OUTBOUND_SPAM: 1}))
    one = brakes(store, guards)
    assert await one.take(CaseId("a" * 16), AlertKind.OUTBOUND_SPAM) == ()
    (said,) = await one.take(CaseId("b" * 16), AlertKind.OUTBOUND_SPAM)
    assert "outbound_spam" in said
    assert await one.take(CaseId("c" * 16), AlertKind.RISKY_USER) == ()


@pytest.mark.parametrize(
    ("accounts", "allowed"), [(10, 5), (100, 5), (200, 10), (100_000, 20), (None, 0)]
)
async def test_a_share_of_the_directory_is_kept_and_an_unknown_size_lets_nobody_act(
    accounts: int | None, allowed: int
) -> None:
    async def size() -> int:
        if accounts is None:
            raise Denied("not allowed", permission="User.Read.All")
        return accounts

    guards = Guards(radius=Radius(per_hour=20, share_per_hour=5.0, at_least=5))
    one = Brakes(MemoryStore(), lambda: NOON, TENANT, guards, size)
    let = [await one.take(CaseId(f"{n:016x}"), AlertKind.RISKY_USER) == () for n in range(25)]
    assert sum(let) == allowed


async def test_a_storm_of_one_rule_is_held_until_it_is_over_or_released() -> None:
    store, clock = MemoryStore(), [NOON]
    guards = Guards(burst=Burst(cases=3, minutes=10, hold_minutes=60))
    one = Brakes(store, lambda: clock[0], TENANT, guards, nobody_asks)

    async def opened(number: int, rule: str = "storm") -> bool:
        return await one.opened(CaseId(f"{number:016x}"), AlertKind.RISKY_USER, rule) == ()

    assert [await opened(n) for n in (1, 1, 2, 3, 4)] == [True, True, True, False, False]
    assert await opened(5, "another")
    clock[0] += timedelta(minutes=59)
    assert not await opened(6)
    assert await one.stormy("storm")
    await one.release("storm")
    assert await opened(7)
    assert not await one.stormy("storm")
    assert not await one.stormy("never-seen")


async def test_a_false_alarm_storm_stops_itself_and_nothing_is_lost(tmp_path: Path) -> None:
    radius = "[guards.radius]\nper_hour = 4\n[guards.burst]\ncases = 50\n"
    async with Bench() as bench:
        bench.app = bench.under(policy(tmp_path, radius + RULE))
        people = Population(bench.tenant)
        for number in range(9):
            await bench.detect(number, oid=people.person(f"Person {number}"))
        await bench.settle()
        cases = bench.all_cases()
        assert len(cases) == 9
        waiting = [case for case in cases if case.status is CaseStatus.WAITING]
        assert len(waiting) == 5
        assert all("guards.radius" in " ".join(case.reasons) for case in waiting)
        users = bench.tenant.snapshot()["users"].values()
        shut = [user for user in users if not user["enabled"]]
        assert len(shut) == 4


async def test_many_new_cases_of_one_rule_in_minutes_drop_it_to_asking(tmp_path: Path) -> None:
    burst = "[guards.burst]\ncases = 3\nminutes = 10\n"
    async with Bench() as bench:
        bench.app = bench.under(policy(tmp_path, burst + RULE))
        people = Population(bench.tenant)
        for number in range(6):
            await bench.detect(number, oid=people.person(f"Person {number}"))
        await bench.settle()
        states = Counter(case.status for case in bench.all_cases())
        assert states == {CaseStatus.CONTAINED: 2, CaseStatus.WAITING: 4}
        last = max(bench.all_cases(), key=lambda case: len(case.reasons))
        assert any("false-alarm storm" in reason for reason in last.reasons)


async def test_the_kill_switch_stops_the_next_alert_and_survives_a_restart(tmp_path: Path) -> None:
    async with Bench() as bench:
        file = policy(tmp_path, RULE)
        bench.app = bench.under(file)
        await brake(bench).set_pause(Mode.APPROVE, by="Nia", reason="false alarms")
        bench.app = bench.under(file)
        await bench.tell()
        await bench.settle()
        case = bench.the_case()
        assert case.status is CaseStatus.WAITING
        assert any("Nia paused Firebreak" in reason for reason in case.reasons)
        assert bench.written() == []


async def test_an_old_alert_waits_for_a_person_and_a_persons_own_request_does_not(
    tmp_path: Path,
) -> None:
    async with Bench() as bench:
        bench.app = bench.under(policy(tmp_path, "[guards]\nstale_hours = 1\n" + RULE))
        bench.clock.advance(3 * 3600)
        await bench.tell()
        await bench.settle()
        assert bench.the_case().status is CaseStatus.WAITING
        assert any("guards.stale_hours" in reason for reason in bench.the_case().reasons)
        await bench.ask("now", since=NOON.isoformat())
        await bench.settle()
        assert bench.states() == {"verified"}


async def test_a_freeze_lets_nothing_go_further_than_it_says(tmp_path: Path) -> None:
    freeze = '[[freeze]]\nname = "move"\nmode = "observe"\ndays = ["mon"]\n'
    async with Bench() as bench:
        bench.app = bench.under(policy(tmp_path, freeze + RULE))
        await bench.tell()
        await bench.settle()
        assert bench.the_case().status is CaseStatus.OBSERVED
        assert bench.written() == []


def brake(bench: Bench) -> Brakes:
    app = bench.app
    return Brakes(bench.store, bench.clock.now, app.settings.tenant, app.policy.guards, nobody_asks)
