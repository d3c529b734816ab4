"""Whether there is room in the counters for a case that would act by itself, and saying so if not.

Counted is over all workers, in the store (`brakes`); people are told once an hour for each guard,
because a storm must not become one of messages.
"""

from __future__ import annotations

from datetime import datetime

from shared.model import Alert, Mode, TenantId
from shared.policy.decide import Decision
from shared.signals.table import Fact, Metric
from shared.signals.trace import measured
from shared.store.verbs import Store
from shared.tasks.brakes import Brakes
from shared.tasks.ledger import CaseFile, Clock
from shared.tasks.outbox import Told, announce_plainly
from shared.telemetry import Log


class Crowd:
    """Asks the counters for the cases of one tenant."""

    def __init__(self, *, store: Store, clock: Clock, brakes: Brakes, log: Log) -> None:
        self._store = store
        self._clock = clock
        self._brakes = brakes
        self._log = log
        self._told: dict[str, datetime] = {}
        """The hour for which this worker told people last that a guard stopped something."""

    async def stops(self, file: CaseFile, alert: Alert, decision: Decision) -> tuple[str, ...]:
        """Take a place for what would act; says in words what is full, and tells people of it."""
        if not any(step.mode is Mode.ENFORCE for step in decision.steps):
            return ()
        # What is enforced was decided by one rule: with a doubtful one beside it, it would ask.
        guard, said = "burst", await self._storm(file, alert, decision.rules[0])
        if not said:
            guard, said = "radius", await self._brakes.take(file.id, alert.kind)
        if said:
            measured(Metric.GUARD_TRIPPED, facts={Fact.GUARD: guard, Fact.KIND: alert.kind})
            self._log.warning("guard.tripped", case=file.id, alert=alert.id, rule=decision.rule)
            await self._tell(alert.tenant, said)
        return said

    async def _storm(self, file: CaseFile, alert: Alert, rule: str) -> tuple[str, ...]:
        """Count a new case of a rule; whatever joins a case asks as well while the rule is held."""
        if file.exists:
            return await self._brakes.stormy(rule)
        return await self._brakes.opened(file.id, alert.kind, rule)

    async def _tell(self, tenant: TenantId, full: tuple[str, ...]) -> None:
        hour = self._clock().replace(minute=0, second=0, microsecond=0)
        for said in full:
            guard = said.partition(":")[0]
            if self._told.get(guard) == hour:
                # The channels would not tell it twice either; this spares every alert the notice.
                continue
            await announce_plainly(
                self._store,
                tenant,
                Told.GUARD_TRIPPED,
                said,
                self._clock(),
                occasion=f"{guard}:{hour.isoformat()}",
            )
            self._told[guard] = hour
