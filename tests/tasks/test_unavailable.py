"""What the organisation has no licence for, or has not set up, stops nothing and is said."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from lab.scenarios import Story, synced_user, token_thief
from lab.tenant.settings import Licence
from shared.model import CaseStatus, TaskState
from tests.tasks.benches import Bench

SHIPPED = Path(__file__).parents[2] / "policy.toml"
NONE = frozenset[Licence]()


async def played(story: Story, licences: frozenset[Licence]) -> Bench:
    """Play a story under the shipped policy in an organisation that has set up nothing."""
    bench = Bench(story=story, settings={"policy": SHIPPED}, tenant={"licences": licences})
    object.__setattr__(bench.world, "block_group", None)
    await bench.tell()
    bench.clock.advance(2)
    await bench.settle(within=timedelta(hours=2))
    return bench


@pytest.mark.parametrize("licences", [NONE, frozenset(Licence)], ids=["free", "all licences"])
async def test_a_case_is_contained_and_proven_without_what_is_not_there(
    licences: frozenset[Licence],
) -> None:
    async with await played(token_thief, licences) as bench:
        case = bench.the_case()
        assert case.status is CaseStatus.CONTAINED
        assert case.proven_at is not None
        assert bench.scenario.intruder.open_doors() == []
        task = bench.tasks()["block_by_group"]
        assert task.state is TaskState.SKIPPED
        assert "No group is configured" in task.reason
        assert task.steps


async def test_a_synced_account_needs_the_group_or_a_person() -> None:
    async with await played(synced_user, frozenset(Licence)) as bench:
        assert bench.the_case().status is CaseStatus.NEEDS_PERSON
        assert bench.tasks()["block_by_group"].state is TaskState.REFUSED
