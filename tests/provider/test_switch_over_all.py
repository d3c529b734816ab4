from __future__ import annotations

import json
from pathlib import Path

import pytest

from shared.model import Mode, TaskState
from shared.paths import Ask
from shared.policy.notify import Told
from shared.tasks.trail import Noted, Trail
from tests.provider.practices import ACME, BOTH, GLOBEX, Bench
from tests.tasks.approving import AZURE, signed_in

ALL = "all/guards/switch"
STORM = {"ceiling": "observe", "reason": "false alarms"}


async def test_a_pause_of_one_holds_that_one_only(tmp_path: Path) -> None:
    async with Bench(tmp_path) as bench:
        await bench.command(f"{ACME}/guards/switch", STORM, as_=ACME)
        await bench.play(*BOTH)
        assert not bench.written(ACME)
        assert bench.written(GLOBEX)


async def test_a_pause_of_all_holds_each_of_them_and_each_is_told_and_has_it_on_record(
    tmp_path: Path,
) -> None:
    async with Bench(tmp_path, settings=AZURE) as bench:
        page = await bench.command(ALL, STORM, as_="")
        assert page.status == 200
        await bench.play(*BOTH)
        for name in BOTH:
            assert not bench.written(name)
            states = {r.body["state"] for r in bench.rows(name) if r.key.startswith("task:")}
            assert states == {TaskState.OBSERVED}
            told = [r.body["what"] for r in bench.rows(name) if r.partition.endswith("|outbox")]
            assert Told.GUARD_TRIPPED in told
            trail = Trail(bench.store, bench.clock.now, bench.tenant_of(name))
            assert Noted.SWITCHED in [mark.event async for mark in trail.lines()]


@pytest.mark.parametrize(("own", "over"), [("approve", "observe"), ("observe", "approve")])
async def test_of_two_switches_the_stricter_is_in_force(
    own: str, over: str, tmp_path: Path
) -> None:
    async with Bench(tmp_path) as bench:
        await bench.command(f"{ACME}/guards/switch", {**STORM, "ceiling": own}, as_=ACME)
        await bench.command(ALL, {**STORM, "ceiling": over}, as_="")
        pause = await bench.of(ACME)._brakes.pause()
        assert pause is not None
        assert pause.ceiling is Mode.OBSERVE


async def test_resuming_all_leaves_paused_who_was_paused_by_itself(tmp_path: Path) -> None:
    async with Bench(tmp_path) as bench:
        await bench.command(f"{ACME}/guards/switch", STORM, as_=ACME)
        await bench.command(ALL, STORM, as_="")
        await bench.command(ALL, {**STORM, "ceiling": "enforce"}, as_="")
        await bench.play(*BOTH)
        assert not bench.written(ACME)
        assert bench.written(GLOBEX)


@pytest.mark.parametrize("role", ["administrator", "administrator.acme", "approver.all"])
async def test_only_an_administrator_of_all_moves_it(role: str, tmp_path: Path) -> None:
    async with Bench(tmp_path, settings=AZURE) as bench:
        body = b"ceiling=observe&reason=storm"
        who = signed_in(role, tid=bench.tenant.tenant_id)
        assert (await bench.app.at("POST", ALL, Ask(who, {}, body))).status == 403
        who = signed_in("administrator.all", tid=bench.tenant_of(ACME))
        assert (await bench.app.at("POST", ALL, Ask(who, {}, body))).status == 403
        assert await bench.of(ACME)._brakes.pause() is None
        who = signed_in("administrator.all", tid=bench.tenant.tenant_id)
        assert (await bench.app.at("POST", ALL, Ask(who, {}, body))).status == 303
        assert await bench.of(ACME)._brakes.pause()


async def test_a_customer_s_command_line_does_not_move_it(tmp_path: Path) -> None:
    async with Bench(tmp_path, settings=AZURE) as bench:
        assert (await bench.command(ALL, STORM, as_=ACME)).status == 403
        assert await bench.of(GLOBEX)._brakes.pause() is None


async def test_the_list_says_who_is_paused_by_whom(tmp_path: Path) -> None:
    async with Bench(tmp_path) as bench:
        await bench.command(f"{ACME}/guards/switch", STORM, as_=ACME)
        page = await bench.get("", {"accept": "application/json"})
        found = {row["name"]: row for row in json.loads(page.body)["tenants"]}
        assert (found[ACME]["ceiling"], found[ACME]["paused_by"]) == ("observe", "Nia")
        assert found[GLOBEX]["ceiling"] == "enforce"
        shown = (await bench.get("")).body
        assert "Acme Ltd" in shown
        assert "Pause all" in shown
