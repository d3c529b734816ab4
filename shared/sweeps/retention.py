"""Erase what was kept as long as the policy says: evidence first, then all that a case says.

    list of cases, opened long ago ─► settled, and looked at no more? ─► a line in the journal
                                                                     └─► erase what it names

The line comes first, and says up to which line something is gone; a crash behind it leaves what the
next round erases. Erasing again does nothing. A run goes through a few cases, the next one goes on
behind them; when the list is through, it begins again a day later.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from shared.errors import Refused
from shared.model import CaseId, Event, TenantId, Value, number_of
from shared.policy.limits import Retention
from shared.store.verbs import Queue, Store
from shared.sweeps.case_erasure import CaseErasure
from shared.tasks import keys
from shared.tasks.erased import EVIDENCE_UNTIL, erased_evidence
from shared.tasks.ledger import CaseFile, Clock, Line, Superseded
from shared.tasks.sealed import VOUCHING

PORTION: Final = 20
"""Cases in one run: the timer that calls has other things to do."""
_AGAIN: Final = timedelta(days=1)


class Gone(Value):
    """Of how many cases what was erased just now."""

    evidence: int = 0
    cases: int = 0

    def __bool__(self) -> bool:
        return bool(self.evidence or self.cases)


class Keeping:
    """Erases what was kept long enough, a portion at a time."""

    def __init__(
        self, store: Store, queue: Queue, clock: Clock, tenant: TenantId, retention: Retention
    ) -> None:
        self._store = store
        self._clock = clock
        self._tenant = tenant
        self._terms = retention
        self._erasure = CaseErasure(store, queue, clock, tenant)
        self._after = ""
        self._not_before: datetime | None = None

    async def run(self) -> Gone:
        """Go through a portion of old cases."""
        now = self._clock()
        days = min((d for d in (self._terms.evidence_days, self._terms.case_days) if d), default=0)
        if not days or (self._not_before is not None and now < self._not_before):
            return Gone()
        start = max(self._after, keys.opened_before(now - timedelta(days=days)))
        home = keys.cases(self._tenant)
        scan = self._store.scan(home, prefix=keys.LISTED, after=start, most=PORTION)
        rows = [row async for row in scan]
        evidence = cases = 0
        for row in rows:
            file = await CaseFile.load(
                self._store, self._clock, self._tenant, CaseId(row.body["id"])
            )
            if file.exists and self._old(file, self._terms.case_days):
                cases += await self._whole(file)
            elif file.exists and self._old(file, self._terms.evidence_days):
                evidence += await self._evidence(file)
            self._after = row.key
        if len(rows) < PORTION:
            self._after, self._not_before = "", now + _AGAIN
        return Gone(evidence=evidence, cases=cases)

    def _old(self, file: CaseFile, days: int) -> bool:
        return bool(days) and file.case.opened_at < self._clock() - timedelta(days=days)

    async def _whole(self, file: CaseFile) -> bool:
        new = file.case.erased_at is None
        why = f"The policy keeps what a case says for {number_of(self._terms.case_days, 'day')}"
        with suppress(Refused, Superseded):
            await self._erasure.run(file.id, why=why)
            return new
        return False

    async def _evidence(self, file: CaseFile) -> bool:
        if file.case.erased_at is not None or await self._erasure.obstacle(file):
            return False
        held = [e for e in file.journal.entries if e.event in VOUCHING and "kept" in e.data]
        new = bool(held) and held[-1].seq not in erased_evidence(file.journal.entries)
        if new:
            days = number_of(self._terms.evidence_days, "day")
            said = f"Evidence is erased: the policy keeps it for {days}"
            data = {EVIDENCE_UNTIL: held[-1].seq}
            try:
                await file.record(Line(event=Event.ERASED, text=said, data=data))
            except Superseded:
                # Somebody is at work on it, so it is not settled after all.
                return False
        erased = [await self._erasure.held.erase(e.data["kept"], of=file.id) for e in held]
        return new and all(erased)
