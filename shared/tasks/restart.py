"""The start of the compromise, corrected by a person: what still waits or runs is planned again.

What has ended under the old start is not run again unless that is asked for, and is named, so that
nobody believes it looked further back than it did.
"""

from __future__ import annotations

from datetime import datetime

from shared.errors import Refused
from shared.model import (
    Actor,
    Case,
    CaseId,
    CaseStatus,
    Event,
    ResponderName,
    Task,
    TaskState,
    TenantId,
    Utc,
    Value,
)
from shared.store.verbs import Queue, Store
from shared.tasks.approval_steps import planned_again
from shared.tasks.deciding import Decided, Deciding
from shared.tasks.ledger import CaseFile, Clock, Line, in_order
from shared.tasks.starts import refuse_start

_STANDS = frozenset({TaskState.WAITING, TaskState.QUEUED, TaskState.CLAIMED})
"""States from which a task is planned again; what was applied is proven by a new plan anyway."""
_ENDED = frozenset(TaskState) - _STANDS - {TaskState.APPLIED, TaskState.UNDONE, TaskState.DECLINED}
"""Ended by themselves; what a person put back or declined stays as that person decided."""


class Restarted(Value):
    """What a new start of the compromise means for each task."""

    was: Utc
    since: Utc
    planned_again: tuple[ResponderName, ...]
    left: tuple[ResponderName, ...]
    """Ended under the old start, and not run again."""
    said: str


class Restart:
    """Changes when a case's compromise began."""

    def __init__(self, *, store: Store, queue: Queue, clock: Clock) -> None:
        self._clock = clock
        self._deciding = Deciding(store, queue, clock)

    async def since(
        self, tenant: TenantId, case: CaseId, moment: datetime, *, by: Actor, again: bool
    ) -> Restarted:
        """Set the start. `again` plans what has ended anew, too. Raises `Refused`, `Gone`."""
        refuse_start(moment, self._clock())

        def decide(file: CaseFile) -> Decided[Restarted]:
            if file.case.false_alarm:
                raise Refused("This case was called a false alarm; take that back first")
            if file.case.compromised_since == moment:
                raise Refused("The case has this start already; nothing was planned again")
            tasks = [
                planned_again(t) for t in in_order(file.tasks.values()) if _replanned(t, again)
            ]
            told = _told(file, moment, tasks)
            case = _moved(file.case, told)
            return Decided(lines=(_line(told, by),), tasks=tasks, case=case, told=told)

        return await self._deciding.write(tenant, case, decide, by=by, nothing="changed")


def _replanned(task: Task, again: bool) -> bool:  # noqa: FBT001 - one of two readings
    return task.state in _STANDS or (again and task.state in _ENDED)


def _told(file: CaseFile, since: datetime, tasks: list[Task]) -> Restarted:
    again = tuple(task.responder for task in tasks)
    left = tuple(
        task.responder
        for task in in_order(file.tasks.values())
        if task.responder not in again and task.state is not TaskState.APPLIED
    )
    was = file.case.compromised_since
    said = f"The compromise began {since:%Y-%m-%d %H:%M:%S} UTC, not {was:%Y-%m-%d %H:%M:%S} UTC"
    if again:
        said += f". Planned again: {', '.join(again)}"
    if left:
        said += f". Ended under the old start and not run again: {', '.join(left)}"
    return Restarted(was=was, since=since, planned_again=again, left=left, said=said)


def _line(told: Restarted, by: Actor) -> Line:
    data = {"by": by.model_dump(), **told.model_dump(mode="json", exclude={"said"})}
    return Line(event=Event.SINCE, text=told.said, actor=by.name, data=data)


def _moved(case: Case, told: Restarted) -> Case:
    status = CaseStatus.OPEN if told.planned_again else case.status
    return case.model_copy(update={"compromised_since": told.since, "status": status})
