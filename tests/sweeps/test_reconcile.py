from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from shared.model import CaseStatus, ObjectId
from shared.sweeps.reconcile import Reconcile
from shared.tasks.lock import Lock
from shared.tasks.overdue import GRACE
from shared.tasks.queue import TriageMessage, WorkMessage
from tests.tasks.benches import Bench

LATE = GRACE.total_seconds() + 1


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with Bench() as made:
        yield made


def sweep(bench: Bench) -> Reconcile:
    tenant = bench.app.settings.tenant
    return Reconcile(bench.store, bench.messages, bench.clock.now, tenant)


async def lose(bench: Bench) -> None:
    """Lose every message there is."""
    for message in bench.messages.messages():
        await bench.messages.delete(message)


async def test_a_lost_triage_message_is_sent_again(bench: Bench) -> None:
    await bench.tell()
    sent = bench.waiting()
    await lose(bench)
    bench.clock.advance(LATE)
    assert await sweep(bench).run() == 1
    assert bench.waiting() == sent
    await bench.settle()
    assert bench.the_case().status is CaseStatus.CONTAINED


async def test_a_lost_work_message_is_sent_again(bench: Bench) -> None:
    await bench.tell()
    await bench.step()
    await lose(bench)
    bench.clock.advance(LATE)
    assert await sweep(bench).run() == 1
    case = bench.the_case()
    assert bench.waiting() == [WorkMessage(tenant=case.tenant, case=case.id)]
    await bench.settle()
    assert bench.the_case().status is CaseStatus.CONTAINED


async def test_a_lost_delayed_message_is_sent_again_only_after_its_time(bench: Bench) -> None:
    bench.tenant.fail(match="GET /users/{id}", status=429, retry_after=200)
    await bench.tell()
    await bench.step()
    await lose(bench)
    bench.clock.advance(200)
    assert await sweep(bench).run() == 0
    bench.clock.advance(LATE)
    assert await sweep(bench).run() == 1
    await bench.settle()
    assert bench.states() == {"verified"}


async def test_what_is_on_its_way_is_not_sent_again(bench: Bench) -> None:
    await bench.tell()
    bench.clock.advance(GRACE.total_seconds())
    assert await sweep(bench).run() == 0
    assert len(bench.waiting()) == 1


async def test_what_waits_behind_a_long_queue_is_not_sent_again(bench: Bench) -> None:
    for number in range(3):
        await bench.detect(number)
        bench.clock.advance(LATE)
    assert await sweep(bench).run() == 0
    assert len(bench.waiting()) == 3


async def test_what_was_lost_is_found_although_younger_messages_wait(bench: Bench) -> None:
    await bench.tell()
    (lost,) = bench.waiting()
    await lose(bench)
    bench.clock.advance(LATE)
    await bench.detect(2, oid=bench.scenario.bystanders[1])
    bench.clock.advance(LATE)
    assert await sweep(bench).run() == 1
    assert lost in bench.waiting()


async def test_what_is_finished_or_waits_for_a_person_is_left_alone(bench: Bench) -> None:
    await bench.tell()
    await bench.detect(2, level="medium", oid=bench.scenario.bystanders[1])
    await bench.settle()
    assert {case.status for case in bench.all_cases()} == {
        CaseStatus.CONTAINED,
        CaseStatus.WAITING,
    }
    waiting = bench.waiting()
    bench.clock.advance(timedelta(minutes=10).total_seconds())
    assert await sweep(bench).run() == 0
    assert bench.waiting() == waiting


async def test_a_look_whose_message_was_lost_is_made_all_the_same(bench: Bench) -> None:
    await bench.tell()
    await bench.settle()
    while (message := await bench.messages.receive()) is not None:
        await bench.messages.delete(message)
    for lost in bench.messages.messages():
        await bench.messages.delete(lost)
    bench.clock.advance(timedelta(minutes=16).total_seconds())
    assert await sweep(bench).run() == 1
    await bench.settle()
    assert bench.the_case().looks == 1


async def test_a_case_that_a_worker_is_at_work_on_is_left_to_it(bench: Bench) -> None:
    await bench.tell()
    await bench.step()
    await lose(bench)
    bench.clock.advance(LATE)
    case = bench.the_case()
    async with Lock(bench.store, bench.clock.now).hold(
        case.tenant, ObjectId(bench.oid), "a worker"
    ):
        assert await sweep(bench).run() == 0
    assert await sweep(bench).run() == 1


async def test_a_message_too_many_does_nothing(bench: Bench) -> None:
    await bench.tell()
    (waiting,) = bench.messages.messages()
    for _ in range(5):
        await bench.messages.put(waiting.text)
    await bench.settle()
    assert len(bench.all_cases()) == 1
    assert len(bench.written()) == len(set(bench.written())) == 7
    assert bench.unfinished() == []
    assert len(bench.waiting()) == 1, "the next look, once"


async def test_alerts_and_cases_of_many_accounts_are_all_found(bench: Bench) -> None:
    await bench.detect(1)
    await bench.step()
    for number, oid in enumerate(bench.scenario.bystanders):
        await bench.detect(10 + number, oid=oid)
    await lose(bench)
    bench.clock.advance(LATE)
    assert await sweep(bench).run() == 3
    kinds = [type(message) for message in bench.waiting()]
    assert (kinds.count(TriageMessage), kinds.count(WorkMessage)) == (2, 1)


async def test_another_tenants_work_is_not_touched(bench: Bench) -> None:
    await bench.tell()
    await lose(bench)
    bench.clock.advance(LATE)
    elsewhere = Reconcile(
        bench.store,
        bench.messages,
        bench.clock.now,
        type(bench.app.settings.tenant)("33333333-3333-4333-8333-333333333333"),
    )
    assert await elsewhere.run() == 0


async def test_the_app_runs_it(bench: Bench) -> None:
    await bench.tell()
    await lose(bench)
    bench.clock.advance(LATE)
    await bench.app.reconcile()
    assert len(bench.waiting()) == 1


async def test_the_timer_started_by_hand_beside_itself_hinders_neither(bench: Bench) -> None:
    await bench.tell()
    await asyncio.gather(bench.app.reconcile(), bench.app.reconcile())
    await bench.app.reconcile()
    assert [bench.rows(f"list_of_{what}")[0]["after"] for what in ("cases", "alerts")] == ["~", "~"]
