"""What is found out about a case once evidence is kept, and when each question is due. Pure.

| question       | from   | asks                                                               |
|----------------|--------|--------------------------------------------------------------------|
| evidence       | at once| the logs' sections of the evidence that a limit held up             |
| activity       | at once| the unified audit log: what the account did since the compromise   |
| ways in        | at once| the evidence: accounts and secrets that the account made elsewhere |
| ways in again  | +1 h   | the directory's log: the same once more, before anything is proven |
| ripple         | +5 s   | sign-ins, consents and other cases: who else has the intruder      |
| rules          | +5 s   | the unified audit log: who else got such a rule or forwarding      |
| late activity  | +24 h  | the first once more: rows of the audit log come up to a day late   |
| late rules     | +24 h  | that for rules once more                                           |
| late ways in   | +24 h  | that for ways in once more                                         |

The journal says which have been answered; a question that cannot be answered ends as unknown.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from shared.model import CaseStatus, Event
from shared.tasks.ledger import CaseFile


class Question(StrEnum):
    """What is asked; an answer's journal line carries it."""

    EVIDENCE = "evidence"
    ACTIVITY = "activity"
    WAYS_IN = "ways in"
    WAYS_IN_AGAIN = "ways in again"
    RIPPLE = "ripple"
    RULES = "rules"
    LATE_ACTIVITY = "late activity"
    LATE_RULES = "late rules"
    LATE_WAYS_IN = "late ways in"


_SOON: Final = timedelta(seconds=5)
"""After the evidence: closing doors has its own requests to make."""
_LATE: Final = timedelta(hours=24, minutes=5)
AFTER: Final = {
    Question.EVIDENCE: timedelta(0),
    Question.ACTIVITY: timedelta(0),
    Question.WAYS_IN: timedelta(0),
    Question.WAYS_IN_AGAIN: timedelta(minutes=60),
    Question.RIPPLE: _SOON,
    Question.RULES: _SOON,
    Question.LATE_ACTIVITY: _LATE,
    Question.LATE_RULES: _LATE,
    Question.LATE_WAYS_IN: _LATE,
}
_ANSWERS: Final = frozenset({Event.EVIDENCE, Event.SEARCHED, Event.RIPPLE})
_ON_EVIDENCE: Final = frozenset(
    {Question.WAYS_IN, Question.RIPPLE, Question.RULES, Question.LATE_RULES}
)
"""What tells the intruder by the evidence, and so waits until all of it is there."""


def due_at(file: CaseFile, question: Question) -> datetime | None:
    """Tell from when on a question is asked; `None` without evidence, on which all rest."""
    kept = [entry.at for entry in file.journal.entries if entry.event is Event.EVIDENCE]
    return kept[0] + AFTER[question] if kept else None


def unanswered(file: CaseFile) -> dict[Question, datetime]:
    """List the questions that are left and when each is asked next; a closed case asks none."""
    if file.case.status is CaseStatus.CLOSED or file.case.false_alarm:
        return {}
    entries = file.journal.entries
    done = {e.data.get("question") for e in entries if e.event in _ANSWERS}
    if not put_off(file):
        done.add(Question.EVIDENCE)
    elif Question.EVIDENCE not in done:
        done |= _ON_EVIDENCE
    wait = file.case.inquire_after
    return {
        question: max(due, wait) if wait else due
        for question in Question
        if question not in done and (due := due_at(file, question))
    }


def put_off(file: CaseFile) -> tuple[str, ...]:
    """Name the sections that were put off when the evidence was kept."""
    kept = [e for e in file.journal.entries if e.event is Event.EVIDENCE]
    return tuple(kept[0].data.get("put_off", ())) if kept else ()


def next_inquiry(file: CaseFile) -> datetime | None:
    """Tell when the next question is asked; `None` where none is left."""
    return min(unanswered(file).values(), default=None)
