"""One case seen from the tenant: when each thing happened, and what had to wait for what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Self

from lab.scenarios import token_thief
from lab.tenant import SimulatedTenant
from lab.tenant.records import Call, Write

PATIENCE: Final = 60.0
"""Seconds until a case that does not end is given up."""
GLANCE: Final = 0.05
"""Seconds between two acts of the intruder, so that the last success is known that well."""
_DOORS: Final = frozenset({"/users/{id}", "/users/{id}/revokeSignInSessions"})
"""What the contain phase reads, and writes to where that shuts a door."""
_RISK: Final = "/identityProtection/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """When each thing happened in one case, in seconds since the alert was posted."""

    answered: float
    found: float
    """The first question of triage to the tenant: a worker has the message."""
    opened: float
    begun: float
    """The first question of the contain phase to the tenant."""
    contained: float
    """The last door of the contain phase is shut."""
    evicted: float
    doors_shut: float
    last_success: float
    trips: int
    """The longest chain of contain's calls of which each began when the one before had ended."""
    settled: float | None = None
    """Nothing of the case is left on the queue; known to half a second."""


class Watch:
    """One case, seen from the tenant. Entered before the alert is posted."""

    def __init__(self, tenant: SimulatedTenant) -> None:
        self.tenant = tenant
        self.scenario = token_thief(tenant)
        self.scenario.intruder.interval = GLANCE
        self.answered = 0.0
        self._shut = asyncio.Event()
        # After the intruder's own listener, so that its doors are judged by then.
        tenant.on_write(self._look)

    @asynccontextmanager
    async def intruder_at_work(self) -> AsyncIterator[Self]:
        """Let the intruder in, and start the clock."""
        acting = asyncio.create_task(self.scenario.intruder.run())
        await asyncio.sleep(2 * GLANCE)
        self._calls, self._writes = len(self.tenant.calls), len(self.tenant.writes)
        self.zero = self.tenant.now()
        self.scenario.intruder.mark_alert(self.zero)
        try:
            yield self
        finally:
            acting.cancel()
            with suppress(asyncio.CancelledError):
                await acting

    def after(self) -> float:
        """Tell the seconds since the alert was posted."""
        return self._since(self.tenant.now())

    @property
    def open(self) -> bool:
        """Whether any door stands open that can be shut."""
        return self.scenario.intruder.doors_shut_at is None

    async def until_shut(self) -> None:
        """Wait for the last door without asking the app, which would slow it down."""
        async with asyncio.timeout(PATIENCE):
            await self._shut.wait()
        await asyncio.sleep(2 * GLANCE)  # for the intruder to find out

    def passed(self, opened: datetime, *, settled: float | None = None) -> Passed:
        """Put together what was seen. Raises where the case did not end as it must."""
        intruder = self.scenario.intruder
        if intruder.doors_shut_at is None or self.scenario.losses():
            raise RuntimeError("a door stands open, or the owner lost something: nothing to time")
        calls = self.tenant.calls[self._calls :]
        own = self.tenant.own_object_id
        writes = [w for w in self.tenant.writes[self._writes :] if w.actor == own]
        contain = [write.at for write in writes if write.path in _DOORS]
        evict = [w.at for w in writes if w.path not in _DOORS and _RISK not in w.path]
        phase = _phase(calls, since=opened, until=max(contain))
        used = [act.at for act in intruder.acts if act.succeeded and act.foothold.killable]
        return Passed(
            answered=self.answered,
            found=self._since(min(call.at for call in calls)),
            opened=self._since(opened),
            begun=self._since(min(call.at for call in phase)),
            contained=self._since(max(contain)),
            evicted=self._since(max(evict)),
            doors_shut=self._since(intruder.doors_shut_at),
            last_success=self._since(max(used)),
            trips=chain(phase),
            settled=settled,
        )

    def _look(self, _write: Write) -> None:
        if not self.open:
            self._shut.set()

    def _since(self, moment: datetime) -> float:
        return (moment - self.zero).total_seconds()


def _phase(calls: Sequence[Call], *, since: datetime, until: datetime) -> list[Call]:
    """Pick the contain phase's calls up to its last write.

    Not those for the evidence, which is read beside it, nor Identity Protection's: that service
    takes one request a second, so its second one comes later by design, and shuts no door that is
    not shut by then.
    """
    return [call for call in calls if since <= call.at <= until and call.path in _DOORS]


def chain(calls: Sequence[Call]) -> int:
    """Count the longest chain of calls of which each began when the one before had ended."""
    ends = sorted((call.at + timedelta(seconds=call.took), call.at) for call in calls)
    length, free = 0, datetime.min.replace(tzinfo=UTC)
    for end, begin in ends:
        if begin >= free:
            length, free = length + 1, end
    return length
