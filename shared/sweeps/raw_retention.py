"""Erase the bodies of alerts when they were kept as long as the policy says.

    all alerts, a portion a run ─► received long ago, and its case is settled?
        ─► a line in the audit trail, once a pass ─► erase the body ─► mark the alert

An alert that opened no case goes as a whole: nobody vouches for it, and nothing was done about it.
A pass begins a day after the last one ended. Where a worker dies, the next pass does the rest.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from shared.errors import Conflict
from shared.model import Alert, AlertState, CaseStatus, TenantId, number_of
from shared.policy.limits import Retention
from shared.store.verbs import Put, Row, Store
from shared.sweeps.case_erasure import SETTLED, Alerts
from shared.sweeps.erased_record import BODIES_BEFORE
from shared.sweeps.held_back import HeldBack
from shared.tasks import keys
from shared.tasks.ledger import Clock
from shared.tasks.trail import Noted, Trail

PORTION: Final = 100
"""Alerts that one run reads."""
_AGAIN: Final = timedelta(days=1)


class Bodies:
    """Erases bodies that were kept long enough, a portion at a time."""

    def __init__(self, store: Store, clock: Clock, tenant: TenantId, retention: Retention) -> None:
        self._store = store
        self._clock = clock
        self._tenant = tenant
        self._days = retention.raw_days
        self._trail = Trail(store, clock, tenant)
        self._held = HeldBack(store, clock, tenant)
        self._alerts = Alerts(store, tenant)
        self._after = ""
        self._before: datetime | None = None
        """What this pass erases: bodies that came before. `None` where no pass is under way."""
        self._noted = False
        self._next: datetime | None = None

    async def run(self) -> int:
        """Go through a portion of the alerts; returns how many bodies are gone by that."""
        now = self._clock()
        if not self._days or (self._next is not None and now < self._next):
            return 0
        before = self._before = self._before or now - timedelta(days=self._days)
        at = keys.inbox(self._tenant)
        scan = self._store.scan(at, prefix=keys.ALERT, after=self._after, most=PORTION)
        rows = [row async for row in scan]
        gone = 0
        for row in rows:
            alert = Alert.model_validate(row.body)
            if alert.received_at < before and await self._over(alert):
                await self._note(before)
                gone += await self._erase(row, alert)
            self._after = row.key
        if len(rows) < PORTION:
            self._after, self._before, self._noted, self._next = "", None, False, now + _AGAIN
        return gone

    async def _over(self, alert: Alert) -> bool:
        """Whether nobody needs the body any more."""
        if alert.case is None:
            return alert.state is not AlertState.RECEIVED
        if alert.body_erased:
            return False
        row = await self._store.read(keys.case(self._tenant, alert.case), keys.CASE)
        return row is not None and CaseStatus(row.body["status"]) in SETTLED

    async def _note(self, before: datetime) -> None:
        """Say so first, once a pass."""
        if self._noted:
            return
        said = (
            f"Bodies of alerts are erased: the policy keeps them for {number_of(self._days, 'day')}"
        )
        await self._trail.note(Noted.ERASED, said, data={BODIES_BEFORE: before.isoformat()})
        self._noted = True

    async def _erase(self, row: Row, alert: Alert) -> bool:
        erased = await self._held.erase(alert.raw, of=alert.id)
        if alert.case is None:
            await self._alerts.drop([alert.id])
        elif erased:
            marked = alert.model_copy(update={"body_erased": True})
            try:
                await self._store.write(
                    Put(row.partition, row.key, marked.model_dump(mode="json"), row.etag)
                )
            except Conflict:
                # Somebody writes to it in this moment; the next pass marks it.
                return False
        return erased
