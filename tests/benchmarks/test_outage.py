from __future__ import annotations

from benchmarks.outage import START, Outage, Scene, graph_away
from lab.clock import Clock
from lab.workbench import Workbench


async def test_ten_minutes_without_graph_lose_nothing_and_double_nothing() -> None:
    found = await graph_away(accounts=1, minutes=10)
    assert found.acknowledged == 4
    assert (found.lost, found.doubled) == ([], [])
    assert found.back < 10 * 60


async def test_an_alert_that_nobody_answered_counts_as_lost() -> None:
    clock, found = Clock.frozen(START), Outage(what="nobody works")
    scene = Scene(clock, 1)
    async with Workbench(scene.tenant) as bench:
        await bench.post(scene.alerts()[0].source, scene.alerts()[0].body)
        await scene.judge(bench.store, clock.now, found)
    assert any("is received" in said for said in found.lost)
    assert any("open:" in said for said in found.lost)
