"""What is done about it: phases, modes, tasks, and what is left to a person."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from shared.model.words import (
    CaseId,
    Json,
    ObjectId,
    ResponderName,
    TaskId,
    TenantId,
    Utc,
    Value,
    digest,
)


class Mode(StrEnum):
    """How far a responder goes: report, ask, or do."""

    OBSERVE = "observe"
    APPROVE = "approve"
    ENFORCE = "enforce"


class Phase(StrEnum):
    """The order in which doors close."""

    CONTAIN = "contain"
    EVICT = "evict"
    RECOVER = "recover"
    HARDEN = "harden"
    CLOSE = "close"


PHASES = tuple(Phase)


class Leftover(Value):
    """What a change does not settle: a person has to, unless another responder has settled it."""

    reason: str
    steps: tuple[str, ...]
    unless: frozenset[ResponderName] = frozenset()
    way_in: ObjectId | None = None
    """The account or application elsewhere that it is about: looked at again until it is shut."""

    @property
    def check(self) -> str:
        """Name its line of the checklist: the same thing left is the same line."""
        return f"left-{digest(self.reason, length=8)}"


class TaskState(StrEnum):
    """What became of a task.

    queued → claimed → {skipped, refused, observed, waiting, failed, applied → verified} → undone
    waiting → queued (released, or planned again) | declined | refused (nobody answered in time)
    """

    QUEUED = "queued"
    CLAIMED = "claimed"
    SKIPPED = "skipped"
    REFUSED = "refused"
    OBSERVED = "observed"
    WAITING = "waiting"
    DECLINED = "declined"
    APPLIED = "applied"
    VERIFIED = "verified"
    FAILED = "failed"
    UNDONE = "undone"


UNFINISHED = frozenset({TaskState.QUEUED, TaskState.CLAIMED, TaskState.APPLIED})
"""States from which the worker goes on by itself; `waiting` goes on when a person says so."""
GOING = UNFINISHED | {TaskState.WAITING}
"""States of a task that may still change something, by itself or when a person says so."""


class Foothold(Value):
    """One thing that lets the intruder stay, as found on the account."""

    kind: str
    label: str
    reasons: tuple[str, ...] = ()


class Difference(Value):
    """One line of a change: what it was and what it becomes. Never holds a secret."""

    what: str
    was: str
    becomes: str


class Actor(Value):
    """Who asked for something: the id is who it is, the name is what is shown."""

    id: str
    name: str


class Consent(Value):
    """One person's yes to one change, named by its fingerprint."""

    by: Actor
    fingerprint: str
    at: Utc


class Wait(Value):
    """How long a change has waited for a person, and until when it may."""

    since: Utc
    escalate_at: Utc
    expires_at: Utc
    escalated: bool = False
    consents: tuple[Consent, ...] = ()
    """Who said yes, where one yes is not enough."""

    @property
    def next_at(self) -> datetime:
        """When somebody has to be told, or it is over."""
        return self.expires_at if self.escalated else min(self.escalate_at, self.expires_at)


class Release(Value):
    """A change that was approved: exactly this one may be made, and what is left of it."""

    fingerprint: str
    change: Json
    by: tuple[Actor, ...]
    begun: bool = False
    """Its change was journalled: what a crash left of it needs no second approval."""


class Task(Value):
    """One responder for one case."""

    id: TaskId
    tenant: TenantId
    case: CaseId
    responder: ResponderName
    phase: Phase
    mode: Mode
    state: TaskState = TaskState.QUEUED
    attempts: int = 0
    owner: str | None = None
    """The pass that claimed it; whoever holds the account's lock may take it over."""
    not_before: Utc | None = None
    held_since: Utc | None = None
    """Since when a limit holds it up; no failure, so it is bounded by time and not by tries."""
    change: Json | None = None
    """The change as planned last (waiting, applied), as JSON; the responder knows its type."""
    fingerprint: str | None = None
    resume: bool = False
    """The change was begun and refused before it took effect: make it, without planning again."""
    wait: Wait | None = None
    release: Release | None = None
    spared: tuple[str, ...] = ()
    """Pieces of its changes that a person took out: they are the owner's, and stay."""
    summary: str = ""
    differences: tuple[Difference, ...] = ()
    footholds: tuple[Foothold, ...] = ()
    reason: str = ""
    steps: tuple[str, ...] = ()
    """What a person does by hand: instead of a task that was refused, or after one that is done."""
    unless: frozenset[ResponderName] = frozenset()
    """Responders of which each settles, when it is proven, what is left for a person here."""
    created_at: Utc
    applied_at: Utc | None = None
    finished_at: Utc | None = None


def left_for_people(tasks: tuple[Task, ...]) -> tuple[Task, ...]:
    """Pick the tasks that ended well or refused, and leave to a person what nothing else settles.

    A disable that a directory sync will undo is settled by a block that it does not undo.
    """
    proven = {task.responder for task in tasks if task.state is TaskState.VERIFIED}
    return tuple(
        task
        for task in tasks
        if (task.state is TaskState.REFUSED or (task.state is TaskState.VERIFIED and task.steps))
        and not task.unless & proven
    )


def task_id(tenant: TenantId, account: ObjectId, case: CaseId, responder: ResponderName) -> TaskId:
    """Name a task by what it is, so that ten alerts about one account make one task."""
    return TaskId(digest(tenant, account, case, responder))
