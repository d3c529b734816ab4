"""A small storm in this process: the blast radius holds, nothing is lost or counts twice."""

from __future__ import annotations

from benchmarks.storm_small import PER_HOUR, storm
from shared.store.memory import MemoryStore
from tests.tasks.benches import POLICY


async def test_a_storm_stops_itself_and_loses_nothing() -> None:
    seen = await storm(MemoryStore(), alerts=300, accounts=30, settings={"policy": POLICY})
    assert set(seen.answers) == {202}
    assert seen.sent > seen.alerts == seen.distinct == 300
    assert seen.cases == 30
    assert (seen.lost, seen.doubled, seen.faults) == (0, 0, 0)
    assert 0 < seen.acted_on <= PER_HOUR
    assert seen.holds
