"""What a pass leaves behind: the case's status, beside its place on the roll."""

from __future__ import annotations

from typing import Final

from shared.model import (
    GOING,
    UNFINISHED,
    CaseStatus,
    Event,
    Leftover,
    Phase,
    Task,
    TaskState,
    left_for_people,
)
from shared.policy.checklist import unsettled
from shared.tasks import looks, turns
from shared.tasks.ledger import CaseFile, Line
from shared.tasks.lines import UNSETTLED
from shared.tasks.outbox import Told, announce_case
from shared.tasks.roll import Roll

_CLOSING: Final = frozenset({Phase.CONTAIN, Phase.EVICT})
_TOLD: Final = {
    CaseStatus.CONTAINED: Told.CONTAINED,
    CaseStatus.NEEDS_PERSON: Told.NEEDS_PERSON,
    CaseStatus.CLOSED: Told.CLOSED,
}
_DONE: Final = frozenset({TaskState.VERIFIED, TaskState.APPLIED})


class Conclusion(Roll):
    """Ends a pass over a case."""

    async def draw(self, file: CaseFile) -> None:
        """Record the status, list the case, and see that what is left will go on.

        The wake-up is put before the todo row goes, so that a crash between the two at worst wakes
        a worker that finds nothing to do.
        """
        status = standing(file)
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


def _closed_since(file: CaseFile) -> bool:
    """Whether the count has to begin: a door was closed, or a foothold removed, since it did."""
    began = file.case.contained_at
    ends = (t.finished_at for t in file.tasks.values() if t.phase in _CLOSING)
    return began is None or any(end is not None and end > began for end in ends)


def standing(file: CaseFile) -> CaseStatus:
    """Say where a case stands; a person's word that nobody was in outweighs what tasks left."""
    tasks = turns.counted(file)
    if not file.case.false_alarm:
        return status_of(tasks, unsettled(file.case, file.journal.entries))
    counted = tuple(t for t in tasks if t.phase is Phase.CLOSE or t.state in GOING)
    status = status_of(counted)
    return status if counted and status in UNSETTLED else CaseStatus.CLOSED


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
