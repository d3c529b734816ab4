"""Look for tampering in everything that is evidence: `firebreak audit verify`.

    anchors ─► trail ─► the kill switch, accepted findings
                    └─► each case: journal, seal, rows, evidence, its line in the list
                    └─► each alert: its body, what its case says it said, that it is there

What only steers the work is no evidence and is not looked at: locks, wake-ups, counters, notices,
watermarks, what a sweep saw. Changing one may delay work, or let more cases act than the brakes
allow, but not what is on record. One case is in memory at a time, and of each case that was
anchored, and each alert that opened none, some hundred bytes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from pydantic import ValidationError

from shared.model import Alert, AlertId, AlertState, CaseId, Entry, TenantId
from shared.store.verbs import Row, Store
from shared.sweeps.erased_record import ErasedRecord
from shared.sweeps.tampering import (
    CaseRows,
    Tampered,
    anchor_faults,
    at,
    journal_faults,
    list_faults,
    read_case,
    seal_faults,
    vouched_alerts,
)
from shared.sweeps.verify_alerts import AlertWalk
from shared.sweeps.verify_switches import decision_faults
from shared.sweeps.verify_trail import TrailWalk
from shared.tasks import keys
from shared.tasks.casebook import what_it_said
from shared.tasks.erased import NOBODY, erased_evidence
from shared.tasks.journal import Journal
from shared.tasks.ledger import Clock
from shared.tasks.lines import beside, line_beside
from shared.tasks.overdue import due_of
from shared.tasks.sealed import ACCOUNTED, VOUCHING, open_one


class Verify:
    """One look at everything of one tenant that is evidence."""

    def __init__(self, store: Store, clock: Clock, tenant: TenantId) -> None:
        self._store = store
        self._clock = clock
        self._tenant = tenant
        self._trail = TrailWalk(store, tenant)
        self._listed: set[CaseId] = set()
        self.looked_at = 0
        """Cases and alerts that were looked at."""
        self.erased = ErasedRecord()
        """What is gone, and is said to be by lines that hold."""

    async def run(self) -> AsyncIterator[Tampered]:
        """Give each thing that is not as it was written."""
        async for fault in self._trail.run():
            yield fault
        self.erased.take(self._trail.at, self._trail.vouched)
        for part in (self._decisions(), self._cases(), self._beside(), self._alerts()):
            async for fault in part:
                yield fault

    async def _decisions(self) -> AsyncIterator[Tampered]:
        if self._trail.intact:
            async for fault in decision_faults(self._store, self._tenant, self._trail.vouched):
                yield fault

    async def _cases(self) -> AsyncIterator[Tampered]:
        async for row in self._store.scan(keys.cases(self._tenant), prefix=keys.LISTED):
            for fault in await self._twice(row):
                yield fault
        for case in sorted(self._trail.heads.keys() - self._listed):
            home = keys.case(self._tenant, case)
            yield Tampered(where=str(home), what="the case was anchored and is in no list any more")

    async def _alerts(self) -> AsyncIterator[Tampered]:
        walk = AlertWalk(
            self._store,
            self._tenant,
            erased=self.erased,
            listed=self._listed,
            anchored=self._trail.alerts,
        )
        async for fault in walk.run():
            yield fault
        self.looked_at += walk.looked_at

    async def _twice(self, listed: Row) -> list[Tampered]:
        """Look again where something is wrong: somebody may have been writing in between."""
        faults = [fault async for fault in self._case(listed)]
        if not faults:
            return faults
        again = await self._store.read(listed.partition, listed.key)
        return [fault async for fault in self._case(again or listed)]

    async def _beside(self) -> AsyncIterator[Tampered]:
        """Compare what is unsettled, and what people are asked, with the list of everything."""
        home = keys.cases(self._tenant)
        lines = {
            place: row.key
            async for row in self._store.scan(home, prefix=keys.LISTED)
            for place in beside(row.key, row.body)
        }
        for prefix in (keys.OPEN, keys.AWAITED):
            async for row in self._store.scan(home, prefix=prefix):
                lines.setdefault(row.key, line_beside(row))
        for place, key in sorted(lines.items()):
            # Both are written at once, but read one after the other: what differs is read again.
            if await self._differs(place, key) and await self._differs(place, key):
                yield Tampered(where=at(home, place), what="is not what the list of all cases says")

    async def _differs(self, place: str, key: str) -> bool:
        home = keys.cases(self._tenant)
        line = await self._store.read(home, key) if key else None
        found = await self._store.read(home, place)
        wanted = beside(key, line.body).get(place) if line else None
        return (found.body if found else None) != wanted

    async def _case(self, listed: Row) -> AsyncIterator[Tampered]:
        case = CaseId(str(listed.body.get("id", "")))
        if not case.isalnum():
            yield Tampered(where=at(listed.partition, listed.key), what="names no case")
            return
        self._listed.add(case)
        self.looked_at += 1
        home = keys.case(self._tenant, case)
        rows = [row async for row in self._store.scan(home)]
        read, faults = read_case(rows)
        if rows:
            faults += [*journal_faults(rows, read), *seal_faults(rows, read)]
        faults += anchor_faults(home, read, tuple(self._trail.heads.get(case, {}).values()))
        if not faults and not _half_erased(read) and not await self._under_way(case):
            faults += list_faults(listed, read)
        for fault in faults:
            yield fault
        if Journal(read.journal).broken_at() is None:
            self.erased.take(home, read.journal)
            async for fault in self._said_of_others(case, read.journal):
                yield fault

    async def _said_of_others(
        self, case: CaseId, journal: Sequence[Entry]
    ) -> AsyncIterator[Tampered]:
        """Compare evidence and alerts with what an intact journal says of them."""
        gone = erased_evidence(journal)
        for entry in journal:
            if entry.event in VOUCHING and "kept" in entry.data:
                erased = entry.seq in gone
                piece = await open_one(entry, self._store, vouched=True, erased=erased)
                if piece.seal not in ACCOUNTED:
                    said = f"the evidence that line {entry.seq} of {case} names is {piece.seal}"
                    yield Tampered(where=entry.data["kept"], what=said)
        for alert, (seq, said) in vouched_alerts(journal).items():
            async for fault in self._vouched(case, AlertId(alert), seq, said):
                yield fault

    async def _under_way(self, case: CaseId) -> bool:
        """Whether a pass is due that is yet to write the case's line in the list."""
        row = await self._store.read(keys.cases(self._tenant), keys.todo_row(case))
        return row is not None and due_of(row) <= self._clock()

    async def _vouched(
        self, case: CaseId, alert_id: AlertId, seq: int, said: str
    ) -> AsyncIterator[Tampered]:
        """Compare an alert with the line about it; one still being marked is left alone."""
        inbox, key = keys.inbox(self._tenant), keys.alert_row(alert_id)
        row = await self._store.read(inbox, key)
        line = f"line {seq} of case {case}"
        if row is None:
            yield Tampered(where=at(inbox, key), what=f"the alert was removed; see {line}")
            return
        try:
            alert = Alert.model_validate(row.body)
        except ValidationError:
            # The walk over all alerts says so.
            return
        if await self._store.read(inbox, keys.todo_row(alert_id)) is not None:
            return
        stands = (alert.state, alert.reason, alert.case)
        # A message that failed too often marks its alert, whatever became of the case.
        if alert.state is not AlertState.POISONED and stands != (AlertState.TRIAGED, "", case):
            yield Tampered(where=at(inbox, key), what=f"the alert does not stand as {line} says")
        elif said and what_it_said(alert) != said:
            yield Tampered(where=at(inbox, key), what=f"the alert says something else than {line}")


def _half_erased(read: CaseRows) -> bool:
    """Whether a case is being erased, so that its line in the list is about to be written."""
    case = read.case
    return case is not None and case.erased_at is not None and case.account != NOBODY
