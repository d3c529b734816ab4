from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.model import CaseStatus
from shared.tasks import keys
from shared.tasks.ledger import CaseFile
from shared.tasks.queue import WorkMessage
from shared.tasks.roll import Roll
from tests.tasks.benches import Bench


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with Bench() as made:
        yield made


async def opened(bench: Bench) -> CaseFile:
    """Tell and triage the first alert; gives the case as a worker would read it then."""
    await bench.tell()
    await bench.step()
    return await reread(bench)


async def reread(bench: Bench) -> CaseFile:
    case = bench.the_case()
    return await CaseFile.load(bench.store, bench.clock.now, case.tenant, case.id)


async def join(bench: Bench, *numbers: int) -> None:
    """Let further alerts about the account be triaged, before anybody works on the case."""
    for number in numbers:
        await bench.detect(number)
    for message in bench.messages.messages()[-len(numbers) :]:
        await bench.messages.delete(message)
        await bench.app.work(message.text)


async def wake_up(bench: Bench) -> dict[str, object]:
    case = bench.the_case()
    row = await bench.store.read(keys.cases(case.tenant), keys.todo_row(case.id))
    assert row is not None
    return row.body


def on_its_way(bench: Bench) -> int:
    return sum(isinstance(message, WorkMessage) for message in bench.waiting())


async def test_alerts_that_join_while_a_worker_is_on_its_way_wake_no_other(bench: Bench) -> None:
    await opened(bench)
    due = (await wake_up(bench))["due"]
    bench.clock.advance(5)
    await join(bench, 2, 3, 4)
    assert on_its_way(bench) == 1
    assert (await wake_up(bench))["due"] == due, "lost, it is missed as early as before"
    await bench.settle()
    assert bench.the_case().status is CaseStatus.CONTAINED
    assert len(bench.the_case().alerts) == 4


async def test_a_worker_that_read_the_case_before_an_alert_joined_sends_it_round_again(
    bench: Bench,
) -> None:
    before = await opened(bench)
    (message,) = bench.messages.messages()
    await bench.messages.delete(message)
    await join(bench, 2)
    assert on_its_way(bench) == 0, "the worker that has the case in hand is to see it"
    await Roll(bench.store, bench.messages, bench.clock.now).list(before, due=None, send=True)
    assert on_its_way(bench) == 1
    await wake_up(bench)
    await bench.settle()
    assert bench.the_case().status is CaseStatus.CONTAINED


async def test_a_wake_up_for_lines_that_never_came_is_taken_for_one_round_more(
    bench: Bench,
) -> None:
    file = await opened(bench)
    roll = Roll(bench.store, bench.messages, bench.clock.now)
    await roll.foretell(file, 1)
    bench.clock.advance(61)
    await roll.list(file, due=None, send=True)
    assert "line" not in await wake_up(bench)
    await bench.settle()
    assert bench.the_case().status is CaseStatus.CONTAINED
    assert bench.unfinished() == []
