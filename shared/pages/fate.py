"""What became of footholds and changes, and what is still open: read off tasks and journal. Pure.

A task's state alone does not tell whether the tenant was written to: a failed task may have failed
before, in the middle of, or after its write. The journal knows whether the write was begun.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from shared.model import (
    GOING,
    UNFINISHED,
    Case,
    CaseStatus,
    Entry,
    Event,
    Mode,
    Phase,
    ResponderName,
    Task,
    TaskState,
    in_force,
    left_for_people,
)
from shared.pages.choices import Fate, Made, Need
from shared.pages.values import Changed, FootholdFound, Open
from shared.policy.checklist import unsettled

_FATES: Final = {
    TaskState.VERIFIED: Fate.GONE,
    TaskState.APPLIED: Fate.APPLIED,
    TaskState.QUEUED: Fate.PLANNED,
    TaskState.CLAIMED: Fate.PLANNED,
    TaskState.WAITING: Fate.WAITING,
    TaskState.OBSERVED: Fate.OBSERVED,
    TaskState.DECLINED: Fate.DECLINED,
    TaskState.REFUSED: Fate.LEFT,
    TaskState.FAILED: Fate.FAILED,
    TaskState.UNDONE: Fate.UNDONE,
    TaskState.SKIPPED: Fate.GONE,
}
_WHY: Final = {
    Fate.GONE: "Read back from the tenant: nothing is left.",
    Fate.APPLIED: "Removed; the tenant has not been read back yet.",
    Fate.PLANNED: "Found; its removal is under way.",
    Fate.WAITING: "A person has to approve its removal.",
    Fate.OBSERVED: "Only reported: the policy does not remove it.",
    Fate.DECLINED: "A person decided against removing it.",
    Fate.LEFT: "Left as it is.",
    Fate.FAILED: "Its removal failed.",
    Fate.BACK: "Was removed and found again.",
    Fate.UNDONE: "Was removed and put back by a person.",
}
_LATER: Final = {
    ResponderName("restore_sign_in"): "Waits until a person lets the owner back in.",
    ResponderName("unblock_sender"): "Waits until the checklist is green, or the owner is back.",
}
_BLIND: Final = UNFINISHED | {TaskState.FAILED, TaskState.REFUSED}
_LEAVES: Final = frozenset({TaskState.REFUSED, TaskState.VERIFIED})
"""Ends that may leave something for a person."""
_HAND: Final = ": do this by hand"
_ALL: Final = "What no task can do: by hand"
_TURNS: Final = frozenset({Event.APPLIED, Event.VERIFIED, Event.REAPPEARED, Event.UNDONE})


def footholds(tasks: Iterable[Task], entries: tuple[Entry, ...]) -> tuple[FootholdFound, ...]:
    """List what the intruder held, and its fate."""
    return tuple(
        FootholdFound(
            kind=foothold.kind,
            label=foothold.label,
            reasons=foothold.reasons,
            responder=task.responder,
            phase=task.phase,
            fate=fate,
            why=f"{_WHY[fate]} {_sentence(task.reason)}".strip(),
            died_at=(task.applied_at or task.finished_at) if died else None,
            proven_at=task.finished_at if fate is Fate.GONE else None,
        )
        for task in tasks
        for fate in (_fate(task, entries),)
        for died in (fate in {Fate.GONE, Fate.APPLIED},)
        for foothold in task.footholds
    )


def came_back(entries: Iterable[Entry]) -> datetime | None:
    """Tell when a later look last found again what had been removed."""
    looks = (e.at for e in entries if e.event is Event.LOOKED and e.data.get("back"))
    return max(looks, default=None)


def unlooked(tasks: Iterable[Task]) -> tuple[ResponderName, ...]:
    """Name whoever did not look, or not yet: there, no foothold found is not "no foothold"."""
    return tuple(t.responder for t in tasks if t.state in _BLIND and t.change is None)


def changes(tasks: Iterable[Task], entries: tuple[Entry, ...]) -> tuple[Changed, ...]:
    """List what was changed from what to what, or would be."""
    return tuple(
        Changed(
            responder=task.responder,
            what=difference.what,
            was=difference.was,
            becomes=difference.becomes,
            made=made,
            at=(task.applied_at or task.finished_at) if made is not Made.PLANNED else None,
        )
        for task in tasks
        for made in (_made(task, entries),)
        if task.state is not TaskState.SKIPPED
        for difference in task.differences
    )


def still_open(case: Case, tasks: tuple[Task, ...], entries: tuple[Entry, ...]) -> tuple[Open, ...]:
    """List what is not finished: first what needs a person, then what goes on by itself."""
    if case.false_alarm:
        # What no longer matters is not asked of anybody; what the sources are told is seen through.
        going = [task for task in tasks if task.phase is Phase.CLOSE or task.state in GOING]
        return tuple(open_ for task in going if (open_ := _open(task, entries)))
    for_people = {task.responder for task in left_for_people(tasks)}
    settled = [t for t in tasks if t.state in _LEAVES and t.responder not in for_people]
    found = _joined(open_ for t in tasks if t not in settled and (open_ := _open(t, entries)))
    found += [
        Open(need=Need.BY_HAND, responder=None, title=_ALL, reason=left.reason, steps=left.steps)
        for left in unsettled(case, entries)
    ]
    if not tasks and case.status is not CaseStatus.CLOSED:
        found.append(_undecided(case))
    order = list(Need)
    return tuple(sorted(found, key=lambda open_: order.index(open_.need)))


def _joined(found: Iterable[Open]) -> list[Open]:
    """Say once what a person has to do once, however many tasks were refused for it."""
    joined: dict[object, Open] = {}
    for one in found:
        by_hand = one.need is Need.BY_HAND
        key: object = (one.reason, one.steps) if by_hand else one.responder
        other = joined.get(key)
        title = f"{other.title.removesuffix(_HAND)}, {one.title.lower()}" if other else one.title
        joined[key] = one.model_copy(update={"title": title})
    return list(joined.values())


def started(task: Task, entries: Iterable[Entry]) -> Entry | None:
    """Find the journal's line that says the change was begun."""
    begun = (e for e in entries if e.responder == task.responder and e.event is Event.CHANGE)
    return next(begun, None)


def _fate(task: Task, entries: tuple[Entry, ...]) -> Fate:
    turns = [e.event for e in entries if e.responder == task.responder and e.event in _TURNS]
    back = bool(turns) and turns[-1] is Event.REAPPEARED
    if back and task.state not in {TaskState.APPLIED, TaskState.VERIFIED, TaskState.UNDONE}:
        return Fate.BACK
    return _FATES[task.state]


def _made(task: Task, entries: tuple[Entry, ...]) -> Made:
    if task.state is TaskState.UNDONE:
        return Made.UNDONE
    if task.applied_at or task.state in {TaskState.APPLIED, TaskState.VERIFIED}:
        return Made.YES
    if not started(task, entries):
        return Made.PLANNED
    return Made.UNDER_WAY if task.state in UNFINISHED else Made.UNSURE


def stays_changed(task: Task, entries: tuple[Entry, ...]) -> bool:
    """Whether something of the account is still as the task made it; it may be so in part."""
    return task.phase is not Phase.CLOSE and bool(in_force(entries, task.responder))


def _open(task: Task, entries: tuple[Entry, ...]) -> Open | None:
    name = task.responder.replace("_", " ")
    about = task.summary or name.capitalize()
    if task.state in UNFINISHED:
        return Open(
            need=Need.RUNNING,
            responder=task.responder,
            title=about,
            reason=task.reason or _going_on(task),
            next_try=task.not_before,
        )
    if task.state is TaskState.WAITING:
        return Open(
            need=Need.APPROVAL,
            responder=task.responder,
            title=about,
            reason=task.reason or "Waits for a person's approval. Nothing of it has been done.",
        )
    if task.state is TaskState.REFUSED:
        return Open(
            need=Need.BY_HAND,
            responder=task.responder,
            title=f"{name.capitalize()}{_HAND}",
            reason=task.reason,
            steps=task.steps,
        )
    if task.state is TaskState.VERIFIED and task.steps:
        return Open(
            need=Need.BY_HAND,
            responder=task.responder,
            title=f"{about}: done, and the rest by hand",
            reason=task.reason,
            steps=task.steps,
        )
    return _failed(task, entries, about) if task.state is TaskState.FAILED else None


def _failed(task: Task, entries: tuple[Entry, ...], about: str) -> Open:
    last = [e for e in entries if e.responder == task.responder and e.event is Event.FAILED][-1:]
    named = last[0].data.get("permission") if last else None
    permission = named if isinstance(named, str) and named else None
    unsure = _made(task, entries) is Made.UNSURE
    doubt = " It may have been changed in part: look before you act." if unsure else ""
    return Open(
        need=Need.PERMISSION if permission else Need.FAILED,
        responder=task.responder,
        title=f"{about}: not done" if not task.applied_at else f"{about}: not proven",
        reason=f"{_sentence(task.reason) or 'No reason was recorded.'}{doubt}",
        steps=task.steps,
        permission=permission,
    )


def _sentence(reason: str) -> str:
    return f"{reason}." if reason and reason[-1] not in ".!?" else reason


def _going_on(task: Task) -> str:
    if task.state is TaskState.APPLIED:
        return "Done; the tenant is being read back."
    if task.state is TaskState.CLAIMED:
        return "A worker is on it."
    if task.attempts == 0 and (waits := _waits(task)):
        return waits
    return "Queued." if task.mode is Mode.ENFORCE else "Queued; it will only be looked at."


def _waits(task: Task) -> str:
    """Say what a task waits for that has its turn later."""
    if task.phase is Phase.CLOSE:
        return "Waits until everything else has ended well."
    return _LATER.get(task.responder, "")


def _undecided(case: Case) -> Open:
    return Open(
        need=Need.UNDECIDED,
        responder=None,
        title="Decide what to do with this account",
        reason=" ".join(case.reasons) or "No rule of the policy answers this alert.",
    )
