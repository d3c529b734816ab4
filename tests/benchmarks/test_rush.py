"""What the benchmarks in virtual time claim, small: limits delay and lose nothing, peers break."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from benchmarks.footholds import everything, firebreak, peer, played
from benchmarks.load import START, rush
from benchmarks.sequences import PEERS
from lab.clock import Clock
from lab.scenarios import spammer
from lab.tenant.settings import Throttling
from lab.virtual_time import run


def test_eight_cases_at_once_under_published_limits_are_all_contained_and_nothing_is_refused() -> (
    None
):
    seen = rush(8, Throttling.PUBLISHED)
    assert (seen.contained, seen.lost) == (8, 0)
    assert not seen.refused
    assert len(seen.doors_shut) == 8
    assert seen.doors_shut[-1] < 30 < seen.settled[0], "doors wait for no log and no search"


def test_hours_pass_while_everybody_waits_and_side_by_side() -> None:
    async def wait(clock: Clock) -> timedelta:
        await asyncio.gather(clock.sleep(3600), clock.sleep(7200))
        return clock.now() - START

    assert abs(run(wait, start=START) - timedelta(hours=2)) < timedelta(milliseconds=1)


def test_a_sequence_that_disables_every_rule_costs_the_owner_theirs_and_firebreak_does_not() -> (
    None
):
    theirs = played("AdminDroid", spammer, peer(PEERS["AdminDroid"]))
    ours = played("Firebreak", spammer, firebreak(everything()))
    assert set(theirs.lost) == {"inbox rule “Orders”", "client-side Outlook rules"}
    assert ours.lost == ()
    assert ours.left == []
    assert ours.planted == theirs.planted == 5
