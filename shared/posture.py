"""The words of a sweep: what it found, for how long, who accepted it, and how a run went.

A finding is named by sweep, kind and subject, so that the same thing found again is the same row.
All times of one run are its start: a run that was stopped and went on writes what one that never
stopped would have written.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final, NewType

from pydantic import Field

from shared.model import Json, ObjectId, Severity, TenantId, Utc, Value, digest

SweepName = NewType("SweepName", str)
RunId = NewType("RunId", str)
FindingId = NewType("FindingId", str)

type Place = tuple[int, float, FindingId]
"""Where a finding stands among all: loudness, weight, name; the least comes first."""


class Certainty(StrEnum):
    """Whether it was seen, or could not be looked at: what could not be is never called fixed."""

    SEEN = "seen"
    UNKNOWN = "unknown"


class Finding(Value):
    """One thing a sweep found; `kind` is the sweep's word, `subject` an object id or a name.

    `weight` orders findings of one severity; its unit is the sweep's (points, mailboxes, ...).
    """

    kind: str
    subject: str
    title: str
    severity: Severity
    weight: float = 0.0
    evidence: dict[str, str] = Field(default_factory=dict)
    certainty: Certainty = Certainty.SEEN
    account: ObjectId | None = None
    """What is to be hardened to mend it: an account, or the organisation by the tenant's id.

    `None` where no task mends it.
    """

    def id(self, sweep: SweepName) -> FindingId:
        """Name it by what it is about, not by what it says today."""
        return FindingId(digest(sweep, self.kind, self.subject))


class Acceptance(Value):
    """Somebody's word that a finding may stay, and until when."""

    by: str
    at: Utc
    until: Utc
    reason: str


def accepted(sweep: str, finding: str, until: datetime | None, reason: str) -> str:
    """Say in the trail until when a finding may stay; whoever verifies the trail looks for this."""
    word = f"accepted until {until:%Y-%m-%d}" if until else "accepted no longer"
    return f"Finding {finding} of {sweep} is {word}: {reason}"


class FindingState(StrEnum):
    """Where a finding stands."""

    OPEN = "open"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    FIXED = "fixed"


class Held(Value):
    """A finding as it is kept from run to run. `last_seen` is `None` while nobody ever saw it."""

    id: FindingId
    sweep: SweepName
    finding: Finding
    first_seen: Utc
    first_run: RunId
    run: RunId
    """The last run that came to a word about it."""
    last_seen: Utc | None = None
    unknown_at: Utc | None = None
    """Since when it could not be looked at; `None` where it could."""
    fixed_at: Utc | None = None
    returned_at: Utc | None = None
    """When it was seen again after it had been fixed."""
    accepted: Acceptance | None = None

    def state(self, at: datetime) -> FindingState:
        """Say where it stands; an acceptance that ran out counts no more."""
        if self.fixed_at is not None:
            return FindingState.FIXED
        if self.accepted is not None and at < self.accepted.until:
            return FindingState.ACCEPTED
        return FindingState.OPEN if self.unknown_at is None else FindingState.UNKNOWN


class Gap(Value):
    """What a run could not look at: findings of these kinds stay, and are shown as unknown."""

    kinds: frozenset[str]
    reason: str


class RunState(StrEnum):
    """How a run stands."""

    RUNNING = "running"
    COMPLETE = "complete"
    PARTIAL = "partial"
    """It came to its end, but could not look at everything."""
    FAILED = "failed"
    """It was given up; what it had found until then stands, and nothing was called fixed."""


OVER: Final = frozenset({RunState.COMPLETE, RunState.PARTIAL})
"""How a run stands that came to its end, and counted."""


class Step(StrEnum):
    """What a run does next."""

    READ = "read"
    CLOSE = "close"


class Counts(Value):
    """What there is after a run, counted over all findings."""

    open: int = 0
    unknown: int = 0
    accepted: int = 0
    fixed: int = 0
    """By this run; those of earlier ones are history."""
    new: int = 0
    returned: int = 0
    by_severity: dict[Severity, int] = Field(default_factory=dict)
    """The open ones."""
    by_kind: dict[str, int] = Field(default_factory=dict)
    """The open ones."""

    def plus(self, other: Counts) -> Counts:
        """Add the counts of another part."""
        names = ("open", "unknown", "accepted", "fixed", "new", "returned")
        sums = {name: getattr(self, name) + getattr(other, name) for name in names}
        return Counts(
            **sums,
            by_severity=added(self.by_severity, other.by_severity),
            by_kind=added(self.by_kind, other.by_kind),
        )


class Run(Value):
    """One run of a sweep, and how far it has come. Counters move with their checkpoint."""

    id: RunId
    tenant: TenantId
    sweep: SweepName
    asked_by: str
    started_at: Utc
    state: RunState = RunState.RUNNING
    step: Step = Step.READ
    turn: int = 0
    """Which message is the one that goes on; a message of another turn is a duplicate."""
    cursor: Json = Field(default_factory=dict)
    """Where the sweep goes on reading; its own words."""
    shard: int = 0
    """Which part of the findings is closed next."""
    due: Utc
    """When it goes on; overdue means that its message was lost."""
    pages: int = 0
    calls: int = 0
    subjects: int = 0
    expected: int | None = None
    """How many subjects there will be; `None` where the service does not say."""
    tally: dict[str, float] = Field(default_factory=dict)
    """What the sweep adds up from page to page."""
    gaps: tuple[Gap, ...] = ()
    setbacks: int = 0
    """How often in a row the far side could not answer."""
    counts: Counts = Counts()
    worst: tuple[Place, ...] = ()
    """The findings that weigh most, heaviest first; a bounded list."""
    finished_at: Utc | None = None
    reason: str = ""

    @property
    def unjudged(self) -> frozenset[str]:
        """The kinds of finding that this run cannot call fixed."""
        return frozenset(kind for gap in self.gaps for kind in gap.kinds)


class Budget(Value):
    """At most `calls` in `seconds` to one service, for all sweeps of a tenant together.

    Give half of the published limit at most: it counts in a window that slides, we in one that
    does not, and two of ours touch. Sweeps of one `service` state the same budget. A window is no
    longer than a lease, so that what a killed worker spent is over before the next one begins.
    """

    service: str
    calls: int = Field(ge=1)
    seconds: float = Field(gt=0, le=120)


def added[K, N: (int, float)](one: Mapping[K, N], other: Mapping[K, N]) -> dict[K, N]:
    """Add two tallies, name by name, in the order of the names."""
    names = sorted({*one, *other}, key=str)
    return {name: one.get(name, 0) + other.get(name, 0) for name in names}
