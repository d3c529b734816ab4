"""What a task becomes when a person answers, or nobody does: pure."""

from __future__ import annotations

from datetime import datetime

from shared.model import Actor, Consent, Event, Json, Release, Task, TaskState, Wait
from shared.pages.times import duration
from shared.responder import Change
from shared.tasks.ledger import Line
from shared.tasks.steps import Step


def consented(task: Task, wait: Wait, chosen: Change, by: Actor, *, at: datetime) -> Task:
    """Note a first yes: the change still waits, for a second person."""
    consent = Consent(by=by, fingerprint=chosen.fingerprint(), at=at)
    return task.model_copy(update={"wait": wait.model_copy(update={"consents": (consent,)})})


def first_yes(task: Task, chosen: Change, by: Actor, data: Json) -> Line:
    """Say that one person said yes."""
    said = f"{chosen.summary()}: approved by {by.name}; a second person has to approve it too"
    full = {**data, "chosen": chosen.fingerprint()}
    return _line(Event.APPROVED, task, said, by, full)


def released(
    task: Task, chosen: Change, spared: frozenset[str], by: tuple[Actor, ...], *, data: Json
) -> Step:
    """Let exactly this change be made: the queue carries it on."""
    release = Release(
        fingerprint=chosen.fingerprint(), change=chosen.model_dump(mode="json"), by=by
    )
    after = task.model_copy(
        update={
            "state": TaskState.QUEUED,
            "release": release,
            "wait": None,
            "spared": tuple(sorted({*task.spared, *spared})),
            "summary": chosen.summary(),
            "differences": chosen.differences(),
            "footholds": chosen.footholds(),
            "attempts": 0,
            "reason": "",
        }
    )
    names = " and ".join(actor.name for actor in by)
    said = f"{chosen.summary()}: released by {names}"
    full = {**data, "chosen": release.fingerprint, "change": release.change}
    return after, _line(Event.RELEASED, task, said, by[-1], full)


def declined(task: Task, reason: str, by: Actor, *, at: datetime, data: Json) -> Step:
    """Let it be: a person decided against the change, and nothing of it was done."""
    after = task.model_copy(
        update={
            "state": TaskState.DECLINED,
            "wait": None,
            "finished_at": at,
            "reason": f"Declined by {by.name}: {reason}",
        }
    )
    said = f"{task.summary}: declined: {reason}"
    return after, _line(Event.DECLINED, task, said, by, data)


def planned_again(task: Task) -> Task:
    """Put a task back to its beginning: what anybody answered was about another plan."""
    return task.model_copy(
        update={
            "state": TaskState.QUEUED,
            "attempts": 0,
            "owner": None,
            "not_before": None,
            "finished_at": None,
            "wait": None,
            "release": None,
            "spared": (),
            "resume": False,
            "reason": "",
            "steps": (),
        }
    )


def lapsed(task: Task, at: datetime) -> Step | None:
    """Tell somebody else, or give up; `None` where it is not time, or nothing waits."""
    if task.state is not TaskState.WAITING or task.wait is None or task.wait.next_at > at:
        return None
    if task.wait.expires_at <= at:
        return _expired(task, task.wait, at)
    wait = task.wait.model_copy(update={"escalated": True})
    waited = _span(task.wait.since, task.wait.escalate_at)
    said = f"{task.summary}: nobody answered for {waited}; somebody else is told"
    line = Line(event=Event.ESCALATED, responder=task.responder, text=said)
    return task.model_copy(update={"wait": wait}), line


def _expired(task: Task, wait: Wait, at: datetime) -> Step:
    waited = _span(wait.since, wait.expires_at)
    reason = f"Nobody approved or declined it for {waited}; nothing of it was done"
    steps = (
        "Look whether the account still needs it",
        "Then open the case again, so that it is planned anew: firebreak respond USER --reason …",
    )
    after = task.model_copy(
        update={
            "state": TaskState.REFUSED,
            "wait": None,
            "finished_at": at,
            "reason": reason,
            "steps": steps,
        }
    )
    return after, Line(
        event=Event.EXPIRED, responder=task.responder, text=f"{task.summary}: {reason}"
    )


def _line(event: Event, task: Task, said: str, by: Actor, data: Json) -> Line:
    full = {"fingerprint": task.fingerprint, "by": by.model_dump(), **data}
    return Line(event=event, responder=task.responder, text=said, actor=by.name, data=full)


def _span(since: datetime, until: datetime) -> str:
    return duration((until - since).total_seconds())
