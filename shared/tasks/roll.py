"""A case's place on the roll: its line in the list, and the wake-up for what is left of it.

todo row there, due in the future   a message will come at that time
todo row there, due                 a message is on its way, or somebody is at it
todo row there, long overdue        the message was lost: reconcile sends another
no todo row                         nothing is left that goes on by itself

A todo row may name a line of the journal. A worker that has not read so far does not know all that
is to be done: it leaves the wake-up there and sends the case round once more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import chain
from typing import Final

from shared.errors import Conflict
from shared.model import GOING, PHASES, Case, Entry, Event, Json, Task, TaskState
from shared.pages.lists import CaseRow
from shared.store.verbs import Drop, Put, Queue, Row, Store
from shared.tasks import keys, looks, questions, turns
from shared.tasks.asked import undo_pending
from shared.tasks.erased import bare, bare_task
from shared.tasks.ledger import CaseFile, Clock
from shared.tasks.lines import brought, read_beside
from shared.tasks.overdue import due_of
from shared.tasks.queue import Message, UndoMessage, WorkMessage, encode

_AHEAD: Final = timedelta(minutes=1)
"""How long a wake-up stands for a line that is not written yet: its writer may have died."""
_SOON: Final = timedelta(seconds=1)


class Roll:
    """Lists cases and sees that they go on."""

    def __init__(self, store: Store, queue: Queue, clock: Clock) -> None:
        self._store = store
        self._queue = queue
        self._clock = clock

    async def enter(self, file: CaseFile) -> None:
        """List a case that an alert was written into, and wake a worker where it has work now.

        In a storm most alerts join a case on which all is done, or to which a worker is on its way:
        those wake nobody. A worker that is at it sees the wake-up's line, which it has not read.
        """
        due = self._due(file)
        if due is None or due > self._soon():
            await self.list(file, due=due, send=True)
            return
        before = await self.list(file, due=self._clock(), line=file.last_line)
        if before is None or due_of(before) > self._soon():
            await self._queue.put(encode(_next(file)))

    async def foretell(self, file: CaseFile, lines: int) -> None:
        """Leave a wake-up for lines that are about to be written, so that no crash loses them.

        A pass that has not read those lines leaves the wake-up alone.
        """
        at, todo = keys.cases(file.case.tenant), keys.todo_row(file.case.id)
        body = _wake_up(file, self._clock()) | {"line": file.last_line + lines}
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

    async def list(
        self, file: CaseFile, *, due: datetime | None, line: int = 0, send: bool = False
    ) -> Row | None:
        """Write the case's line in the list, and when it goes on (`None`: not by itself).

        `send` sends the message that wakes it then; otherwise whoever calls does. `line` is the one
        that whoever comes has to have read. Returns the wake-up that was there before.
        """
        case, key = file.case, keys.list_row(file.case)
        at, todo = keys.cases(case.tenant), keys.todo_row(case.id)
        while True:
            row = row_of(case, tuple(file.tasks.values()), file.journal.entries, at=self._clock())
            body = row.model_dump(mode="json")
            # One after the other: a wake-up that comes in between shows as a conflict of the line.
            listed, seen = await asyncio.gather(
                self._store.read(at, key), read_beside(self._store, at, key, body)
            )
            waiting = await self._store.read(at, todo)
            if send:
                await self._send(file, due, waiting)
                send = False
            woken = self._woken(file, due, waiting, line)
            before = listed.body if listed else {}
            rows = brought(at, key, body, before=before, seen=seen)
            changed = Put(at, key, body, listed.etag if listed else None)
            try:
                await self._store.write(changed, *rows, *woken)
            except Conflict:
                continue
            return waiting

    async def _send(self, file: CaseFile, due: datetime | None, waiting: Row | None) -> None:
        """Send a message for a moment, unless one for this very moment is on its way already."""
        if waiting and _ahead(file, waiting):
            due = self._soon()
        elif due is None or (waiting and waiting.body == _wake_up(file, due)):
            return
        wait = max((due - self._clock()).total_seconds(), 0.0)
        await self._queue.put(encode(_next(file)), delay=wait)

    def _woken(
        self, file: CaseFile, due: datetime | None, waiting: Row | None, line: int
    ) -> tuple[Put | Drop, ...]:
        """Change when the case goes on."""
        at, todo = keys.cases(file.case.tenant), keys.todo_row(file.case.id)
        if waiting and _ahead(file, waiting):
            if due_of(waiting) > self._clock() - _AHEAD:
                return ()
            # Written long ago, or never: whoever comes next reads all there is.
            due, line = self._clock(), 0
        elif waiting and line:
            # Whoever is on the way comes as early as it was to come before.
            due = min(self._clock(), due_of(waiting))
        if due is None:
            return (Drop(at, todo),) if waiting else ()
        body = _wake_up(file, due) | ({"line": line} if line else {})
        return (Put(at, todo, body, waiting.etag if waiting else None),)

    def _soon(self) -> datetime:
        return self._clock() + _SOON

    def _due(self, file: CaseFile) -> datetime | None:
        left = [task for task in file.tasks.values() if turns.goes_on(file, task)]
        if undo_pending(file):
            return self._clock()
        soon = self._soon()
        moments = [task.not_before or soon for task in left]
        if not moments or min(moments) > soon:
            # What waits for an hour keeps neither a look nor a reminder from its time.
            waits = (task.wait.next_at for task in file.tasks.values() if task.wait)
            later = (looks.next_look(file.case), questions.next_inquiry(file), *waits)
            moments += [due for due in later if due]
        return min(moments, default=None)


def _wake_up(file: CaseFile, due: datetime) -> Json:
    return {"due": due.isoformat(), "account": file.case.account.object_id}


def _ahead(file: CaseFile, waiting: Row) -> bool:
    """Whether the wake-up is for lines that whoever read the case has not seen."""
    return int(waiting.body.get("line", 0)) > file.last_line


def _next(file: CaseFile) -> Message:
    """Say what comes next: what a person asked for, and after its end the rest."""
    case, pending = file.case, undo_pending(file)
    if pending:
        return UndoMessage(tenant=case.tenant, case=case.id, tasks=pending)
    return WorkMessage(tenant=case.tenant, case=case.id)


def row_of(
    case: Case, tasks: tuple[Task, ...], journal: Iterable[Entry], *, at: datetime
) -> CaseRow:
    """Make a case's line in the list; of one that was erased it names nobody."""
    if case.erased_at is not None:
        case, tasks, journal = bare(case), tuple(map(bare_task, tasks)), ()
    going = {task.phase for task in tasks if task.state in GOING}
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
        judgement=case.judgement,
        expires_at=min((task.wait.expires_at for task in tasks if task.wait), default=None),
    )
