"""Erase what one case says: for a person who asks, or because it was kept long enough.

    line in the journal, and the case is marked ─► its line in the list ─► evidence and bodies
        ─► its alerts ─► what its journal's lines say ─► account and tasks

The first step is one transaction and decides: from then on no page shows the case and nobody acts
on it. Each further step can be done twice, so whoever comes after a crash begins at the second. The
lines keep their hashes and their places, so the chain can still be proven.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from shared.errors import Refused
from shared.model import (
    AccountRef,
    Actor,
    Alert,
    AlertId,
    CaseId,
    CaseStatus,
    Event,
    Json,
    TenantId,
)
from shared.store.verbs import Drop, Queue, Store
from shared.sweeps.held_back import HeldBack
from shared.tasks import keys
from shared.tasks.asked import return_asked, undo_pending
from shared.tasks.conclusion import Conclusion
from shared.tasks.erased import (
    ALERTS,
    BODIES,
    NOBODY,
    UNTIL,
    bare,
    bare_task,
    erased_bodies,
    erased_lines,
)
from shared.tasks.ledger import CaseFile, Clock, Line
from shared.tasks.looks import next_look
from shared.tasks.pieces import Pieces
from shared.tasks.sealed import home_of

SETTLED: Final = frozenset({CaseStatus.CONTAINED, CaseStatus.OBSERVED, CaseStatus.CLOSED})
"""Statuses in which nobody has to act next."""


class CaseErasure:
    """Erases cases of one tenant, one after the other."""

    def __init__(self, store: Store, queue: Queue, clock: Clock, tenant: TenantId) -> None:
        self._store = store
        self._clock = clock
        self._tenant = tenant
        self._conclusion = Conclusion(store, queue, clock)
        self.held = HeldBack(store, clock, tenant)
        self.alerts = Alerts(store, tenant)

    async def obstacle(self, file: CaseFile) -> str:
        """Say why a case must not be erased now, or nothing."""
        case = file.case
        if case.erased_at is not None:
            return ""
        if file.journal.broken_at() is not None:
            return f"the journal of case {case.id} was altered, which is evidence itself"
        if case.status not in SETTLED:
            return f"case {case.id} is {case.status.replace('_', ' ')}"
        if (look := next_look(case)) is not None:
            return f"case {case.id} is still watched: the next look is at {look:%Y-%m-%d %H:%M} UTC"
        todo = await self._store.read(keys.cases(self._tenant), keys.todo_row(case.id))
        if undo_pending(file) or return_asked(file) is not None or todo is not None:
            return f"case {case.id} is being worked on"
        return ""

    async def run(self, case: CaseId, *, why: str, by: Actor | None = None) -> None:
        """Erase a case, or finish what a crash left of that.

        Raises `Refused` where it is not settled, `Superseded` where somebody writes to it.
        """
        file = await CaseFile.load(self._store, self._clock, self._tenant, case)
        if not file.exists or file.case.account == NOBODY:
            return
        if file.case.erased_at is None:
            await self._decide(file, why, by)
        await self._conclusion.list(file, due=None)
        await self._blobs(file)
        await self.alerts.drop(file.case.alerts)
        await file.erase(erased_lines(file.journal.entries))
        await file.record(tasks=map(bare_task, file.tasks.values()), case=bare(file.case))

    async def _decide(self, file: CaseFile, why: str, by: Actor | None) -> None:
        if reason := await self.obstacle(file):
            raise Refused(f"Nothing of it is erased: {reason}")
        bodies = await self.alerts.bodies(file.case.alerts)
        alerts = list(file.case.alerts)
        data: Json = {UNTIL: file.last_line, BODIES: sorted(bodies), ALERTS: alerts}
        line = Line(event=Event.ERASED, text=why, data=data)
        if by is not None:
            told = {**data, "by": by.model_dump()}
            line = line.model_copy(update={"actor": by.name, "data": told})
        marked = file.case.model_copy(update={"erased_at": self._clock()})
        await file.record(line, case=marked)

    async def _blobs(self, file: CaseFile) -> None:
        """Erase what lies under the case's name, whether a line vouches for it or not."""
        names = [name async for name in self._store.names(home_of(file.case))]
        names += [f"raw/{self._tenant}/{one}" for one in erased_bodies(file.journal.entries)]
        for name in names:
            await self.held.erase(name, of=file.id)


class Alerts:
    """The rows of alerts, and how they go."""

    def __init__(self, store: Store, tenant: TenantId) -> None:
        self._store = store
        self._at = keys.inbox(tenant)
        self._pieces = Pieces(store, tenant)

    async def bodies(self, alerts: Iterable[AlertId]) -> set[str]:
        """Name the bodies of alerts by the last part of their names."""
        found = [await self._read(alert) for alert in alerts]
        return {one.raw.rpartition("/")[2] for one in found if one is not None}

    async def refs(self, alerts: Iterable[AlertId]) -> list[AccountRef]:
        """Read how their sources named whom alerts are about."""
        found = [await self._read(alert) for alert in alerts]
        return [one.account for one in found if one is not None and one.account is not None]

    async def drop(self, alerts: Iterable[AlertId]) -> None:
        """Remove alerts and what points to them; one that is gone already is fine."""
        for alert_id in alerts:
            if (alert := await self._read(alert_id)) is None:
                continue
            for name in {alert.native_id, *([alert.awaits.id] if alert.awaits else [])}:
                await self._pieces.drop(name)
            await self._store.write(
                Drop(self._at, keys.shown_row(alert.received_at, alert.id)),
                Drop(self._at, keys.person_row(alert.received_at, alert.id)),
                Drop(self._at, keys.todo_row(alert.id)),
                Drop(self._at, keys.alert_row(alert.id)),
            )

    async def _read(self, alert: AlertId) -> Alert | None:
        row = await self._store.read(self._at, keys.alert_row(alert))
        return Alert.model_validate(row.body) if row else None
