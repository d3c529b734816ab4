"""What a pass leaves behind: the case's status, its line in the list, a wake-up for the rest.

todo row there, due in the future   a message will come at that time
todo row there, long overdue        the message was lost: reconcile sends another
no todo row                         nothing is left that goes on by itself
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Final

from shared.errors import Conflict
from shared.model import (
    UNFINISHED,
    Case,
    CaseStatus,
    Event,
    Task,
    TaskState,
    left_for_people,
)
from shared.pages.values import CaseRow
from shared.store.verbs import Drop, Put, Queue, Store
from shared.tasks import keys, looks
from shared.tasks.asked import undo_pending
from shared.tasks.ledger import CaseFile, Clock, Line
from shared.tasks.queue import Message, UndoMessage, WorkMessage, encode

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
        status = status_of(tuple(file.tasks.values()))
        if status is not file.case.status:
            changed = file.case.model_copy(update={"status": status})
            if status in looks.WATCHED and looks.watched(tuple(file.tasks.values())):
                changed = looks.contained(changed, self._clock())
            said = Line(event=Event.STATUS, text=f"The case is {status.replace('_', ' ')}")
            await file.record(said, case=changed)
        due = self._due(file)
        if due is not None and not await self._awaited(file, due):
            wait = max((due - self._clock()).total_seconds(), 0.0)
            await self._queue.put(encode(_next(file)), delay=wait)
        await self.list(file, due=due)

    async def _awaited(self, file: CaseFile, due: datetime) -> bool:
        """Whether a message for this very moment is on its way already."""
        row = await self._store.read(keys.cases(file.case.tenant), keys.todo_row(file.case.id))
        return row is not None and row.body["due"] == due.isoformat()

    async def list(self, file: CaseFile, *, due: datetime | None) -> None:
        """Write the case's line in the list, and when it goes on (`None`: not by itself)."""
        case = file.case
        at, line, todo = keys.cases(case.tenant), keys.list_row(case), keys.todo_row(case.id)
        row = row_of(case, tuple(file.tasks.values()), at=self._clock()).model_dump(mode="json")
        wake = {"due": due.isoformat(), "account": case.account.object_id} if due else None
        while True:
            listed, waiting = await asyncio.gather(
                self._store.read(at, line), self._store.read(at, todo)
            )
            changes: list[Put | Drop] = [Put(at, line, row, listed.etag if listed else None)]
            if wake:
                changes.append(Put(at, todo, wake, waiting.etag if waiting else None))
            elif waiting:
                changes.append(Drop(at, todo))
            try:
                await self._store.write(*changes)
            except Conflict:
                continue
            return

    def _due(self, file: CaseFile) -> datetime | None:
        left = [task for task in file.tasks.values() if task.state in UNFINISHED]
        if undo_pending(file):
            return self._clock()
        soon = self._clock() + timedelta(seconds=1)
        if left:
            return min(task.not_before or soon for task in left)
        return looks.next_look(file.case)


def _next(file: CaseFile) -> Message:
    """Say what comes next: what a person asked for, and after its end the rest."""
    case, pending = file.case, undo_pending(file)
    if pending:
        return UndoMessage(tenant=case.tenant, case=case.id, tasks=pending)
    return WorkMessage(tenant=case.tenant, case=case.id)


def status_of(tasks: tuple[Task, ...]) -> CaseStatus:
    """Say where a case stands from what became of its tasks.

    No tasks at all is not "contained": no rule covered the alert, or a guard refused the account.
    """
    states = {task.state for task in tasks}
    if states & UNFINISHED:
        return CaseStatus.OPEN
    if TaskState.UNDONE in states:
        # A person put it back, so a person has judged it.
        return CaseStatus.CLOSED
    if not states or TaskState.FAILED in states or left_for_people(tasks):
        return CaseStatus.NEEDS_PERSON
    if TaskState.WAITING in states:
        return CaseStatus.WAITING
    if TaskState.OBSERVED not in states:
        return CaseStatus.CONTAINED
    # What was found and only reported is still there: beside what was done it needs a person.
    return CaseStatus.NEEDS_PERSON if states & _DONE else CaseStatus.OBSERVED


def row_of(case: Case, tasks: tuple[Task, ...], *, at: datetime) -> CaseRow:
    """Make a case's line in the list."""
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
    )
