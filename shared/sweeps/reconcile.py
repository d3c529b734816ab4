"""Find what was forgotten and put it back on the queue: a crash loses nothing.

Whatever is not finished has a todo row with the time at which it goes on. A row that is overdue,
although nothing older waits in the queue, means that its message was lost (a worker was killed, a
queue was away), so another one is sent; a message too many does nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from shared.model import AlertId, CaseId, ObjectId, TenantId
from shared.signals.table import Metric
from shared.signals.trace import measured
from shared.store.verbs import Queue, Row, Store
from shared.tasks import keys
from shared.tasks.ledger import Clock
from shared.tasks.lock import Lock
from shared.tasks.overdue import GRACE, due_of, lost_before
from shared.tasks.queue import Message, TriageMessage, WorkMessage, encode


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
        before = await lost_before(self._queue, self._clock())
        idle = await self._idle(before)
        lost = [row for row in idle if due_of(row) < before]
        for row in lost:
            await self._queue.put(encode(self._message(row)))
        age = (self._clock() - due_of(idle[0])).total_seconds() if idle else 0.0
        measured(Metric.QUEUE_AGE, age)
        return len(lost)

    async def _idle(self, before: datetime) -> list[Row]:
        """Find what is late and nobody works on: all that was lost, or else the most overdue."""
        found: list[Row] = []
        for row in sorted([row async for row in self._late()], key=due_of):
            if found and due_of(row) >= before:
                break
            if not await self._worked_on(row):
                found.append(row)
        return found

    def _message(self, row: Row) -> Message:
        key = row.key.removeprefix(keys.TODO)
        if row.partition == keys.inbox(self._tenant):
            return TriageMessage(tenant=self._tenant, alert=AlertId(key))
        return WorkMessage(tenant=self._tenant, case=CaseId(key))

    async def _late(self) -> AsyncIterator[Row]:
        latest = self._clock() - GRACE
        for at in (keys.inbox(self._tenant), keys.cases(self._tenant)):
            async for row in self._store.scan(at, prefix=keys.TODO):
                if due_of(row) < latest:
                    yield row

    async def _worked_on(self, row: Row) -> bool:
        """Whether somebody is at it now; that is known of cases only."""
        account = row.body.get("account")
        return account is not None and await self._lock.held(self._tenant, ObjectId(account))
