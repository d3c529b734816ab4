from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cache

import pytest

from lab.crash import Ending, Run, Verdict, kill
from lab.scenarios import spammer
from shared.store.memory import MemoryQueue, MemoryStore, Message
from shared.store.verbs import Drop, Put
from shared.tasks import keys
from tests.tasks.benches import POLICY, SIX

SETTINGS = {"policy": POLICY}
SHARES = 6
"""Parts of the matrix, so that several workers can share it."""


@cache
def reference() -> Ending:
    """The run in which nobody died."""
    return Run(settings=SETTINGS).until_the_end()


def died(*kills: int) -> Verdict:
    return kill(reference(), *kills, run=Run(settings=SETTINGS))


def test_without_a_death_every_task_is_proven_and_nothing_is_left() -> None:
    end = reference()
    assert end.faults == ()
    assert end.states == dict.fromkeys(sorted(SIX), "verified")
    assert (end.cases, end.alerts) == (1, 1)
    assert end.effects == end.writes == 7
    assert end.points > 100


def test_the_same_run_again_is_the_same_run() -> None:
    assert Run(settings=SETTINGS).until_the_end() == reference()


@pytest.mark.parametrize("share", range(SHARES))
def test_a_worker_killed_at_any_await_loses_nothing_and_doubles_nothing(share: int) -> None:
    kills = range(1 + share, reference().points + 1, SHARES)
    verdicts = [died(at) for at in kills]
    assert all(verdict.died for verdict in verdicts)
    assert [v for v in verdicts if v.lost or v.doubled or v.repeated] == []


def test_every_side_of_every_verb_is_among_the_points() -> None:
    """A matrix with a hole in it proves nothing."""
    verbs = ("read", "write", "scan", "keep", "fetch", "put", "tenant write")
    both = {f"{side} {verb}" for side in ("before", "after") for verb in verbs}
    assert set(reference().trail) == both | {"before tenant read"}
    assert reference().trail.count("after tenant write") == reference().writes


def test_two_workers_killed_one_after_the_other_lose_nothing_and_double_nothing() -> None:
    dice = random.Random("twice")  # noqa: S311 - a sample
    points = reference().points
    for _ in range(12):
        verdict = died(dice.randint(1, points), dice.randint(1, points // 2))
        assert (verdict.lost, verdict.doubled) == ((), ())


class OnceOnly(MemoryQueue):
    """A queue that never delivers again: what a worker took is gone with it."""

    async def receive(self) -> Message | None:
        message = await super().receive()
        if message is not None:
            await self.delete(message)
        return message


class Forgetful(MemoryStore):
    """A store that keeps no todo rows."""

    async def write(self, *changes: Put | Drop) -> tuple[str, ...]:
        kept = [change for change in changes if not change.key.startswith(keys.TODO)]
        etags = iter(await super().write(*kept) if kept else ())
        return tuple("" if c.key.startswith(keys.TODO) else next(etags) for c in changes)


def sample(
    store: Callable[[], MemoryStore], queue: Callable[[Callable[[], datetime]], MemoryQueue]
) -> list[Verdict]:
    runs = range(5, reference().points + 1, 9)
    return [
        kill(reference(), at, run=Run(settings=SETTINGS, store=store(), queue=queue)) for at in runs
    ]


def test_what_the_queue_forgets_the_todo_rows_bring_back() -> None:
    assert not [v for v in sample(MemoryStore, OnceOnly) if v.lost or v.doubled]


def test_what_the_timer_forgets_the_queue_brings_back() -> None:
    assert not [v for v in sample(Forgetful, MemoryQueue) if v.lost or v.doubled]


def test_where_both_forget_the_matrix_sees_what_is_lost() -> None:
    verdicts = sample(Forgetful, OnceOnly)
    assert len([verdict for verdict in verdicts if verdict.lost]) > len(verdicts) / 3


def test_the_matrix_sees_what_is_done_twice() -> None:
    fewer = replace(reference(), effects=6, writes=6, cases=0)
    verdict = kill(fewer, 50, run=Run(settings=SETTINGS))
    assert verdict.doubled == ("1 cases instead of 0", "7 changes instead of 6")


def test_a_worse_end_is_seen_task_by_task() -> None:
    better = replace(reference(), states={**reference().states, "purge": "verified"}, tenant={})
    verdict = kill(better, 50, run=Run(settings=SETTINGS))
    assert verdict.lost == (
        "the tenant ended otherwise",
        "purge ended as None, not as verified",
    )


def test_another_story_ends_the_same_way_too() -> None:
    end = Run(settings=SETTINGS, story=spammer).until_the_end()
    for at in range(3, end.points, 17):
        verdict = kill(end, at, run=Run(settings=SETTINGS, story=spammer))
        assert (verdict.lost, verdict.doubled) == ((), ())
