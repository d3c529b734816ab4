"""What a task becomes: pure steps from one frozen state to the next, each with its journal line."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from shared.clients.answers import unlicensed
from shared.errors import Denied, FirebreakError, Gone, Refused, Throttled, Transient, Unavailable
from shared.model import Consent, Event, Mode, Task, TaskState
from shared.policy.decide import strength
from shared.policy.limits import Approvals
from shared.responder import Change
from shared.tasks.ledger import Line

MAX_ATTEMPTS: Final = 30
"""Tries before a task is given up and shown to a person; with the waits below some two hours."""
_LONGEST_WAIT: Final = 300.0
THROTTLED: Final = timedelta(hours=6)
"""How long somebody's limit may hold a task up; it is no failure, so no try is counted."""
_FRESH: Final = 60.0
"""Seconds for which a plan may wait and still be made as it is."""
DIRECTORY_LAG: Final = timedelta(seconds=90)
"""How long a directory may go on showing what was there before a write."""

_MOVED: Final = "The tenant moved after this was approved, so it was planned and is asked again."

type Step = tuple[Task, Line]


def claim(task: Task, owner: str) -> Task:
    """Take the task; taking over from a worker that is gone is the same."""
    return task.model_copy(
        update={
            "state": TaskState.CLAIMED,
            "owner": owner,
            "attempts": task.attempts + 1,
            "not_before": None,
        }
    )


def planned(task: Task, change: Change, *, going: bool = False) -> Task:
    """Write onto the task what its change is, for the case page, the approval and the journal.

    The right to make a change without planning is used up: whatever comes next is planned again.
    So is a release that was for another change, unless it is this one that is `going` to be made.
    """
    begun = task.release.model_copy(update={"begun": True}) if task.release else None
    return task.model_copy(
        update={
            "resume": False,
            "release": begun if going else None,
            "wait": None,
            "change": change.model_dump(mode="json"),
            "fingerprint": change.fingerprint(),
            "summary": change.summary(),
            "differences": change.differences(),
            "footholds": change.footholds(),
        }
    )


def about_to(task: Task, change: Change) -> Step:
    """Say what will be changed. Stored before anything is."""
    after = planned(task, change, going=True)
    data = {"change": after.change, "fingerprint": after.fingerprint}
    return after, Line(
        event=Event.CHANGE, responder=task.responder, text=f"{after.summary}: starting", data=data
    )


def held_back(
    task: Task,
    change: Change,
    at: datetime,
    terms: Approvals,
    *,
    why: str = "",
    consents: tuple[Consent, ...] = (),
) -> Step:
    """Stop before the change: it is reported, or it waits for a person.

    `why` says what stands in the way of a change that was enforced or released; `consents` is who
    said yes to it already.
    """
    mode = min(task.mode, Mode.APPROVE, key=strength) if why else task.mode
    asked = mode is Mode.APPROVE
    moved = task.release is not None and task.release.fingerprint != change.fingerprint()
    reason = " ".join(part for part in (_MOVED if moved else "", why) if part)
    after = planned(task, change).model_copy(
        update={
            "mode": mode,
            "state": TaskState.WAITING if asked else TaskState.OBSERVED,
            "wait": terms.wait(at).model_copy(update={"consents": consents}) if asked else None,
            "finished_at": None if asked else at,
            "reason": reason,
        }
    )
    said = "waits for a person's approval" if asked else "would be done; nothing was changed"
    if reason:
        said = f"{said}. {reason}"
    event = Event.WAITING if asked else Event.OBSERVED
    data = {"change": after.change, "fingerprint": after.fingerprint}
    return after, Line(
        event=event, responder=task.responder, text=f"{after.summary}: {said}", data=data
    )


def nothing_left(task: Task, at: datetime, *, changed: Change | None) -> Step:
    """Record that nothing is left to do: proof, where something was changed before."""
    after = _ended(task, TaskState.VERIFIED if changed else TaskState.SKIPPED, at)
    if changed:
        after = _with_leftover(after, changed)
        after = after.model_copy(update={"applied_at": after.applied_at or at})
        said = f"{after.summary or changed.summary()}: proven, {after.reason or 'nothing is left'}"
        return after, Line(event=Event.VERIFIED, responder=task.responder, text=said)
    return after, Line(
        event=Event.SKIPPED, responder=task.responder, text="Nothing to do: looked and found none"
    )


def _with_leftover(task: Task, changed: Change) -> Task:
    left = changed.leftover()
    if left is None:
        return task
    return task.model_copy(
        update={"reason": left.reason, "steps": left.steps, "unless": left.unless}
    )


def applied(task: Task, at: datetime) -> Step:
    """Record that the change was made; the proof comes next."""
    after = task.model_copy(
        update={
            "state": TaskState.APPLIED,
            "applied_at": at,
            "not_before": None,
            "held_since": None,
        }
    )
    return after, Line(event=Event.APPLIED, responder=task.responder, text=f"{task.summary}: done")


def not_seen_yet(task: Task, at: datetime) -> Step:
    """Look again later: the directory still shows what was there before the write."""
    wait = backoff(task.attempts)
    after = task.model_copy(
        update={"not_before": at + timedelta(seconds=wait), "attempts": task.attempts + 1}
    )
    said = f"{task.summary}: the tenant does not show it yet, looking again in {wait:.0f} s"
    return after, Line(event=Event.DELAYED, responder=task.responder, text=said)


def afresh(task: Task) -> Task:
    """Count tries from the beginning again."""
    return task.model_copy(update={"attempts": 0, "held_since": None, "finished_at": None})


def still_there(task: Task, left: Change, at: datetime) -> Step:
    """Do it again: something is there that the change did not remove, or that came back."""
    if task.attempts >= MAX_ATTEMPTS:
        return _given_up(task, f"still there after {task.attempts} tries", at)
    queued = {"state": TaskState.QUEUED, "not_before": None}
    after = task.model_copy(update={**queued, "reason": "", "steps": (), "unless": frozenset()})
    said = f"{left.summary()}: found again"
    return after, Line(event=Event.REAPPEARED, responder=task.responder, text=said)


def stopped_by(error: Exception, task: Task, at: datetime, *, begun: bool = False) -> Step:
    """Say what an error means for the task.

    A write that was refused before it took effect is made again without a new plan: where reading
    and writing share one request a second, planning again would use up the second every time.
    """
    if unavailable(error):
        after = _ended(
            task, TaskState.SKIPPED, at, reason=str(error), steps=getattr(error, "steps", ())
        )
        return after, Line(event=Event.SKIPPED, responder=task.responder, text=str(error))
    if isinstance(error, Refused):
        after = _ended(task, TaskState.REFUSED, at, reason=str(error), steps=error.steps)
        after = after.model_copy(update={"unless": error.unless})
        return after, Line(event=Event.REFUSED, responder=task.responder, text=str(error))
    if isinstance(error, Gone):
        after = _ended(task, TaskState.SKIPPED, at, reason=str(error))
        return after, Line(event=Event.SKIPPED, responder=task.responder, text=str(error))
    if isinstance(error, Transient):
        return _later(task, error, at, begun=begun)
    if isinstance(error, Denied):
        return _given_up(task, str(error), at, permission=error.permission)
    said = str(error) if isinstance(error, FirebreakError) else type(error).__name__
    return _given_up(task, f"A defect in {task.responder}: {said}", at)


def unavailable(error: Exception) -> bool:
    """Whether the organisation lacks what it takes, so that no person could do it either."""
    return isinstance(error, Unavailable) or (isinstance(error, Denied) and unlicensed(error))


def backoff(attempts: int) -> float:
    """Seconds to wait after so many tries, where nobody said how long: 2, 4, 8 up to 300."""
    return min(2.0 ** min(max(attempts, 1), 16), _LONGEST_WAIT)


def _later(task: Task, error: Transient, at: datetime, *, begun: bool) -> Step:
    held = isinstance(error, Throttled)
    since = (task.held_since or at) if held else None
    if held and at - (since or at) >= THROTTLED:
        return _given_up(task, f"held up for {THROTTLED}: {error}", at)
    if not held and task.attempts >= MAX_ATTEMPTS:
        return _given_up(task, f"gave up after {task.attempts} tries: {error}", at)
    wait = _wait(task, error, at)
    proving = task.state is TaskState.APPLIED
    after = task.model_copy(
        update={
            "state": TaskState.APPLIED if proving else TaskState.QUEUED,
            # A claim counts as a try; a proof is not claimed, so it is counted here.
            "attempts": task.attempts + (int(proving) - int(held)),
            "held_since": since,
            "not_before": at + timedelta(seconds=wait),
            "reason": str(error),
            "resume": begun and not error.may_have_happened and wait < _FRESH,
        }
    )
    said = f"{error}; again in {wait:.0f} s"
    return after, Line(event=Event.DELAYED, responder=task.responder, text=said)


def _wait(task: Task, error: Transient, at: datetime) -> float:
    """Seconds to wait: as long as was said, else longer the more often it was in vain.

    Tries held up by a limit are not counted, so there the time already waited is waited again.
    """
    if error.retry_after is not None:
        return error.retry_after
    held = (at - task.held_since).total_seconds() if task.held_since else 0.0
    return max(backoff(task.attempts), min(held, _LONGEST_WAIT))


def _given_up(task: Task, reason: str, at: datetime, *, permission: str | None = None) -> Step:
    after = _ended(task, TaskState.FAILED, at, reason=reason)
    data = {"permission": permission} if permission else {}
    return after, Line(event=Event.FAILED, responder=task.responder, text=reason, data=data)


def _ended(
    task: Task, state: TaskState, at: datetime, *, reason: str = "", steps: tuple[str, ...] = ()
) -> Task:
    return task.model_copy(
        update={
            "state": state,
            "finished_at": at,
            "not_before": None,
            "held_since": None,
            "owner": None,
            "wait": None,
            "release": None,
            "reason": reason,
            "steps": steps,
            "unless": frozenset(),
        }
    )
