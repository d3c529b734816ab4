"""Later looks: "contained, proven at" is said only when nothing came back while anything could.

| look      | by then                                                                     |
|-----------|-----------------------------------------------------------------------------|
| +15 min   | continuous access evaluation has cut off whoever knows it                   |
| +35 min   | the next directory sync has run: it re-enables what only the cloud disabled |
| +65 min   | the last access token has run out; from here on it is proven                |
| +24 h     | late rows of the audit log have arrived                                     |
| +7 days   | whatever waited for us to look away has not waited longer                   |

What the sync undoes at every look is done again a stated number of times (`watch.IN_VAIN`) and then
left to a person, as not contained.

Sources: learn.microsoft.com/entra/identity/conditional-access/concept-continuous-access-evaluation,
learn.microsoft.com/entra/identity/hybrid/connect/how-to-connect-sync-feature-scheduler, and the
delays Microsoft gives for the audit log.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from shared.model import (
    Case,
    CaseStatus,
    Event,
    Mode,
    Phase,
    Task,
    TaskState,
    left_for_people,
    number_of,
)
from shared.responder import Change
from shared.tasks.ledger import Line

LOOKS: Final = (
    timedelta(minutes=15),
    timedelta(minutes=35),
    timedelta(minutes=65),
    timedelta(hours=24),
    timedelta(days=7),
)
PROVEN_AFTER: Final = 3
"""So many clean looks prove it: the third comes when the last token has run out."""

WATCHED: Final = frozenset({CaseStatus.CONTAINED, CaseStatus.NEEDS_PERSON, CaseStatus.WAITING})
"""Where nothing goes on by itself and something was done that could come undone."""


def next_look(case: Case) -> datetime | None:
    """Tell when a contained case is looked at again; `None` where nobody has to."""
    if case.status not in WATCHED or case.contained_at is None or case.looks >= len(LOOKS):
        return None
    due = case.contained_at + LOOKS[case.looks]
    return max(due, case.look_after) if case.look_after else due


def watched(tasks: tuple[Task, ...]) -> tuple[Task, ...]:
    """Pick what a look goes over again: the proven, and what would go on by itself if it had to."""
    return tuple(
        task
        for task in tasks
        if task.state is TaskState.VERIFIED
        or (task.state is TaskState.SKIPPED and task.mode is Mode.ENFORCE)
    )


def contained(case: Case, at: datetime) -> Case:
    """Begin to count: everything that was planned is proven."""
    return case.model_copy(
        update={"contained_at": at, "looks": 0, "look_after": None, "proven_at": None}
    )


def stands(task: Task, tasks: tuple[Task, ...]) -> bool:
    """Whether what a task does by itself is held by another, so that its coming back opens nothing.

    The directory sync allows sign-in again; a Conditional Access block goes on refusing it.
    """
    proven = {other.responder for other in tasks if other.state is TaskState.VERIFIED}
    return bool(task.unless & proven)


def provisional(tasks: tuple[Task, ...]) -> bool:
    """Whether something done is known to be undone later, so that no look proves anything.

    A door that was shut and stands open again proves no more.
    """
    return any(
        task.state is TaskState.VERIFIED
        or (task.phase is Phase.CONTAIN and task.applied_at is not None)
        for task in left_for_people(tasks)
    )


def looked(
    case: Case,
    back: tuple[Change, ...],
    *,
    at: datetime,
    lasting: bool = True,
    left_open: tuple[Change, ...] = (),
) -> tuple[Case, Line]:
    """Record a look: nothing came back, or the case is open again.

    Where what was done does not last, a clean look is counted and proves nothing; no more does one
    that found what is not done again (`left_open`).
    """
    after = f"Looked again {_said(LOOKS[case.looks])} after containment"
    if left_open and not back:
        found = "; ".join(change.summary() for change in left_open)
        text, data = f"{after}: found again and left open: {found}", {"back": len(left_open)}
        line = Line(event=Event.LOOKED, text=text, data=data)
        update = {"looks": case.looks + 1, "proven_at": None, "look_after": None}
        return case.model_copy(update=update), line
    if back:
        found = "; ".join(change.summary() for change in back)
        text, data = f"{after}: found again: {found}", {"back": len(back)}
        line = Line(event=Event.LOOKED, text=text, data=data)
        return case.model_copy(update={"status": CaseStatus.OPEN, "proven_at": None}), line
    clean = case.looks + 1
    proven_at = case.proven_at or (at if lasting and clean >= PROVEN_AFTER else None)
    line = Line(event=Event.LOOKED, text=f"{after}: nothing came back")
    return case.model_copy(
        update={"looks": clean, "proven_at": proven_at, "look_after": None}
    ), line


def beside(back: tuple[Task, ...], tasks: tuple[Task, ...]) -> tuple[Task, ...]:
    """Open the phases of what came back: what else was done there by itself is gone over again.

    Where a door stood open once more, the doors beside it may have been used.
    """
    phases, names = {task.phase for task in back}, {task.responder for task in back}
    fresh = {"state": TaskState.QUEUED, "attempts": 0, "finished_at": None, "not_before": None}
    return tuple(
        task.model_copy(update=fresh)
        for task in watched(tasks)
        if task.phase in phases and task.responder not in names and task.mode is Mode.ENFORCE
    )


def in_again(case: Case, back: tuple[Task, ...], at: datetime) -> Case:
    """Take the intruder for having been in until now where a door to the account was open again.

    What ends sessions and passwords goes by that time. Cut to the second, as Graph tells it.
    """
    if all(task.phase is not Phase.CONTAIN for task in back):
        return case
    until = max(case.seen_until, at.replace(microsecond=0))
    return case.model_copy(update={"seen_until": until})


def _said(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    if minutes < 120:  # noqa: PLR2004 - two hours and more are said in hours
        return number_of(minutes, "minute")
    return f"{minutes // 60} hours" if span < timedelta(days=2) else f"{span.days} days"
