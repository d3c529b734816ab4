"""Erase the evidence of settled cases when it was kept as long as the policy says.

    list of cases, opened long ago ─► settled, and looked at no more? ─► a line in the journal
                                                                     └─► erase the blobs

The line comes first, and says up to which line evidence is gone; a crash behind it leaves blobs
that the next round erases. Erasing again does nothing. A run goes through a few cases, the next one
goes on behind them; when the list is through, it begins again a day later.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from shared.model import CaseId, CaseStatus, Event, TenantId
from shared.policy.limits import Retention
from shared.store.verbs import Store
from shared.tasks import keys
from shared.tasks.asked import return_asked, undo_pending
from shared.tasks.ledger import CaseFile, Clock, Line, Superseded
from shared.tasks.looks import next_look
from shared.tasks.sealed import EVIDENCE_UNTIL, VOUCHING, evidence_erased_until

PORTION: Final = 20
"""Cases in one run: the timer that calls has other things to do."""
_AGAIN: Final = timedelta(days=1)
_SETTLED: Final = frozenset({CaseStatus.CONTAINED, CaseStatus.OBSERVED, CaseStatus.CLOSED})


class Keeping:
    """Erases what was kept long enough, a portion at a time."""

    def __init__(self, store: Store, clock: Clock, tenant: TenantId, retention: Retention) -> None:
        self._store = store
        self._clock = clock
        self._tenant = tenant
        self._days = retention.evidence_days
        self._after = ""
        self._not_before: datetime | None = None

    async def run(self) -> int:
        """Go through a portion of old cases; returns of how many evidence was erased just now."""
        now = self._clock()
        if not self._days or (self._not_before is not None and now < self._not_before):
            return 0
        start = max(self._after, keys.opened_before(now - timedelta(days=self._days)))
        home = keys.cases(self._tenant)
        scan = self._store.scan(home, prefix=keys.LISTED, after=start, most=PORTION)
        rows = [row async for row in scan]
        erased = 0
        for row in rows:
            erased += await self._case(CaseId(row.body["id"]))
            self._after = row.key
        if len(rows) < PORTION:
            self._after, self._not_before = "", now + _AGAIN
        return erased

    async def _case(self, case: CaseId) -> bool:
        file = await CaseFile.load(self._store, self._clock, self._tenant, case)
        if not file.exists or not await self._settled(file) or file.journal.broken_at():
            # A broken chain is evidence itself: nothing of such a case is erased.
            return False
        held = [e for e in file.journal.entries if e.event in VOUCHING and "kept" in e.data]
        new = bool(held) and held[-1].seq > evidence_erased_until(file.journal.entries)
        if new:
            said = f"Evidence is erased: the policy keeps it for {self._days} days"
            data = {EVIDENCE_UNTIL: held[-1].seq}
            try:
                await file.record(Line(event=Event.ERASED, text=said, data=data))
            except Superseded:
                # Somebody is at work on it, so it is not settled after all.
                return False
        for entry in held:
            await self._store.erase(entry.data["kept"])
        return new

    async def _settled(self, file: CaseFile) -> bool:
        """Whether nothing goes on, nothing is awaited and no look is to come."""
        case = file.case
        if case.status not in _SETTLED or next_look(case) is not None:
            return False
        if undo_pending(file) or return_asked(file) is not None:
            return False
        todo = await self._store.read(keys.cases(self._tenant), keys.todo_row(case.id))
        return todo is None
