"""What becomes of a message that failed too often: kept, its work marked, a person sees it.

A worker that is killed over and over poisons messages that are perfectly good, so an alert or a
case is shown at once and tried afresh a few times before it is given up; until then `reconcile`
brings it back.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from shared.errors import Undecodable
from shared.model import (
    UNFINISHED,
    Alert,
    AlertId,
    AlertKind,
    AlertState,
    Event,
    Severity,
    TaskState,
    TenantId,
    digest,
)
from shared.signals.table import Fact, Metric
from shared.signals.trace import measured
from shared.store.verbs import Drop, Exists, Put, Queue, Row, Store
from shared.tasks import keys
from shared.tasks.alert_lines import relisted
from shared.tasks.asked import undo_pending
from shared.tasks.conclusion import Conclusion
from shared.tasks.ledger import CaseFile, Clock, Line
from shared.tasks.milestones import count
from shared.tasks.outbox import Told, announce_plainly
from shared.tasks.overdue import due_of
from shared.tasks.queue import (
    NotifyMessage,
    SweepMessage,
    TriageMessage,
    UndoMessage,
    WorkMessage,
    decode,
)
from shared.telemetry import Log

AFRESH: Final = 3
"""How often an alert or a case whose message was poisoned is tried again from the start."""
_JUST_NOW: Final = timedelta(seconds=30)
"""So long `reconcile` waits before it sends an alert's message again."""


class Poison:
    """Takes care of the poison queue."""

    def __init__(
        self, *, store: Store, queue: Queue, clock: Clock, tenant: TenantId, log: Log
    ) -> None:
        self._store = store
        self._clock = clock
        self._tenant = tenant
        self._log = log
        self._conclusion = Conclusion(store, queue, clock)

    async def take(self, text: str) -> None:
        """Keep a poisoned message and mark what it was about."""
        kept = f"poison/{self._tenant}/{digest(text, length=64)}"
        await self._store.keep(kept, text.encode())
        self._log.error("message.poisoned", kept=kept)
        try:
            message = decode(text)
        except Undecodable as error:
            measured(Metric.POISON, facts={Fact.KIND: "unreadable"})
            await self._tell(kept, "nobody can read")
            await self._show_unreadable(kept, str(error))
            return
        measured(Metric.POISON, facts={Fact.KIND: message.do})
        if message.tenant != self._tenant:
            await self._tell(kept, "is of a tenant that is not served here")
            return
        match message:
            case TriageMessage():
                await self._tell(kept, "is about an alert")
                await self._mark_alert(message.alert)
            case WorkMessage():
                await self._tell(kept, f"is about case {message.case}")
                await self._mark_case(message, kept)
            case UndoMessage():
                await self._tell(kept, f"would undo what case {message.case} did")
                await self._end_undo(message, kept)
            case SweepMessage():
                # The sweeps, a floor up, give the run up.
                await self._tell(kept, f"is about the sweep {message.sweep}")
            case NotifyMessage():
                # Its delivery still stands as due, and is brought back.
                return

    async def _tell(self, kept: str, what: str) -> None:
        said = f"A message of the queue that {what} failed too often. It is kept; a person looks."
        await announce_plainly(
            self._store, self._tenant, Told.POISONED, said, self._clock(), occasion=kept
        )

    async def _end_undo(self, message: UndoMessage, kept: str) -> None:
        """Say for each task that it was not put back, so that a person asks again or does it."""
        file = await CaseFile.load(self._store, self._clock, message.tenant, message.case)
        left = [task for task in file.tasks.values() if task.id in undo_pending(file)]
        said = "Not put back: its queue message failed too often; ask again or do it by hand"
        lines = [
            Line(event=Event.REFUSED, text=said, responder=task.responder, data={"message": kept})
            for task in left
        ]
        if left:
            marked = [task.model_copy(update={"reason": said}) for task in left]
            await file.record(*lines, tasks=marked)
            await self._conclusion.draw(file)

    async def _mark_case(self, message: WorkMessage, kept: str) -> None:
        file = await CaseFile.load(self._store, self._clock, message.tenant, message.case)
        if not file.exists:
            return
        times = file.case.poisonings + 1
        case = file.case.model_copy(update={"poisonings": times})
        reason = f"Its queue message failed too often ({times} of {AFRESH} fresh starts used)"
        line = Line(event=Event.FAILED, text=reason, data={"message": kept})
        left = [task for task in file.tasks.values() if task.state in UNFINISHED]
        given_up = [
            task.model_copy(
                update={
                    "state": TaskState.FAILED,
                    "reason": reason,
                    "finished_at": self._clock(),
                    "owner": None,
                }
            )
            for task in left
            if times >= AFRESH
        ]
        await file.record(line, tasks=given_up, case=case)
        for task in given_up:
            count(task)
        if given_up:
            await self._conclusion.draw(file)

    async def _mark_alert(self, alert_id: AlertId) -> None:
        at = keys.inbox(self._tenant)
        row = await self._store.read(at, keys.alert_row(alert_id))
        if row is None:
            return
        alert = Alert.model_validate(row.body)
        if alert.state in {AlertState.TRIAGED, AlertState.IGNORED}:
            # Another message about it came through; this one was one too many.
            return
        todo = await self._store.read(at, keys.todo_row(alert.id))
        if todo and self._counted(todo):
            return
        times = int(todo.body.get("poisonings", 0)) + 1 if todo else AFRESH
        reason = "Its queue message failed too often; " + (
            f"it is tried afresh ({times} of {AFRESH} fresh starts used)"
            if times < AFRESH
            else "send the alert again or act by hand"
        )
        marked = alert.model_copy(update={"state": AlertState.POISONED, "reason": reason})
        changes: list[Put | Drop] = [
            Put(at, row.key, marked.model_dump(mode="json"), row.etag),
            self._afresh(todo, times) if todo else Drop(at, keys.todo_row(alert.id)),
            *relisted(at, alert.state, marked),
        ]
        await self._store.write(*changes)

    def _counted(self, todo: Row) -> bool:
        """Whether this very message was counted a moment ago, by a run that was killed after it."""
        return "poisonings" in todo.body and self._clock() - due_of(todo) < _JUST_NOW

    def _afresh(self, todo: Row, times: int) -> Put | Drop:
        """Leave the alert's wake-up, so that it comes back; after the last start it is dropped."""
        if times >= AFRESH:
            return Drop(todo.partition, todo.key)
        body = {"due": self._clock().isoformat(), "poisonings": times}
        return Put(todo.partition, todo.key, body, todo.etag)

    async def _show_unreadable(self, kept: str, reason: str) -> None:
        at, now = keys.inbox(self._tenant), self._clock()
        alert = Alert(
            id=AlertId(digest(kept)),
            tenant=self._tenant,
            source="queue",
            carrier="queue",
            native_id=kept,
            kind=AlertKind.UNSUPPORTED,
            title="A queue message that nobody can read",
            severity=Severity.UNKNOWN,
            occurred_at=now,
            received_at=now,
            raw=kept,
            state=AlertState.POISONED,
            reason=reason,
        )
        try:
            await self._store.write(
                Put(at, keys.alert_row(alert.id), alert.model_dump(mode="json")),
                *relisted(at, AlertState.RECEIVED, alert),
            )
        except Exists:
            return
