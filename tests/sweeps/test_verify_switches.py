"""Whoever turns in storage what people decided is found: the kill switch, an accepted finding."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from lab.workbench import Workbench, as_operator
from shared.model import Json
from shared.policy.guards import Pause
from shared.store.verbs import Drop, Put
from shared.sweeps.verify import Verify
from shared.tasks import keys
from tests.provider.practices import ACME
from tests.provider.practices import Bench as Practice
from tests.sweeps.towns import Door, Town, Visit
from tests.tasks.benches import Bench


async def switch(bench: Workbench, ceiling: str) -> None:
    body = json.dumps({"by": "olga", "ceiling": ceiling, "reason": "a storm"}).encode()
    await bench.app.move_guard(
        "switch", as_operator("guards/switch", body, bench.clock.now()), body
    )


async def named(bench: Workbench) -> dict[str, str]:
    walk = Verify(bench.store, bench.clock.now, bench.app.settings.tenant)
    return {fault.where: fault.what async for fault in walk.run()}


async def turned(bench: Workbench | Practice, key: str, **wishes: object) -> str:
    """Change a row of the brakes as somebody would who can write to storage; gives its name."""
    at = keys.brakes(bench.app.settings.tenant)
    row = await bench.store.read(at, key)
    assert row is not None
    await bench.store.write(Put(at, key, {**row.body, **wishes}, row.etag))
    return f"{at}/{key}"


@pytest.mark.parametrize(
    "wishes",
    [
        {"ceiling": "enforce"},
        {"ceiling": "observe"},
        {"by": "somebody else"},
        {"reason": "all is well"},
        {"at": "2020-01-01T00:00:00Z"},
        {"ceiling": "nothing"},
    ],
)
async def test_a_kill_switch_that_was_turned_in_storage_is_found_and_named(wishes: Json) -> None:
    async with Bench() as bench:
        await switch(bench, "enforce")
        bench.clock.advance(60)
        await switch(bench, "approve")
        assert await named(bench) == {}
        row = await turned(bench, keys.PAUSE, **wishes)
        assert set(await named(bench)) == {row}


async def test_a_kill_switch_that_was_taken_away_or_put_there_is_found_and_named() -> None:
    async with Bench() as bench:
        at = keys.brakes(bench.app.settings.tenant)
        pause = Pause(ceiling="observe", by="olga", at=bench.clock.now(), reason="quiet")
        await bench.store.write(Put(at, keys.PAUSE, pause.model_dump(mode="json")))
        assert "no line" in (await named(bench))[f"{at}/{keys.PAUSE}"]
        await switch(bench, "approve")
        assert await named(bench) == {}
        await bench.store.write(Drop(at, keys.PAUSE))
        assert set(await named(bench)) == {f"{at}/{keys.PAUSE}"}


async def test_a_switch_over_all_tenants_is_compared_with_the_provider_s_own_record(
    tmp_path: Path,
) -> None:
    async with Practice(tmp_path) as bench:
        asked = {"ceiling": "approve", "reason": "a storm"}
        assert (await bench.command("all/guards/switch", asked, as_="")).status == 200
        for tenant in (bench.app.settings.tenant, bench.tenant_of(ACME)):
            walk = Verify(bench.store, bench.clock.now, tenant)
            assert [fault async for fault in walk.run()] == []
        row = await turned(bench, keys.PAUSE_ALL, ceiling="enforce")
        walk = Verify(bench.store, bench.clock.now, bench.app.settings.tenant)
        assert [fault.where async for fault in walk.run()] == [row]


@pytest.mark.parametrize(
    "wishes",
    [{"by": "Mallory"}, {"until": "2030-01-01T00:00:00Z"}, {"reason": "all is well"}],
)
async def test_a_finding_that_somebody_accepted_in_storage_is_found_and_named(wishes: Json) -> None:
    visit = Visit(Town(houses={"house1": Door.OPEN, "house2": Door.OPEN}))
    await visit.run()
    ours, theirs = visit.held["house1"].id, visit.held["house2"].id
    until = (visit.clock.now() + timedelta(days=3)).isoformat()
    await visit.ask("accept", finding=ours, until=until, reason="we know")
    async with visit.bench() as bench:
        assert await named(bench) == {}
        rows = {row.key: row for row in visit.store.rows() if row.key in {ours, theirs}}
        said = {**rows[ours].body["accepted"], **wishes}
        for row in rows.values():
            body = {**row.body, "accepted": said}
            await visit.store.write(Put(row.partition, row.key, body, row.etag))
        assert set(await named(bench)) == {f"{r.partition}/{r.key}" for r in rows.values()}


async def test_a_finding_that_is_accepted_no_longer_stays_so() -> None:
    visit = Visit(Town(houses={"house1": Door.OPEN}))
    await visit.run()
    finding = visit.held["house1"].id
    until = (visit.clock.now() + timedelta(days=3)).isoformat()
    await visit.ask("accept", finding=finding, until=until, reason="we know")
    (before,) = [row for row in visit.store.rows() if row.key == finding]
    await visit.ask("accept", finding=finding, until=None, reason="it is mended next week")
    async with visit.bench() as bench:
        assert await named(bench) == {}
        (now,) = [row for row in visit.store.rows() if row.key == finding]
        await visit.store.write(Put(now.partition, now.key, before.body, now.etag))
        assert set(await named(bench)) == {f"{now.partition}/{now.key}"}
