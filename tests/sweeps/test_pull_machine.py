"""Rows that come late and in any order, pages, faults, and a worker killed at any write."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import timedelta

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from lab.tenant.faults import When
from shared.errors import Gone
from shared.model import PullName
from shared.sweeps.feeds import DefenderAlerts, OfficeActivity, RiskDetections
from tests.sweeps.pulling import Killed, Mortal, PullBench

PULLED = (PullName.ALERTS, PullName.RISK_DETECTIONS, PullName.OFFICE_ACTIVITY)
SECONDS = st.integers(0, int(timedelta(minutes=59).total_seconds()))


class EveryRowOnce(RuleBasedStateMachine):
    """Whatever happens, each row becomes exactly one alert."""

    @initialize()
    def open(self) -> None:
        """Switch the pull on in a tenant that has reported nothing."""
        self.loop = asyncio.Runner()
        self.bench = PullBench(*PULLED, store=Mortal())
        self.bench.tenant.state.detections.clear()
        self.rows: set[str] = set()
        self.stamped = 0

    @rule(late=SECONDS, kind=st.sampled_from(["detection", "alert", "content"]))
    def a_row_becomes_visible(self, late: int, kind: str) -> None:
        """A row bears an earlier time than the one at which it can be read."""
        assert min(DefenderAlerts.overlap, RiskDetections.overlap, OfficeActivity.overlap) > (
            timedelta(seconds=late)
        )
        at = self.bench.clock.now() - timedelta(seconds=late)
        match kind:
            case "detection":
                self.rows.add(f"{self.bench.detected(at)}:atRisk")
            case "alert":
                self.rows.add(self.bench.alerted(at))
            case _:
                self.stamped += 1
                self.bench.published(at)

    @rule(seconds=st.integers(1, 5000))
    def time_passes(self, seconds: int) -> None:
        """Minutes, or more than an hour without a run."""
        self.bench.clock.advance(seconds)

    @rule()
    def the_timer_fires(self) -> None:
        """A run that nothing disturbs."""
        self.loop.run(self.bench.pull())

    @rule(writes=st.integers(0, 30))
    def the_worker_is_killed(self, writes: int) -> None:
        """A run that ends before or after one of its writes."""
        store = self.bench.store
        assert isinstance(store, Mortal)
        store.left = writes
        with suppress(Killed):
            self.loop.run(self.bench.pull())
        store.left = None

    @rule(skip=st.integers(0, 3), status=st.sampled_from([410, 429, 503]))
    def the_far_side_fails(self, skip: int, status: int) -> None:
        """One page of some list is not answered."""
        self.bench.tenant.fail(match="GET *", status=status, skip=skip, when=When.BEFORE_EFFECT)
        with suppress(Gone):
            self.loop.run(self.bench.pull())
        self.bench.tenant.faults.clear()

    @invariant()
    def nothing_is_made_up(self) -> None:
        """No alert without its row, none twice."""
        named = [(each.carrier, each.native_id) for each in self.bench.alerts() if each.account]
        assert all(number == 1 for number in Counter(named).values())

    def teardown(self) -> None:
        """In the end, after runs that nothing disturbs, all rows are alerts."""
        if not hasattr(self, "bench"):
            return
        try:
            self._settle()
        finally:
            self.loop.run(self.bench.client.aclose())
            self.loop.close()

    def _settle(self) -> None:
        self.bench.clock.advance(400)
        self.loop.run(self.bench.pull_all(*PULLED))
        named = [alert for alert in self.bench.alerts() if alert.account]
        assert {each.native_id for each in named if each.carrier != "o365_activity"} == self.rows
        assert sum(each.carrier == "o365_activity" for each in named) == self.stamped


EveryRowOnce.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=15,
    phases=(Phase.generate,),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
test_every_row_becomes_one_alert_whatever_happens = EveryRowOnce.TestCase
