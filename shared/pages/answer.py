"""Contained or not? The word and the sentence that stand first on the page. Pure.

The case's status says what the worker has left to do; the word says what a person may believe.
Where the two differ, the page believes less: a case whose tasks all ended but whose doors stand
open is not called contained.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from shared.model import (
    UNFINISHED,
    Case,
    CaseStatus,
    Entry,
    Event,
    Phase,
    Task,
    TaskState,
    left_for_people,
    number_of,
)
from shared.pages.choices import ALIVE, ChainState, Limit, Tone
from shared.pages.clock import closed_at
from shared.pages.fate import came_back, stays_changed
from shared.pages.times import full
from shared.pages.values import Answer, FootholdFound, IntruderClock
from shared.policy.checklist import unsettled

_BROKEN: Final = (
    " The journal of this case was altered or is incomplete: do not rely on it as evidence."
)


def answer(
    case: Case,
    tasks: tuple[Task, ...],
    entries: tuple[Entry, ...],
    *,
    clock: IntruderClock,
    footholds: tuple[FootholdFound, ...],
    chain: ChainState,
) -> Answer:
    """Say in a word and a sentence where the case stands."""
    said = _said(case, tasks, clock, footholds, len(unsettled(case, entries)))
    if case.false_alarm and case.status is not CaseStatus.OPEN:
        said = _false_alarm(case, tasks, entries)
    back = came_back(entries)
    calm = case.status is CaseStatus.CLOSED or case.false_alarm
    if back is not None and case.proven_at is None and not calm:
        said = _loudly(said, case, back)
    if chain is not ChainState.BROKEN:
        return said
    tone = Tone.PERSON if said.tone in {Tone.GOOD, Tone.QUIET} else said.tone
    return said.model_copy(update={"tone": tone, "sentence": said.sentence + _BROKEN})


def _loudly(said: Answer, case: Case, at: datetime) -> Answer:
    """Say before all else that something came back, until that is proven to be over."""
    running = case.status is CaseStatus.OPEN
    calm = said.tone in {Tone.GOOD, Tone.QUIET, Tone.BUSY}
    return Answer(
        tone=Tone.BAD if running else Tone.PERSON if calm else said.tone,
        word=f"A foothold came back: {said.word[0].lower()}{said.word[1:]}",
        sentence=f"A look at {full(at)} found again what had been removed: somebody, or something "
        f"that is still at work, put it back. {said.sentence}",
    )


def _said(
    case: Case,
    tasks: tuple[Task, ...],
    clock: IntruderClock,
    footholds: tuple[FootholdFound, ...],
    left: int,
) -> Answer:
    match case.status:
        case CaseStatus.OPEN:
            return _running(tasks, clock)
        case CaseStatus.WAITING:
            return _waiting(tasks, clock)
        case CaseStatus.OBSERVED:
            return _observed(case, footholds)
        case CaseStatus.NEEDS_PERSON:
            return _needs_person(tasks, clock, left)
        case CaseStatus.CLOSED:
            return Answer(tone=Tone.QUIET, word="Closed", sentence="Nothing is left to do here.")
    return _ended(case, tasks, clock, footholds)


def _false_alarm(case: Case, tasks: tuple[Task, ...], entries: tuple[Entry, ...]) -> Answer:
    """Say who judged it, and what of the account is still as this case changed it."""
    word = next(e for e in reversed(entries) if e.event is Event.FALSE_ALARM)
    why = str(word.data.get("reason", "")).rstrip(".")
    judged = f"Judged at {full(word.at)} by {word.actor}: {why}."
    waiting = sum(task.state is TaskState.WAITING for task in tasks)
    if waiting:
        changes = number_of(waiting, "change waits", "changes wait")
        return Answer(
            tone=Tone.PERSON,
            word="Called a false alarm, and something waits",
            sentence=f"{judged} {changes} for a person's approval.",
        )
    stands = [task for task in tasks if stays_changed(task, entries)]
    if stands:
        changes = number_of(len(stands), "change")
        verb = "stands" if len(stands) == 1 else "stand"
        return Answer(
            tone=Tone.PERSON,
            word="A false alarm, not all is put back",
            sentence=f"{judged} {changes} made before {verb}; put back what the owner needs.",
        )
    if case.status is not CaseStatus.CLOSED:
        said = f"{judged} Its source could not be told so; see what is left."
        return Answer(tone=Tone.PERSON, word="A false alarm, not told", sentence=said)
    return Answer(
        tone=Tone.QUIET,
        word="A false alarm",
        sentence=f"{judged} Nothing of the account is changed.",
    )


def _running(tasks: tuple[Task, ...], clock: IntruderClock) -> Answer:
    left = sum(task.state in UNFINISHED for task in tasks)
    progress = f"{len(tasks) - left} of {number_of(len(tasks), 'task')} ended."
    if clock.limit is Limit.UNTOUCHED:
        return Answer(
            tone=Tone.BUSY,
            word="Looking",
            sentence=f"Firebreak reads and reports; nothing is changed. {progress}",
        )
    open_doors = [t for t in tasks if t.phase is Phase.CONTAIN and closed_at(t) is None]
    if clock.limit is Limit.NOBODY:
        return Answer(tone=Tone.BUSY, word="Being mended", sentence=progress)
    if open_doors or clock.limit is Limit.NONE:
        return Answer(
            tone=Tone.BUSY,
            word="Not contained yet",
            sentence=f"Firebreak is closing the doors. {progress}",
        )
    return Answer(
        tone=Tone.BUSY,
        word="Doors closed, not proven yet",
        sentence=f"What the intruder left is being removed and read back. {progress}",
    )


def _waiting(tasks: tuple[Task, ...], clock: IntruderClock) -> Answer:
    waiting = sum(task.state is TaskState.WAITING for task in tasks)
    changes = number_of(waiting, "change waits", "changes wait")
    sentence = f"{changes} for a person's approval; nothing of it is done."
    if clock.limit is Limit.NONE:
        return Answer(tone=Tone.BAD, word="Not contained: waits for approval", sentence=sentence)
    return Answer(tone=Tone.PERSON, word="Waits for approval", sentence=sentence)


def _observed(case: Case, footholds: tuple[FootholdFound, ...]) -> Answer:
    why = "This is a dry run." if case.dry_run else "The policy only observes here."
    found = number_of(len(footholds), "foothold") if footholds else "No foothold was"
    return Answer(
        tone=Tone.PERSON if footholds else Tone.QUIET,
        word="Observed only: nothing was changed",
        sentence=f"{why} {found} found.",
    )


def _needs_person(tasks: tuple[Task, ...], clock: IntruderClock, left: int) -> Answer:
    if not tasks:
        return Answer(
            tone=Tone.BAD,
            word="Not contained: needs a person",
            sentence="Firebreak took no step on this account. Why not is said below.",
        )
    failed = sum(task.state is TaskState.FAILED for task in tasks)
    wanted = {(task.reason, task.steps) for task in left_for_people(tasks)}
    left += len(wanted)
    parts = [f"{number_of(failed, 'task')} failed"] if failed else []
    parts += [f"{number_of(left, 'step')} only a person can do"] if left else []
    goes_on = any(task.state in UNFINISHED - {TaskState.WAITING} for task in tasks)
    rest = "What else there is goes on by itself" if goes_on else "Everything else has ended"
    rest = f" {rest}." if len(tasks) > failed + len(wanted) else ""
    sentence = f"{' and '.join(parts).capitalize()}.{rest}"
    if clock.limit in {Limit.NONE, Limit.UNTOUCHED}:
        return Answer(tone=Tone.BAD, word="Not contained: needs a person", sentence=sentence)
    return Answer(tone=Tone.PERSON, word="Needs a person", sentence=sentence)


def _ended(
    case: Case, tasks: tuple[Task, ...], clock: IntruderClock, footholds: tuple[FootholdFound, ...]
) -> Answer:
    if clock.limit in {Limit.NONE, Limit.UNTOUCHED}:
        return Answer(
            tone=Tone.BAD,
            word="Not contained",
            sentence="All tasks have ended, yet the account is still open to the intruder.",
        )
    done = "Mended" if clock.limit is Limit.NOBODY else "Contained"
    alive = sum(found.fate in ALIVE for found in footholds)
    if alive:
        left = number_of(alive, "foothold is", "footholds are")
        return Answer(
            tone=Tone.PERSON,
            word=f"{done}, footholds left",
            sentence=f"{left} still there, by policy. See below.",
        )
    proofs = [t.finished_at for t in tasks if t.finished_at and t.state is TaskState.VERIFIED]
    if not proofs:
        return Answer(
            tone=Tone.GOOD,
            word=done,
            sentence="Every door was found closed already; there was nothing to change.",
        )
    if case.proven_at is not None:
        return Answer(
            tone=Tone.GOOD,
            word=f"{done}, proven at {full(case.proven_at)}",
            sentence="Looked again when nothing could come back any more: nothing had.",
        )
    return Answer(
        tone=Tone.GOOD,
        word=done,
        sentence=f"All that was planned is done and was read back, last at {full(max(proofs))}.",
    )
