"""What a pass leaves behind: the case's status, its line in the list, a wake-up for the rest.

todo row there, due in the future   a message will come at that time
todo row there, long overdue        the message was lost: reconcile sends another
no todo row                         nothing is left that goes on by itself
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import chain
from typing import Final

from shared.errors import Conflict
from shared.model import (
    PHASES,
    UNFINISHED,
    Case,
    CaseStatus,
    Entry,
    Event,
    Leftover,
    Phase,
    Task,
    TaskState,
    left_for_people,
)
from shared.pages.values import CaseRow
from shared.policy.checklist import unsettled
from shared.store.verbs import Drop, Put, Queue, Row, Store
from shared.tasks import keys, looks, questions, turns
from shared.tasks.asked import undo_pending
from shared.tasks.erased import bare, bare_task
from shared.tasks.ledger import CaseFile, Clock, Line
from shared.tasks.outbox import Told, announce_case
from shared.tasks.queue import Message, UndoMessage, WorkMessage, encode

_AHEAD: Final = timedelta(minutes=1)
"""How long a wake-up stands for a line that is not written yet: its writer may have died."""
_SOON: Final = timedelta(seconds=1)
_CLOSING: Final = frozenset({Phase.CONTAIN, Phase.EVICT})
_TOLD: Final = {
    CaseStatus.CONTAINED: Told.CONTAINED,
    CaseStatus.NEEDS_PERSON: Told.NEEDS_PERSON,
    CaseStatus.CLOSED: Told.CLOSED,
}
_GOING: Final = UNFINISHED | {TaskState.WAITING}
UNSETTLED: Final = frozenset({CaseStatus.OPEN, CaseStatus.WAITING, CaseStatus.NEEDS_PERSON})
"""Statuses in which somebody or something has to act next."""
_DONE: Final = frozenset({TaskState.VERIFIED, TaskState.APPLIED})


class Conclusion:
    """Ends a pass over a case."""

    def __init__(self, store: Store, queue: Queue, clock: Clock) -> None:
        self._store = store
        self._queue = queue
        self._clock = clock

    async def draw(self, file: CaseFile) -> None:
        """Record the status, list the case, and see that what is left will go on.

        The wake-up is put before the todo row goes, so that a crash between the two at worst wakes
        a worker that finds nothing to do.
        """
        left = unsettled(file.case, file.journal.entries)
        status = status_of(turns.counted(file), left)
        if status is not file.case.status:
            changed = file.case.model_copy(update={"status": status})
            if status in looks.WATCHED and turns.watched(file) and _closed_since(file):
                changed = looks.contained(changed, self._clock())
            if told := _TOLD.get(status):
                occasion = str(file.last_line)
                await announce_case(self._store, changed, told, self._clock(), occasion=occasion)
            said = Line(event=Event.STATUS, text=f"The case is {status.replace('_', ' ')}")
            await file.record(said, case=changed)
        await self.list(file, due=self._due(file), send=True)

    async def enter(self, file: CaseFile) -> None:
        """List a case that an alert was written into, and wake a worker where it has work now.

        In a storm most alerts join a case on which all is done: those wake nobody.
        """
        due = self._due(file)
        if due is None or due > self._clock() + _SOON:
            await self.list(file, due=due, send=True)
            return
        await self.list(file, due=self._clock())
        await self._queue.put(encode(_next(file)))

    async def _wake(self, file: CaseFile, due: datetime, waiting: Row | None) -> None:
        """Send a message for a moment, unless one for this very moment is on its way already."""
        sent = waiting is not None and "line" not in waiting.body
        if sent and waiting and waiting.body["due"] == due.isoformat():
            return
        wait = max((due - self._clock()).total_seconds(), 0.0)
        await self._queue.put(encode(_next(file)), delay=wait)

    async def foretell(self, file: CaseFile, lines: int) -> None:
        """Leave a wake-up for lines that are about to be written, so that no crash loses them.

        A pass that has not read those lines leaves the wake-up alone.
        """
        at, todo = keys.cases(file.case.tenant), keys.todo_row(file.case.id)
        body = {
            "due": self._clock().isoformat(),
            "account": file.case.account.object_id,
            "line": file.last_line + lines,
        }
        while True:
            listed = await self._store.read(at, keys.list_row(file.case))
            row = await self._store.read(at, todo)
            # The case's line is touched too: whoever is about to drop the wake-up reads again.
            touched = [Put(at, listed.key, listed.body, listed.etag)] if listed else []
            try:
                await self._store.write(*touched, Put(at, todo, body, row.etag if row else None))
            except Conflict:
                continue
            return

    async def hand_on(self, file: CaseFile) -> None:
        """Send the case to a worker: a person has just decided something about it."""
        await self._queue.put(encode(_next(file)))
        await self.list(file, due=self._clock())

    async def list(self, file: CaseFile, *, due: datetime | None, send: bool = False) -> None:
        """Write the case's line in the list, and when it goes on (`None`: not by itself).

        `send` sends the message that wakes it then; otherwise whoever calls does.
        """
        case = file.case
        at, line, todo = keys.cases(case.tenant), keys.list_row(case), keys.todo_row(case.id)
        while True:
            # One after the other: a wake-up that comes in between shows as a conflict of the line.
            listed, unsettled = await asyncio.gather(
                self._store.read(at, line), self._store.read(at, keys.open_row(case))
            )
            waiting = await self._store.read(at, todo)
            if due and send:
                await self._wake(file, due, waiting)
                send = False
            woken = self._woken(file, due, waiting)
            try:
                await self._store.write(*self._listed(file, listed, unsettled), *woken)
            except Conflict:
                continue
            return

    def _listed(
        self, file: CaseFile, listed: Row | None, unsettled: Row | None
    ) -> tuple[Put | Drop, ...]:
        """Change the case's line, and the same among those that are not settled."""
        case, at = file.case, keys.cases(file.case.tenant)
        row = row_of(case, tuple(file.tasks.values()), file.journal.entries, at=self._clock())
        body = row.model_dump(mode="json")
        line = Put(at, keys.list_row(case), body, listed.etag if listed else None)
        if case.status in UNSETTLED or row.waiting:
            etag = unsettled.etag if unsettled else None
            return line, Put(at, keys.open_row(case), body, etag)
        return (line, Drop(at, keys.open_row(case))) if unsettled else (line,)

    def _woken(
        self, file: CaseFile, due: datetime | None, waiting: Row | None
    ) -> tuple[Put | Drop, ...]:
        """Change when the case goes on; a wake-up for lines not written yet stays."""
        at, todo = keys.cases(file.case.tenant), keys.todo_row(file.case.id)
        if waiting and self._foretold(file, waiting):
            return ()
        if due:
            body = {"due": due.isoformat(), "account": file.case.account.object_id}
            return (Put(at, todo, body, waiting.etag if waiting else None),)
        return (Drop(at, todo),) if waiting else ()

    def _foretold(self, file: CaseFile, waiting: Row) -> bool:
        ahead = int(waiting.body.get("line", 0)) > file.last_line
        return ahead and datetime.fromisoformat(waiting.body["due"]) > self._clock() - _AHEAD

    def _due(self, file: CaseFile) -> datetime | None:
        left = [task for task in file.tasks.values() if turns.goes_on(file, task)]
        if undo_pending(file):
            return self._clock()
        soon = self._clock() + _SOON
        moments = [task.not_before or soon for task in left]
        if not moments or min(moments) > soon:
            # What waits for an hour keeps neither a look nor a reminder from its time.
            waits = (task.wait.next_at for task in file.tasks.values() if task.wait)
            later = (looks.next_look(file.case), questions.next_inquiry(file), *waits)
            moments += [due for due in later if due]
        return min(moments, default=None)


def _next(file: CaseFile) -> Message:
    """Say what comes next: what a person asked for, and after its end the rest."""
    case, pending = file.case, undo_pending(file)
    if pending:
        return UndoMessage(tenant=case.tenant, case=case.id, tasks=pending)
    return WorkMessage(tenant=case.tenant, case=case.id)


def _closed_since(file: CaseFile) -> bool:
    """Whether the count has to begin: a door was closed, or a foothold removed, since it did."""
    began = file.case.contained_at
    ends = (t.finished_at for t in file.tasks.values() if t.phase in _CLOSING)
    return began is None or any(end is not None and end > began for end in ends)


def status_of(tasks: tuple[Task, ...], left: tuple[Leftover, ...] = ()) -> CaseStatus:
    """Say where a case stands from what became of its tasks.

    No tasks at all is not "contained": no rule covered the alert, or a guard refused the account.
    """
    states = {task.state for task in tasks}
    if states & UNFINISHED:
        return CaseStatus.OPEN
    if TaskState.UNDONE in states and TaskState.WAITING not in states:
        # A person put it back, so a person has judged it.
        return CaseStatus.CLOSED
    if not states or TaskState.FAILED in states or left or left_for_people(tasks):
        return CaseStatus.NEEDS_PERSON
    if TaskState.WAITING in states:
        return CaseStatus.WAITING
    if TaskState.DECLINED in states:
        # A person judged this too, but what they let be is there still: it is not "contained".
        return CaseStatus.CLOSED
    return _by_itself(states)


def _by_itself(states: set[TaskState]) -> CaseStatus:
    if TaskState.OBSERVED not in states:
        return CaseStatus.CONTAINED
    # What was found and only reported is still there: beside what was done it needs a person.
    return CaseStatus.NEEDS_PERSON if states & _DONE else CaseStatus.OBSERVED


def row_of(
    case: Case, tasks: tuple[Task, ...], journal: Iterable[Entry], *, at: datetime
) -> CaseRow:
    """Make a case's line in the list; of one that was erased it names nobody."""
    if case.erased_at is not None:
        case, tasks, journal = bare(case), tuple(map(bare_task, tasks)), ()
    going = {task.phase for task in tasks if task.state in _GOING}
    decided = (e.data.get("rules", ()) for e in journal if e.event is Event.DECIDED)
    return CaseRow(
        id=case.id,
        upn=case.account.upn,
        display_name=case.account.display_name,
        status=case.status,
        title=case.title,
        severity=case.severity,
        kinds=tuple(sorted(case.kinds)),
        opened_at=case.opened_at,
        updated_at=at,
        waiting=sum(task.state is TaskState.WAITING for task in tasks),
        footholds=sum(len(task.footholds) for task in tasks),
        object_id=case.account.object_id,
        phase=next((phase for phase in PHASES if phase in going), None),
        rules=tuple(dict.fromkeys(chain.from_iterable(decided))),
        found=tuple(sorted({one.kind for task in tasks for one in task.footholds})),
        expires_at=min((task.wait.expires_at for task in tasks if task.wait), default=None),
    )
