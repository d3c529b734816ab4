"""What the version before wrote, read and continued by this one.

`snapshots/schema_1.json` was written by the code of that version on its own simulated tenant, whose
accounts have the same ids as today's.
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lab.scenarios import Story, synced_user, token_thief
from shared.errors import Defect, Undecodable
from shared.model import SCHEMA, Actor, CaseStatus, TaskState
from shared.store.memory import MemoryStore
from shared.store.schema import STEPS, migrated
from shared.store.verbs import Partition, Put, Row
from shared.sweeps.verify import Verify
from shared.tasks.queue import decode, encode
from tests.tasks.benches import POLICY, Bench

SNAPSHOT = json.loads((Path(__file__).parent / "snapshots" / "schema_1.json").read_text("utf-8"))
SCENES: dict[str, Any] = SNAPSHOT["scenes"]
NIA = Actor(id="nia", name="Nia")


def restored(scene: Any) -> MemoryStore:
    store = MemoryStore()
    rows = [Row(Partition(r["partition"]), r["key"], r["body"], 'W/"0"') for r in scene["rows"]]
    blobs = {name: base64.b64decode(data) for name, data in scene["blobs"].items()}
    store.restore(rows, blobs, schema=SNAPSHOT["schema"])
    return store


@asynccontextmanager
async def upgraded(name: str, story: Story = token_thief) -> AsyncIterator[Bench]:
    """Give a bench of today on yesterday's store and queue, at yesterday's last moment."""
    scene = SCENES[name]
    async with Bench(story=story, store=restored(scene)) as bench:
        bench.clock.advance(
            (datetime.fromisoformat(scene["at"]) - bench.clock.now()).total_seconds()
        )
        for text in scene["messages"]:
            await bench.messages.put(text)
        yield bench


async def faults(bench: Bench) -> list[str]:
    walk = Verify(bench.store, bench.clock.now, bench.app.settings.tenant)
    return [f"{fault.where}: {fault.what}" async for fault in walk.run()]


def test_there_is_a_step_from_every_version_to_the_next() -> None:
    assert sorted(STEPS) == list(range(1, SCHEMA))


@pytest.mark.parametrize("name", SCENES)
def test_messages_read_the_same_in_both_versions(name: str) -> None:
    for text in SCENES[name]["messages"]:
        assert encode(decode(text)) == text


async def test_an_alert_that_the_version_before_took_in_is_answered() -> None:
    async with upgraded("received") as bench:
        await bench.settle(within=timedelta(days=8))
        assert bench.the_case().status is CaseStatus.CONTAINED
        assert bench.the_case().proven_at is not None
        assert bench.scenario.intruder.open_doors() == []
        assert await faults(bench) == []


async def test_a_case_that_the_version_before_was_cut_off_in_is_finished_and_undone() -> None:
    async with upgraded("interrupted") as bench:
        bench.clock.advance(60)
        await bench.app.reconcile()
        await bench.settle(within=timedelta(days=8))
        assert bench.states() == {TaskState.VERIFIED}
        assert bench.the_case().proven_at is not None
        assert bench.scenario.intruder.open_doors() == []
        assert await faults(bench) == []
        await put_back(bench)
        assert await faults(bench) == []


async def test_a_case_that_the_version_before_contained_is_proven_and_undone() -> None:
    async with Bench() as today:
        await today.tell()
        await today.settle(within=timedelta(minutes=5))
        today.store = restored(SCENES["contained"])
        today.app = app = today.under(POLICY)
        for _ in range(6):
            await today.settle(within=timedelta(days=3))
            today.clock.advance(3600)
            await app.reconcile()
        assert today.the_case().status is CaseStatus.CONTAINED
        assert today.the_case().proven_at is not None
        assert today.states() == {TaskState.VERIFIED}
        assert await faults(today) == []
        await put_back(today)
        assert await faults(today) == []


async def put_back(bench: Bench) -> None:
    case = bench.the_case()
    await bench.app._undo.ask(case.tenant, case.id, actor=NIA)
    await bench.settle(within=timedelta(minutes=5))
    tasks = bench.tasks()
    assert tasks["disable_sign_in"].state is TaskState.UNDONE
    assert tasks["disable_inbox_rules"].state is TaskState.UNDONE
    assert bench.tenant.users[bench.oid].enabled


async def test_a_case_that_waited_for_a_person_is_on_the_page_after_the_upgrade() -> None:
    async with upgraded("left", synced_user) as bench:
        assert await faults(bench) != []
        await bench.app.reconcile()
        page = json.loads((await bench.app.page("cases", {"accept": "application/json"})).body)
        assert [row["id"] for row in page["for_people"]] == [bench.the_case().id]
        assert await faults(bench) == []
        rows = bench.store.rows()
        await bench.app.reconcile()
        assert bench.store.rows() == rows


async def test_a_line_of_before_that_was_changed_is_found() -> None:
    async with upgraded("contained") as bench:
        (row,) = [row for row in bench.store.rows() if row.key == "journal:00000003"]
        changed = {**row.body, "text": "nothing happened"}
        bench.store.restore([Row(row.partition, row.key, changed, row.etag)], {}, schema=1)
        await bench.app.reconcile()
        assert any("chain does not hold at line 3" in fault for fault in await faults(bench))


async def test_what_a_newer_version_wrote_is_refused_and_not_overwritten() -> None:
    async with Bench() as bench:
        await bench.tell()
        await bench.settle(within=timedelta(minutes=5))
        newer = [row for row in bench.store.rows() if row.key == "case"]
        bench.store.restore(newer, {}, schema=SCHEMA + 1)
        tenant_before = bench.tenant.snapshot()
        kept = dict(bench.store._rows)
        with pytest.raises(Defect, match="newer Firebreak"):
            await bench.app.work(bench.messages.messages()[0].text)
        with pytest.raises(Defect, match="newer Firebreak"):
            await bench.store.read(newer[0].partition, "case")
        assert bench.store._rows == kept
        assert bench.tenant.snapshot() == tenant_before


def test_a_row_of_a_newer_version_says_what_to_do() -> None:
    with pytest.raises(Defect, match="upgrade this deployment"):
        migrated("case", {}, schema=SCHEMA + 1, where="Row case")


def test_a_message_of_a_newer_version_says_what_to_do() -> None:
    text = SCENES["received"]["messages"][0].replace('"v":1', '"v":2')
    with pytest.raises(Undecodable, match="newer Firebreak"):
        decode(text)


async def test_a_row_of_before_is_stored_anew_when_it_is_next_written() -> None:
    store = restored(SCENES["contained"])
    (row,) = [row for row in store.rows() if row.key == "journal:00000001"]
    await store.write(Put(row.partition, row.key, row.body, row.etag))
    assert store._rows[row.partition, row.key].schema == SCHEMA
