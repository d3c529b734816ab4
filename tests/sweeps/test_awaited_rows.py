"""What waits stands where the approvals page looks, whichever version wrote the case's line."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.model import Json
from shared.store.memory import MemoryStore
from shared.store.verbs import Drop, Put, Row
from shared.sweeps.awaited_rows import PORTION, AwaitedRows
from shared.sweeps.verify import Verify
from shared.tasks import keys
from tests.tasks.approving import Person
from tests.tasks.awaiting import CONTOSO, line, listed, rows, shown

HOME = keys.cases(CONTOSO)
COUNT = 2 * PORTION + 30


@pytest.fixture
async def asked() -> AsyncIterator[Person]:
    """A case that waits, and the timer has seen it."""
    async with Person() as bench:
        await bench.asked()
        await bench.app.reconcile()
        assert len(rows(bench.store)) == 1
        yield bench


def awaited_row(bench: Person) -> Row:
    (row,) = [row for row in bench.store.rows() if row.key.startswith(keys.AWAITED)]
    return row


async def faults(bench: Person) -> list[str]:
    walk = Verify(bench.store, bench.clock.now, bench.app.settings.tenant)
    return [fault.where async for fault in walk.run()]


async def rounds(store: MemoryStore, number: int = 3) -> int:
    """Let the timer come some times; returns how many lines lacked something."""
    return sum([await AwaitedRows(store, CONTOSO).run() for _ in range(number)])


async def test_a_list_of_the_version_before_is_shown_whole_at_every_moment_of_the_upgrade() -> None:
    store = MemoryStore()
    ids = await listed(store, COUNT, rows=False)
    assert await shown(store) == ids[::-1]
    for number in range(3):
        assert len(rows(store)) == PORTION * number
        await rounds(store, 1)
        assert await shown(store) == ids[::-1]
    assert rows(store) == dict.fromkeys(ids, 2)


async def test_once_all_is_as_it_should_be_nothing_is_written() -> None:
    store = MemoryStore()
    await listed(store, PORTION - 1)
    await rounds(store, 1)
    before = store.rows()
    assert await rounds(store) == 0
    assert store.rows() == before


async def written_by_the_version_before(store: MemoryStore, number: int, **says: object) -> None:
    """Write a case's line and the one of what is not settled, and know of no other row."""
    key, body = line(number, **says)
    for place in (key, f"{keys.OPEN}{key}"):
        row = await store.read(HOME, place)
        await store.write(Put(HOME, place, body, row.etag if row else None))


async def test_what_a_version_wrote_that_knows_no_such_rows_is_brought_by_the_next_round() -> None:
    """It went back to that version and forth again: one case came, one moved, one was answered."""
    store = MemoryStore()
    ids = await listed(store, COUNT)
    await rounds(store)
    sooner = line(COUNT + 9)[1]["expires_at"]
    await written_by_the_version_before(store, 0, expires_at=sooner, waiting=1)
    await written_by_the_version_before(store, 7, waiting=0)
    await written_by_the_version_before(store, COUNT)
    assert await rounds(store) >= 3
    new = line(COUNT)[1]["id"]
    left = [case for case in ids[:0:-1] if case != ids[7]]
    assert await shown(store) == [ids[0], new, *left]
    assert rows(store) == {**dict.fromkeys([new, *left], 2), ids[0]: 1}


async def test_a_row_that_names_no_line_of_ours_is_left_to_whoever_verifies() -> None:
    store = MemoryStore()
    await listed(store, 2)
    odd: list[Json] = [{"id": "a", "line": one, "waiting": 1} for one in ("", "../x", 7)]
    odd.append({"id": "a", "line": line(99)[0], "waiting": 1})
    for number, body in enumerate(odd):
        await store.write(Put(HOME, f"{keys.AWAITED}{number:014}:aaaaaaaa", body))
    before = [row for row in store.rows() if row.partition == HOME]
    assert await rounds(store) == 0
    assert [row for row in store.rows() if row.partition == HOME] == before


@pytest.mark.parametrize("says", [{"waiting": 1}, {"id": "0" * 16}, {"line": "x y"}, {"more": 1}])
async def test_a_row_that_was_changed_is_named_and_brought(asked: Person, says: Json) -> None:
    row = awaited_row(asked)
    assert await faults(asked) == []
    await asked.store.write(Put(row.partition, row.key, {**row.body, **says}, row.etag))
    assert await faults(asked) == [f"{row.partition}/{row.key}"]
    await asked.app.reconcile()
    assert awaited_row(asked).body == row.body
    assert await faults(asked) == []


async def test_a_row_that_was_removed_or_added_is_named_and_brought(asked: Person) -> None:
    row = awaited_row(asked)
    await asked.store.write(Drop(row.partition, row.key))
    assert await faults(asked) == [f"{row.partition}/{row.key}"]
    await asked.app.reconcile()
    assert awaited_row(asked).body == row.body
    extra = f"{keys.AWAITED}{'1':>014}:{row.body['id']}"
    await asked.store.write(Put(row.partition, extra, row.body))
    assert await faults(asked) == [f"{row.partition}/{extra}"]
    await asked.app.reconcile()
    assert await faults(asked) == []


async def test_a_line_that_was_altered_into_nonsense_stops_nobody(asked: Person) -> None:
    row = awaited_row(asked)
    listed_line = await asked.store.read(row.partition, row.body["line"])
    assert listed_line is not None
    ends: list[Json] = [{"expires_at": end} for end in ("soon", 7, "0001-01-01T00:00:00")]
    for odd in (*ends, {"waiting": "x"}, {"id": "a b"}):
        kept = await asked.store.read(row.partition, listed_line.key)
        assert kept is not None
        body = {**listed_line.body, **odd}
        await asked.store.write(Put(row.partition, kept.key, body, kept.etag))
        assert f"{row.partition}/{kept.key}" in await faults(asked)
        await asked.app.reconcile()
        assert await asked.cards()


async def test_what_was_answered_leaves_nothing_there(asked: Person) -> None:
    await asked.approve(*(await asked.cards()).values())
    await asked.settle()
    assert rows(asked.store) == {}
    assert await faults(asked) == []
