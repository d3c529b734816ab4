"""A false alarm, by a person's word: what waits is let be, sources are told, the case is closed.

| task                   | what the word does to it                                          |
|------------------------|-------------------------------------------------------------------|
| waits, or not begun    | it is let be, with the reason                                     |
| at work, or begun      | nothing: half of a change is worse than all of it                 |
| has changed something  | nothing: it is put back when somebody asks for that               |
| tells a source         | it tells again, and says "false positive" there                   |

Until the word is taken back, whatever else comes about the account asks before anything is done.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from shared.errors import Refused
from shared.model import (
    Actor,
    Case,
    CaseId,
    CaseStatus,
    Event,
    Json,
    Judgement,
    Phase,
    ResponderName,
    Task,
    TaskState,
    TenantId,
    Upn,
    Value,
)
from shared.pages.fate import stays_changed
from shared.store.verbs import Queue, Store
from shared.tasks.approval_steps import declined, planned_again
from shared.tasks.deciding import Decided, Deciding
from shared.tasks.ledger import CaseFile, Clock, Line, in_order
from shared.tasks.turns import ONCE

_LET_BE: Final = "let_be"
"""In the journal: which tasks the word let be, so that taking it back plans them again."""
_AT_WORK: Final = frozenset({TaskState.CLAIMED, TaskState.APPLIED})


class Judged(Value):
    """What a person's word did to a case."""

    case: CaseId
    upn: Upn
    let_be: tuple[ResponderName, ...] = ()
    planned_again: tuple[ResponderName, ...] = ()
    stands: tuple[ResponderName, ...] = ()
    """Changed before, or at work just now: as it is until somebody puts it back."""
    reason: str
    said: str


class NotJudged(Value):
    """A case that stayed as it was, and why."""

    case: CaseId
    reason: str


class FalseAlarms:
    """Takes a person's word that nobody was in, and takes it back."""

    def __init__(self, store: Store, queue: Queue, clock: Clock) -> None:
        self._clock = clock
        self._deciding = Deciding(store, queue, clock)

    async def say(self, tenant: TenantId, case: CaseId, *, by: Actor, reason: str) -> Judged:
        """Close a case as a false alarm. Raises `Gone`, and `Refused` where it was said before."""
        if not reason.strip():
            raise Refused("Say how you know: the next person who reads the case needs it")

        def decide(file: CaseFile) -> Decided[Judged]:
            if file.case.false_alarm:
                raise Refused("Somebody said so already; the case is closed as a false alarm")
            judged, tasks = self._said(file, by, reason.strip())
            return self._decided(file, Event.FALSE_ALARM, judged, tasks, by)

        return await self._deciding.write(tenant, case, decide, by=by, nothing="changed")

    async def take_back(self, tenant: TenantId, case: CaseId, *, by: Actor, reason: str) -> Judged:
        """Take a case for a compromise again, and plan what was let be.

        Raises `Gone`, and `Refused` where nobody called it a false alarm.
        """
        if not reason.strip():
            raise Refused("Say why it is none: the next person who reads the case needs it")

        def decide(file: CaseFile) -> Decided[Judged]:
            if not file.case.false_alarm:
                raise Refused(
                    "Nobody called this case a false alarm; there is nothing to take back"
                )
            judged, tasks = _taken_back(file, reason.strip())
            return self._decided(file, Event.TAKEN_BACK, judged, tasks, by)

        return await self._deciding.write(tenant, case, decide, by=by, nothing="changed")

    def _said(self, file: CaseFile, by: Actor, reason: str) -> tuple[Judged, list[Task]]:
        why, at = f"false alarm: {reason}", self._clock()
        tasks = in_order(file.tasks.values())
        let_be = [declined(t, why, by, at=at, data={})[0] for t in tasks if _not_begun(file, t)]
        again = [planned_again(task) for task in tasks if _tells(task)]
        entries = file.journal.entries
        stands = _names(task for task in tasks if stays_changed(task, entries))
        told = ("Let be", _names(let_be)), ("Changed and not put back", stands)
        judged = Judged(
            case=file.id,
            upn=file.case.account.upn,
            let_be=_names(let_be),
            planned_again=_names(again),
            stands=stands,
            reason=reason,
            said=_words(f"A false alarm: {reason}", *told),
        )
        return judged, [*let_be, *again]

    def _decided(
        self, file: CaseFile, event: Event, judged: Judged, tasks: list[Task], by: Actor
    ) -> Decided[Judged]:
        told = judged.model_dump(
            mode="json", include={"let_be", "planned_again", "stands", "reason"}
        )
        data: Json = {"by": by.model_dump(), **told}
        line = Line(event=event, text=judged.said, actor=by.name, data=data)
        case = self._after(file.case, event)
        return Decided(lines=(line,), tasks=tasks, case=case, told=judged)

    def _after(self, case: Case, event: Event) -> Case:
        said = Judgement.FALSE_ALARM if event is Event.FALSE_ALARM else Judgement.COMPROMISE
        at = self._clock()
        return case.model_copy(
            update={"judgement": said, "judged_at": at, "status": CaseStatus.OPEN}
        )


def _taken_back(file: CaseFile, reason: str) -> tuple[Judged, list[Task]]:
    word = next(e for e in reversed(file.journal.entries) if e.event is Event.FALSE_ALARM)
    spared = frozenset(word.data.get(_LET_BE, ()))
    again = [
        planned_again(task)
        for task in in_order(file.tasks.values())
        if _tells(task) or (task.responder in spared and task.state is TaskState.DECLINED)
    ]
    said = _words(f"No false alarm: {reason}", ("Planned again", _names(again)))
    judged = Judged(
        case=file.id,
        upn=file.case.account.upn,
        planned_again=_names(again),
        reason=reason,
        said=said,
    )
    return judged, again


def _tells(task: Task) -> bool:
    """Whether a task tells a source what became of its alert, and is to tell it anew."""
    return task.phase is Phase.CLOSE and task.state not in {*_AT_WORK, TaskState.UNDONE}


def _not_begun(file: CaseFile, task: Task) -> bool:
    """Whether a task waits or is about to begin; what lets the owner back in stays as it is."""
    if task.responder in ONCE or task.phase is Phase.CLOSE:
        return False
    if task.state is not TaskState.QUEUED:
        return task.state is TaskState.WAITING
    ours = (e.event for e in reversed(file.journal.entries) if e.responder == task.responder)
    turn = {Event.CHANGE, Event.VERIFIED, Event.UNDONE}
    return next((event for event in ours if event in turn), None) is not Event.CHANGE


def _names(tasks: Iterable[Task]) -> tuple[ResponderName, ...]:
    return tuple(task.responder for task in tasks)


def _words(said: str, *lists: tuple[str, Iterable[ResponderName]]) -> str:
    named = [f"{title}: {', '.join(names)}" for title, names in lists if names]
    return ". ".join([said, *named])
