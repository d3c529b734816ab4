"""What waits for a person is shown a page at a time: nothing twice, nothing left out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import Refused
from shared.model import CaseId, CaseStatus, Task, TaskState, TenantId, Wait
from shared.store.memory import MemoryQueue, MemoryStore
from shared.store.verbs import Row
from shared.tasks import keys
from shared.tasks.awaited import CASES, COUNTED, Awaited, Wanted, awaited
from shared.tasks.ledger import CaseFile
from shared.tasks.roll import Roll
from tests.pages.stories import case as a_case
from tests.pages.stories import task as a_task
from tests.sweeps.pulling import Killed, Mortal
from tests.tasks.approving import Person
from tests.tasks.awaiting import (
    CONTOSO,
    NOON,
    listed,
    on_their_way,
    relied_on,
    rows,
    shown,
    waiting,
    walked,
)


class Counting(MemoryStore):
    """A store that counts the rows it gives out."""

    given = 0

    async def scan(self, *at: Any, **how: Any) -> AsyncIterator[Row]:
        async for row in super().scan(*at, **how):
            self.given += 1
            yield row


@pytest.mark.parametrize("count", [0, 1, CASES, CASES + 1, 3 * CASES + 4])
@pytest.mark.parametrize("upgraded", [True, False])
async def test_the_pages_hold_every_case_once_and_what_is_given_up_first_on_top(
    count: int, *, upgraded: bool
) -> None:
    store = MemoryStore()
    ids = await listed(store, count, rows=upgraded)
    if upgraded:
        await relied_on(store)
    pages = await walked(store)
    assert [case for page in pages for case in page.cases] == ids[::-1]
    assert all(len(page.cases) <= CASES for page in pages)
    assert {(page.changes, page.cases_in_all) for page in pages} == {(2 * count, count)}
    assert [page.before for page in pages] == [CASES * number for number in range(len(pages))]
    assert not any(page.at_least for page in pages)


async def test_beyond_any_bound_what_is_given_up_first_is_on_the_first_page() -> None:
    """The case that was listed last, and opened first of all, is the first that is given up."""
    store = Counting()
    ids = await listed(store, COUNTED + 3 * CASES)
    await relied_on(store)
    store.given = 0
    first = await awaited(store, CONTOSO, Wanted())
    assert store.given == COUNTED + 1
    assert list(first.cases) == ids[: -CASES - 1 : -1]
    assert (first.changes, first.cases_in_all, first.at_least) == (2 * COUNTED, COUNTED, True)
    pages = await walked(store)
    assert [case for page in pages for case in page.cases] == ids[::-1]
    assert pages[-1].before == COUNTED
    assert not pages[-1].after


async def test_a_case_whose_end_is_not_written_down_stands_on_top() -> None:
    store = MemoryStore()
    ids = await listed(store, 3, expires_at=None)
    await relied_on(store)
    assert set((await awaited(store, CONTOSO, Wanted())).cases) == set(ids)


async def test_what_waits_for_nobody_is_not_counted() -> None:
    store = MemoryStore()
    await listed(store, 3, waiting=0)
    assert (await awaited(store, CONTOSO, Wanted())) == Awaited(cases=())
    await relied_on(store)
    assert (await awaited(store, CONTOSO, Wanted())) == Awaited(cases=())


async def test_of_more_than_is_counted_the_page_says_at_least_and_a_stray_row_hides_nothing() -> (
    None
):
    async with Person() as bench:
        await bench.asked()
        tenant = bench.app.settings.tenant
        await bench.app.reconcile()
        await listed(bench.store, COUNTED, tenant=tenant)
        html = {"accept": "text/html"}
        page = (await bench.app.approvals(html)).body
        places = [row.key for row in bench.store.rows() if row.key.startswith(keys.AWAITED)]
        after = places[COUNTED - 1].removeprefix(keys.AWAITED)
        behind = (await bench.app.approvals(html, {"after": after})).body
    assert f"Cases 1 to {CASES}; what is given up first" in page
    assert f"Cases behind the first {COUNTED}; what is given up first" in behind
    assert f"At least <strong>{2 * COUNTED + 3}</strong> changes wait for a person" in page
    assert f"in at least <strong>{COUNTED}</strong> cases" in page
    assert "Block sign-in" in page, "the other cases of the page are in the list alone"


STATES = st.sampled_from([CaseStatus.OPEN, CaseStatus.WAITING, CaseStatus.CLOSED])
WAITS = st.lists(st.integers(1, 9), max_size=3)
MOVES = st.lists(st.tuples(st.integers(0, 7), STATES, WAITS), min_size=1, max_size=3)


@settings(max_examples=60, deadline=None)
@given(st.lists(MOVES, max_size=12))
def test_however_cases_come_and_go_each_that_waits_stands_in_its_place(
    rounds: list[list[tuple[int, CaseStatus, list[int]]]],
) -> None:
    """The moves of a round are made at once: two about one case compete for its line."""
    store = MemoryStore()
    roll = Roll(store, MemoryQueue(lambda: NOON), lambda: NOON)
    told = dict[int, tuple[CaseStatus, list[int]]]()

    async def move(number: int, status: CaseStatus, minutes: list[int]) -> None:
        file = await CaseFile.load(store, lambda: NOON, CONTOSO, case_id(number))
        case = a_case(id=case_id(number), tenant=CONTOSO, status=status)
        await file.record(case=case, tasks=tasks(number, minutes))
        told[number] = (status, minutes)
        await asyncio.gather(*(roll.list(file, due=None) for _ in range(2)))

    async def run() -> None:
        await relied_on(store)
        for moves in rounds:
            await asyncio.gather(*(move(*one) for one in {one[0]: one for one in moves}.values()))
            there = {n: minutes for n, (_, minutes) in told.items() if minutes}
            order = sorted(there, key=lambda n: (min(there[n]), n))
            assert await shown(store) == [case_id(number) for number in order]
            assert rows(store) == {case_id(n): len(minutes) for n, minutes in there.items()}

    asyncio.run(run())


def case_id(number: int) -> CaseId:
    return CaseId(f"{number:016x}")


def tasks(number: int, minutes: list[int]) -> list[Task]:
    """Three tasks of a case, of which so many wait, each for so many minutes."""
    names = ("disable_sign_in", "stop_forwarding", "disable_inbox_rules")
    ends = [NOON + timedelta(minutes=minute) for minute in minutes]
    waits = [Wait(since=NOON, escalate_at=end, expires_at=end) for end in ends]
    waits_or_not = [*waits, *[None] * (len(names) - len(waits))]
    return [
        a_task(
            name,
            tenant=CONTOSO,
            case=case_id(number),
            wait=wait,
            state=TaskState.WAITING if wait else TaskState.VERIFIED,
        )
        for name, wait in zip(names, waits_or_not, strict=True)
    ]


@pytest.mark.parametrize("share", range(3))
def test_a_worker_that_dies_at_any_write_leaves_nothing_unasked(share: int) -> None:
    for left in range(share, 200, 3):
        dead = asyncio.run(dies_at(left))
        if not dead:
            assert left > 12
            return
    raise AssertionError("the story never came to its end")


async def dies_at(left: int) -> bool:
    """Kill the worker at a write while changes come to wait; says whether there was one."""
    store = Mortal()
    async with Person(store=store) as bench:
        await bench.detect(1, level="medium")
        store.left = left
        try:
            await bench.settle(within=timedelta(minutes=2))
        except Killed:
            pass
        else:
            return False
        tenant = bench.app.settings.tenant
        counts = {case: len(found) for case, found in waiting(store).items()}
        assert all(rows(store).get(c) == n or c in on_their_way(store) for c, n in counts.items())
        for _ in range(3):
            bench.clock.advance(61)
            await bench.app.reconcile()
            await bench.settle(within=timedelta(minutes=2))
        assert len(waiting(store)) == 1
        assert rows(store) == {case: len(found) for case, found in waiting(store).items()}
        assert await shown(store, TenantId(tenant)) == list(waiting(store))
    return True


async def test_what_stands_there_names_nobody() -> None:
    async with Person() as bench:
        await bench.asked()
        (row,) = [row for row in bench.store.rows() if row.key.startswith(keys.AWAITED)]
        case = bench.the_case()
        assert row.body == {"id": case.id, "line": keys.list_row(case), "waiting": 5}


@pytest.mark.parametrize("asked", [{"after": "'; drop"}, {"case": "../cases"}])
def test_an_address_that_is_none_of_ours_is_refused(asked: dict[str, str]) -> None:
    with pytest.raises(Refused, match="go to the first page"):
        Wanted.of(asked)


async def test_one_case_is_asked_for_by_its_id() -> None:
    async with Person() as bench:
        await bench.asked()
        case = bench.the_case().id
        program = {"accept": "application/json"}
        page = await bench.app.approvals(program, {"case": case})
        every = await bench.app.approvals(program)
        missing = await bench.app.approvals(program, {"case": "aaaaaaaa"})
    assert {card["case"] for card in json.loads(page.body)["cards"]} == {case}
    assert json.loads(page.body)["cards"] == json.loads(every.body)["cards"]
    assert missing.status == 404
