"""Whoever changes, removes, adds or swaps one stored row or blob is found, and the row is named."""

from __future__ import annotations

import asyncio
import copy
import json
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.scenarios import full_house, spammer
from shared.model import Json, Mode
from shared.store.memory import MemoryStore
from shared.store.verbs import Drop, Partition, Put, Row
from shared.sweeps.anchor import Anchoring
from shared.sweeps.tampering import Tampered
from shared.sweeps.verify import Verify
from shared.tasks import keys
from shared.tasks.trail import Noted, Trail
from tests.sweeps.recorded import Recorded
from tests.tasks.benches import NOON, Bench

_EVIDENCE = ("case|", "|audit", "|cases", "|inbox")
"""Parts of the names of partitions that hold what is on record."""
_WORK = (keys.TODO, keys.SHOWN, keys.PERSON, keys.HEARD)
"""Rows in them that only steer the work, or say when a source was last heard."""


class Played(Recorded):
    """A store in which much has happened: two cases, a second alert, brakes, three anchors.

    Besides, two alerts that opened no case: one that nobody can read, and one about nobody here.
    """

    def __init__(self) -> None:
        super().__init__()
        self.tenant: Any = None
        self.at = NOON

    async def play(self) -> Played:
        async with Bench(story=full_house) as bench:
            self.tenant = bench.app.settings.tenant
            trail = Trail(bench.store, bench.clock.now, self.tenant)
            anchoring = Anchoring(bench.store, bench.clock.now, self.tenant)
            await bench.tell()
            (alert,) = bench.scenario.alerts
            nobody = {"userId": "9" * 8 + "-9999-4999-8999-" + "9" * 12, "id": "9" * 64}
            page = json.loads(alert.body)
            for one in ({**page["value"][0], **nobody}, {"odd": True}):
                await bench.post(alert.source, {"value": [one]})
            await bench.settle()
            for day in range(3):
                await trail.note(Noted.SWITCHED, f"At most {Mode.APPROVE} from day {day}")
                await anchoring.run()
                bench.clock.advance(timedelta(days=1).total_seconds())
                await bench.detect(day + 1, oid=bench.scenario.bystanders[0])
                await bench.settle()
            await trail.note(Noted.RELEASED, "Rule likely may act again")
            self.at = bench.clock.now()
            self.record(bench.store)
        return self

    @property
    def on_record(self) -> list[Row]:
        return [
            row
            for row in self.rows
            if any(part in row.partition for part in _EVIDENCE) and not row.key.startswith(_WORK)
        ]


@cache
def played() -> Played:
    return asyncio.run(Played().play())


@pytest.fixture(scope="module", autouse=True)
def _played_before_any_loop_runs() -> None:
    """Play in a loop of its own, whichever test of this file a worker begins with."""
    played()


async def found_in(store: MemoryStore) -> list[Tampered]:
    return [fault async for fault in Verify(store, lambda: played().at, played().tenant).run()]


def named(row: Row, faults: list[Tampered]) -> bool:
    return any(fault.where == f"{row.partition}/{row.key}" for fault in faults)


def test_the_played_store_holds_every_kind_of_row_and_is_intact() -> None:
    kinds = {row.key.partition(":")[0] for row in played().on_record}
    assert {"case", "journal", "task", "seal", "line", "head", "anchor", "alert"} <= kinds
    assert {name.partition("/")[0] for name in played().blobs} == {"raw", "evidence", "anchor"}

    async def run() -> list[Tampered]:
        return await found_in(await played().copied())

    assert asyncio.run(run()) == []


def of_no_case(row: Row) -> bool:
    """Whether it is an alert that opened no case: what one says is proven by its body alone."""
    return row.key.startswith(keys.ALERT) and not row.body["case"]


async def test_an_alert_of_no_case_that_was_removed_or_hidden_is_found_and_named() -> None:
    loose = [row for row in played().on_record if of_no_case(row)]
    assert {row.body["state"] for row in loose} == {"unreadable", "unresolved"}
    for row in loose:
        store = await played().copied()
        (line,) = [
            r
            for r in store.rows()
            if r.key.startswith(keys.SHOWN) and r.key.endswith(row.body["id"])
        ]
        second = f"{keys.PERSON}{line.key.removeprefix(keys.SHOWN)}"
        waits = await store.read(line.partition, second)
        assert waits is not None
        elsewhere = {**waits.body, "source": "elsewhere"}
        await store.write(Put(line.partition, second, elsewhere, waits.etag))
        assert named(row, await found_in(store)), "a line that names another source hides it"
        await store.write(Drop(line.partition, second))
        assert named(row, await found_in(store)), "nobody is told that it waits for a person"
        await store.write(Put(line.partition, second, waits.body))
        assert await found_in(store) == []
        ignored = {**line.body, "state": "ignored"}
        await store.write(Put(line.partition, line.key, ignored, line.etag))
        assert named(line, await found_in(store)), "a line that says ignored hides what is not"
        await store.write(Drop(line.partition, line.key))
        assert named(row, await found_in(store)), "an alert that is in no list is seen by nobody"
        await store.write(Drop(row.partition, row.key))
        faults = await found_in(store)
        assert named(row, faults), "both are gone, and the anchor names it"
        assert any("the anchor of" in fault.what for fault in faults)


def leaves(body: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a body that holds a value, and every place that could be taken away."""
    inner = body.items() if isinstance(body, dict) else enumerate(body)
    found = []
    for key, value in inner:
        deeper = isinstance(value, (dict, list)) and value
        found += leaves(value, (*path, key)) if deeper else [(*path, key)]
    return found


def otherwise(value: Any, *, how: int) -> Any:
    """Another value that might pass for the first."""
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int):
        return value + how + 1
    if isinstance(value, str):
        return [f"{value}x", "", value[:-1] or "y", value.upper() + "z"][how]
    return [["x"], {"x": 1}, "x", 0][how] if not value else None


def mutate(body: Json, path: tuple[Any, ...], how: int) -> Json:
    changed = copy.deepcopy(body)
    place: Any = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = otherwise(place[path[-1]], how=how)
    return changed


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_change_anywhere_in_any_row_on_record_is_found_and_the_row_is_named(
    data: st.DataObject,
) -> None:
    row = data.draw(st.sampled_from([r for r in played().on_record if not of_no_case(r)]))
    path = data.draw(st.sampled_from(leaves(row.body)))
    if row.partition.endswith("|cases") and path == ("updated_at",):
        return  # when the list was written says nothing about the case
    changed = mutate(row.body, path, data.draw(st.integers(0, 3)))

    async def run() -> list[Tampered]:
        store = await played().copied()
        kept = await store.read(row.partition, row.key)
        assert kept is not None
        await store.write(Put(row.partition, row.key, changed, kept.etag))
        return await found_in(store)

    faults = asyncio.run(run())
    if changed != row.body:
        assert named(row, faults), f"{row.key}: {path} became another and nobody saw: {faults}"


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_row_that_was_removed_is_found_and_named(data: st.DataObject) -> None:
    row = data.draw(st.sampled_from(played().on_record))

    async def run() -> list[Tampered]:
        store = await played().copied()
        await store.write(Drop(row.partition, row.key))
        return await found_in(store)

    faults = asyncio.run(run())
    if row.partition.endswith("|cases"):
        assert any(row.body["id"] in fault.where for fault in faults)
    else:
        assert named(row, faults), faults


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_two_rows_that_changed_places_are_found(data: st.DataObject) -> None:
    rows = [row for row in played().on_record if "case|" in row.partition]
    one, other = data.draw(st.lists(st.sampled_from(rows), min_size=2, max_size=2, unique_by=id))

    async def run() -> list[Tampered]:
        store = await played().copied()
        for here, there in ((one, other), (other, one)):
            kept = await store.read(here.partition, here.key)
            assert kept is not None
            await store.write(Put(here.partition, here.key, there.body, kept.etag))
        return await found_in(store)

    faults = asyncio.run(run())
    assert named(one, faults) or named(other, faults)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_row_that_somebody_added_is_found_and_named(data: st.DataObject) -> None:
    rows = [row for row in played().on_record if row.key.startswith((keys.JOURNAL, keys.LINE))]
    row = data.draw(st.sampled_from(rows))
    prefix = row.key.partition(":")[0]
    more = Row(row.partition, f"{prefix}:{data.draw(st.integers(500, 900)):08}", row.body, "")

    async def run() -> list[Tampered]:
        store = await played().copied()
        await store.write(Put(more.partition, more.key, more.body))
        return await found_in(store)

    assert named(more, asyncio.run(run()))


@pytest.mark.parametrize("how", ["changed", "removed"])
async def test_a_blob_that_is_not_what_was_kept_is_found_and_named(how: str) -> None:
    for name in played().blobs:
        store = await played().copied()
        store._blobs.pop(name)
        if how == "changed":
            await store.keep(name, json.dumps({"nothing": "happened"}).encode())
        assert name in {fault.where for fault in await found_in(store)}


async def test_a_chain_that_was_written_anew_from_its_middle_is_found_by_the_anchor() -> None:
    """Whoever can compute hashes can rewrite a chain; what was anchored says otherwise."""
    store = await played().copied()
    (home,) = {r.partition for r in played().rows if r.key == keys.anchor_row(_first_day())}
    trail = Trail(store, lambda: NOON, played().tenant)
    lines = [line async for line in trail.lines()]
    head = await store.read(Partition(home), keys.HEAD)
    assert head is not None
    for line in lines:
        await store.write(Drop(home, keys.line_row(line.seq)))
    await store.write(Put(home, keys.HEAD, {}, head.etag))
    for line in lines:
        await trail.note(line.event, line.text.replace("At most", "As far as"), data=line.data)
    faults = await found_in(store)
    assert any("anchor" in fault.what for fault in faults)


def _first_day() -> Any:
    return (NOON - timedelta(days=1)).date()


async def test_an_intact_store_of_another_story_is_found_intact() -> None:
    async with Bench(story=spammer) as bench:
        await bench.tell()
        for _ in range(3):
            await bench.step()
            assert [
                f
                async for f in Verify(bench.store, bench.clock.now, bench.app.settings.tenant).run()
            ] == []
        await bench.settle()
        assert [
            f async for f in Verify(bench.store, bench.clock.now, bench.app.settings.tenant).run()
        ] == []
