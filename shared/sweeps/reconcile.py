"""Find what was forgotten and put it back on the queue: a crash loses nothing.

Whatever is not finished has a todo row with the time at which it goes on. A row that is overdue
means that its message was lost (a worker was killed, a queue was away), so another one is sent; a
message too many does nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Final

from shared.model import AlertId, CaseId, ObjectId, TenantId
from shared.signals.table import Metric
from shared.signals.trace import measured
from shared.store.verbs import Partition, Queue, Row, Store
from shared.tasks import keys
from shared.tasks.ledger import Clock, Lock
from shared.tasks.queue import TriageMessage, WorkMessage, encode

GRACE: Final = timedelta(seconds=30)
"""How long a message may be on its way before it counts as lost."""


class Reconcile:
    """One look at everything unfinished of one tenant."""

    def __init__(self, store: Store, queue: Queue, clock: Clock, tenant: TenantId) -> None:
        self._store = store
        self._queue = queue
        self._clock = clock
        self._tenant = tenant
        self._lock = Lock(store, clock)

    async def run(self) -> int:
        """Put back what is overdue; returns how much that was."""
        alerts = [row async for row in self._overdue(keys.inbox(self._tenant))]
        cases = [row async for row in self._overdue(keys.cases(self._tenant))]
        for row in alerts:
            alert = AlertId(row.key.removeprefix(keys.TODO))
            await self._queue.put(encode(TriageMessage(tenant=self._tenant, alert=alert)))
        idle = [row for row in cases if not await self._worked_on(row)]
        for row in idle:
            case = CaseId(row.key.removeprefix(keys.TODO))
            await self._queue.put(encode(WorkMessage(tenant=self._tenant, case=case)))
        measured(Metric.QUEUE_AGE, self._oldest([*alerts, *idle]))
        return len(alerts) + len(idle)

    def _oldest(self, rows: list[Row]) -> float:
        """Tell by how many seconds the most overdue of them is late."""
        due = (datetime.fromisoformat(row.body["due"]) for row in rows)
        return max(((self._clock() - at).total_seconds() for at in due), default=0.0)

    async def _overdue(self, at: Partition) -> AsyncIterator[Row]:
        latest = self._clock() - GRACE
        async for row in self._store.scan(at, prefix=keys.TODO):
            if datetime.fromisoformat(row.body["due"]) < latest:
                yield row

    async def _worked_on(self, row: Row) -> bool:
        return await self._lock.held(self._tenant, ObjectId(row.body["account"]))
