"""What waits for a person is shown a page at a time: nothing twice, nothing left out."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.errors import Refused
from shared.model import TenantId
from shared.store.memory import MemoryStore
from shared.store.verbs import Put
from shared.tasks import keys
from shared.tasks.awaited import CASES, Awaited, Wanted, awaited
from shared.tasks.listing import READ
from tests.tasks.approving import Person

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TENANT = TenantId("11111111-1111-4111-8111-111111111111")


async def listed(store: MemoryStore, count: int, **more: Any) -> list[str]:
    """List so many cases that wait, each expiring before the one listed before it."""
    ids = []
    for number in range(count):
        case = f"{number:016x}"
        expires = NOW + timedelta(minutes=count - number)
        body = {"id": case, "waiting": 2, "expires_at": expires.isoformat(), **more}
        line = f"{keys.OPEN}{keys.opened_before(NOW + timedelta(seconds=number))}:{case}"
        await store.write(Put(keys.cases(TENANT), line, body))
        ids.append(case)
    return ids


async def walked(store: MemoryStore) -> list[Awaited]:
    pages = [await awaited(store, TENANT, Wanted())]
    while pages[-1].after:
        pages.append(await awaited(store, TENANT, Wanted(after=pages[-1].after)))
    return pages


@pytest.mark.parametrize("count", [0, 1, CASES, CASES + 1, 3 * CASES + 4])
async def test_the_pages_hold_every_case_once_and_what_expires_first_on_top(count: int) -> None:
    store = MemoryStore()
    ids = await listed(store, count)
    pages = await walked(store)
    assert [case for page in pages for case in page.cases] == ids[::-1]
    assert all(len(page.cases) <= CASES for page in pages)
    assert {(page.changes, page.cases_in_all) for page in pages} == {(2 * count, count)}
    assert [page.before for page in pages] == [CASES * number for number in range(len(pages))]


async def test_a_case_whose_end_is_not_written_down_stands_on_top() -> None:
    store = MemoryStore()
    ids = await listed(store, 3, expires_at=None)
    assert set((await awaited(store, TENANT, Wanted())).cases) == set(ids)


async def test_what_waits_for_nobody_is_not_counted() -> None:
    store = MemoryStore()
    await listed(store, 3, waiting=0)
    assert (await awaited(store, TENANT, Wanted())) == Awaited(cases=())


async def test_more_unsettled_cases_than_are_looked_at_are_told_of() -> None:
    store = MemoryStore()
    await listed(store, READ)
    assert (await awaited(store, TENANT, Wanted())).unread


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
