from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from shared.errors import Conflict, Defect, Transient
from shared.model import TenantId
from shared.store.verbs import Drop, Exists, Partition, Put, Store, partition

CONTOSO = TenantId("contoso")


async def keys(store: Store, home: Partition, prefix: str = "") -> list[str]:
    return [row.key async for row in store.scan(home, prefix=prefix)]


async def test_nothing_is_there_before_the_first_write(store: Store, home: Partition) -> None:
    assert await store.read(home, "a") is None
    assert await keys(store, home) == []
    assert await store.fetch("raw/a") is None
    await store.write(Drop(home, "a"))
    assert await store.write() == ()


async def test_a_row_reads_back_as_it_was_written(store: Store, home: Partition) -> None:
    body = {"state": "queued", "attempts": 0, "lease": None, "who": ["Grüße", "\U0001f525"]}
    (etag,) = await store.write(Put(home, "task", body))
    row = await store.read(home, "task")
    assert row is not None
    assert (row.partition, row.key, row.body, row.etag) == (home, "task", body, etag)
    assert await store.read(home, "tas") is None
    assert await store.read(partition(CONTOSO, "other"), "task") is None


async def test_what_the_caller_changes_afterwards_changes_no_row(
    store: Store, home: Partition
) -> None:
    body = {"steps": ["one"]}
    await store.write(Put(home, "task", body))
    body["steps"].append("two")
    row = await store.read(home, "task")
    assert row is not None
    row.body["steps"].append("three")
    again = await store.read(home, "task")
    assert again is not None
    assert again.body == {"steps": ["one"]}


async def test_a_second_insert_meets_the_first(store: Store, home: Partition) -> None:
    await store.write(Put(home, "task", {"by": "first"}))
    with pytest.raises(Exists):
        await store.write(Put(home, "task", {"by": "second"}))
    with pytest.raises(Exists):
        await store.write(Put(home, "other", {}), Put(home, "task", {"by": "third"}))
    row = await store.read(home, "task")
    assert row is not None
    assert row.body == {"by": "first"}


async def test_of_ten_writers_who_insert_at_once_one_wins(store: Store, home: Partition) -> None:
    async def insert(number: int) -> int | None:
        try:
            await store.write(Put(home, "claim", {"by": number}))
        except Exists:
            return None
        return number

    outcomes = await asyncio.gather(*map(insert, range(10)))
    winners = [number for number in outcomes if number is not None]
    row = await store.read(home, "claim")
    assert row is not None
    assert [row.body["by"]] == winners


async def test_of_ten_writers_who_replace_at_once_one_wins(store: Store, home: Partition) -> None:
    (etag,) = await store.write(Put(home, "claim", {"by": None}))

    async def replace(number: int) -> str | None:
        try:
            (new,) = await store.write(Put(home, "claim", {"by": number}, etag))
        except Conflict:
            return None
        return new

    outcomes = await asyncio.gather(*map(replace, range(10)))
    row = await store.read(home, "claim")
    assert row is not None
    assert [etag for etag in outcomes if etag] == [row.etag]


async def test_a_replacement_needs_the_version_that_is_there(store: Store, home: Partition) -> None:
    (first,) = await store.write(Put(home, "task", {"n": 1}))
    (second,) = await store.write(Put(home, "task", {"n": 2}, first))
    assert second != first
    with pytest.raises(Conflict) as caught:
        await store.write(Put(home, "task", {"n": 3}, first))
    assert not isinstance(caught.value, Exists)
    row = await store.read(home, "task")
    assert row is not None
    assert (row.body, row.etag) == ({"n": 2}, second)


async def test_a_replacement_leaves_nothing_of_the_old_body(store: Store, home: Partition) -> None:
    (etag,) = await store.write(Put(home, "task", {"long": "x" * 100_000}))
    await store.write(Put(home, "task", {"short": 1}, etag))
    row = await store.read(home, "task")
    assert row is not None
    assert row.body == {"short": 1}


async def test_a_row_that_is_gone_cannot_be_replaced(store: Store, home: Partition) -> None:
    (etag,) = await store.write(Put(home, "task", {}))
    await store.write(Drop(home, "task"))
    assert await store.read(home, "task") is None
    with pytest.raises(Conflict):
        await store.write(Put(home, "task", {}, etag))
    with pytest.raises(Conflict):
        await store.write(Put(home, "task", {}, etag), Put(home, "journal", {}))
    with pytest.raises(Conflict):
        await store.write(Drop(home, "never"), Put(home, "task", {}, etag))
    assert await keys(store, home) == []


@pytest.mark.parametrize("bad", [0, 1, 2])
@pytest.mark.parametrize("kind", ["exists", "stale", "gone"])
async def test_one_bad_row_in_a_write_leaves_none(
    store: Store, home: Partition, bad: int, kind: str
) -> None:
    (stale,) = await store.write(Put(home, "there", {"n": 1}))
    (etag,) = await store.write(Put(home, "there", {"n": 2}, stale))
    trouble = {
        "exists": Put(home, "there", {"n": 3}),
        "stale": Put(home, "there", {"n": 3}, stale),
        "gone": Put(home, "gone", {"n": 3}, stale),
    }[kind]
    changes: list[Put | Drop] = [Put(home, "new", {}), Put(home, "newer", {})]
    changes.insert(bad, trouble)
    with pytest.raises(Exists if kind == "exists" else Conflict):
        await store.write(*changes)
    rows = [(row.key, row.body, row.etag) async for row in store.scan(home)]
    assert rows == [("there", {"n": 2}, etag)]


async def test_the_new_etags_come_in_the_order_of_the_changes(
    store: Store, home: Partition
) -> None:
    (old,) = await store.write(Put(home, "m", {}))
    await store.write(Put(home, "gone", {}))
    etags = await store.write(
        Put(home, "z", {}), Drop(home, "gone"), Put(home, "m", {"n": 1}, old), Put(home, "a", {})
    )
    found = {row.key: row.etag async for row in store.scan(home)}
    assert etags == (found["z"], "", found["m"], found["a"])


async def test_dropping_what_is_gone_is_fine_among_other_changes(
    store: Store, home: Partition
) -> None:
    await store.write(Put(home, "there", {}))
    etags = await store.write(
        Drop(home, "gone"), Put(home, "new", {}), Drop(home, "there"), Drop(home, "also-gone")
    )
    assert [bool(etag) for etag in etags] == [False, True, False, False]
    assert await keys(store, home) == ["new"]
    assert await store.write(Drop(home, "gone"), Drop(home, "never")) == ("", "")


async def test_a_dropped_row_can_be_inserted_again(store: Store, home: Partition) -> None:
    await store.write(Put(home, "claim", {"by": 1}))
    await store.write(Drop(home, "claim"))
    await store.write(Put(home, "claim", {"by": 2}))
    row = await store.read(home, "claim")
    assert row is not None
    assert row.body == {"by": 2}


async def test_a_hundred_rows_are_written_at_once(store: Store, home: Partition) -> None:
    await store.write(*(Put(home, f"{n:03}", {"n": n}) for n in range(100)))
    assert await keys(store, home) == [f"{n:03}" for n in range(100)]
    with pytest.raises(Defect, match="101"):
        await store.write(*(Put(home, f"x{n:03}", {}) for n in range(101)))


async def test_rows_of_two_partitions_cannot_be_written_at_once(
    store: Store, home: Partition
) -> None:
    elsewhere = partition(CONTOSO, "elsewhere", uuid4().hex)
    with pytest.raises(Defect, match="two partitions"):
        await store.write(Put(home, "a", {}), Drop(elsewhere, "a"))
    assert await keys(store, home) == []


async def test_one_row_cannot_be_changed_twice_in_one_write(store: Store, home: Partition) -> None:
    with pytest.raises(Defect, match="twice"):
        await store.write(Put(home, "a", {}), Drop(home, "a"))


async def test_a_conflict_is_something_to_try_again(store: Store, home: Partition) -> None:
    await store.write(Put(home, "task", {}))
    with pytest.raises(Transient):
        await store.write(Put(home, "task", {}))
