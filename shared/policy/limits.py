"""How much may happen, and when: what `policy.toml` says under `[guards]` and `[[freeze]]`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final, Self

from pydantic import AwareDatetime, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from shared.model import AlertKind, Mode, Value, Wait
from shared.policy.week import Weekly

MOST: Final = 1000
"""Cases a day beyond which nobody could still look at each."""

_OF_THE_WEEK: Final = ("after", "before", "zone")


def _instant(said: object) -> object:
    """Take a moment as it is written; a number of seconds is nothing that a person reads."""
    if not isinstance(said, str | datetime):
        raise PydanticCustomError(
            "instant", "this is no moment; write one like 2026-12-24T18:00:00+01:00"
        )
    return said


type Instant = Annotated[AwareDatetime, BeforeValidator(_instant)]
type Count = Annotated[int, Field(strict=True, ge=1, le=MOST)]


class Radius(Value):
    """How many accounts may be acted on without a person, over all workers together."""

    per_hour: Count = 20
    """Cases in any 60 minutes; above it everything waits for approval."""
    per_day: Count = 60
    """Cases in any 24 hours."""
    share_per_hour: Annotated[float, Field(strict=True, gt=0, le=100)] | None = None
    """The same in any 60 minutes as per cent of the directory's accounts."""
    at_least: Count = 5
    """What the share never falls below, so that a small directory is protected too."""
    kinds: dict[AlertKind, Count] = {}  # noqa: RUF012 - pydantic copies it
    """Cases of one kind of alert in any 60 minutes."""


class Burst(Value):
    """When one rule that opens many cases at once is taken for a false-alarm storm."""

    cases: Count = 10
    """New cases of one rule within `minutes` that trip it."""
    minutes: Annotated[int, Field(strict=True, ge=1, le=1440)] = 10
    """The time looked at."""
    hold_minutes: Annotated[int, Field(strict=True, ge=1, le=10080)] = 60
    """How long the rule then only asks, counted from its last new case; a person may end it."""


class Guards(Value):
    """How far the tool goes where a guard stands in its way."""

    privileged: Mode = Mode.APPROVE
    """The furthest it goes for an account that holds a directory role."""
    four_eyes: Annotated[bool, Field(strict=True)] = True
    """Whether a change to such an account takes the yes of two different people."""
    stale_hours: Annotated[int, Field(strict=True, ge=1, le=8760)] = 72
    """An alert about something older than this is not acted on without a person, and nothing rests
    on a start of the compromise that is older before the case and that only an alert named."""
    radius: Radius = Radius()
    """The blast radius."""
    burst: Burst = Burst()
    """The false-alarm storm."""


class Approvals(Value):
    """How long a change waits for a person; at most the six days a message can be on its way."""

    escalate_after_minutes: Annotated[int, Field(strict=True, ge=1, le=8640)] = 30
    """When somebody else is told."""
    expire_after_hours: Annotated[int, Field(strict=True, ge=1, le=144)] = 24
    """When it is given up, and a person has to look."""

    @property
    def escalates(self) -> bool:
        """Whether somebody else is told before it is given up."""
        return self.escalate_after_minutes < self.expire_after_hours * 60

    def wait(self, at: datetime) -> Wait:
        """Begin to wait."""
        return Wait(
            since=at,
            escalate_at=at + timedelta(minutes=self.escalate_after_minutes),
            expires_at=at + timedelta(hours=self.expire_after_hours),
        )


class Retention(Value):
    """How long what was collected about people is kept."""

    evidence_days: Annotated[int, Field(strict=True, ge=0, le=3650)] = 180
    """Days after which the evidence of a settled case is erased; 0 keeps it for good."""
    raw_days: Annotated[int, Field(strict=True, ge=0, le=3650)] = 180
    """Days after which the body of an alert as it came in is erased, and with it all of an alert
    that opened no case; 0 keeps them for good."""
    case_days: Annotated[int, Field(strict=True, ge=0, le=3650)] = 1095
    """Days after which all that a settled case says is erased (whom it was about, its alerts, what
    was changed), but not that there was one; 0 keeps it for good."""


class Sweeping(Value):
    """What the sweeps of the tenant tell people at once."""

    score_drop: Annotated[float, Field(strict=True, gt=0, le=100)] = 2.0
    """Percentage points that Secure Score may lose since the day before; from there on it is a
    finding, and somebody is told."""


class Freeze(Weekly):
    """A time in which nothing goes further than `mode`: once, or every week."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    """What the case calls it."""
    mode: Mode = Mode.APPROVE
    """The furthest anything goes meanwhile."""
    starts: Instant | None = None
    """Once: from this moment, with its offset from UTC."""
    ends: Instant | None = None
    """Once: until this moment."""

    @model_validator(mode="after")
    def _once_or_weekly(self) -> Self:
        once = self.starts is not None and self.ends is not None
        if once is (self.days is not None) or (self.starts is None) is not (self.ends is None):
            raise PydanticCustomError(
                "freeze", "a freeze has either 'starts' and 'ends', or 'days'; write one of them"
            )
        if once and (idle := [key for key in _OF_THE_WEEK if key in self.model_fields_set]):
            raise PydanticCustomError(
                "freeze",
                "'{key}' means nothing beside 'starts' and 'ends', which say their offset; "
                "leave it out",
                {"key": idle[0]},
            )
        if self.mode is Mode.ENFORCE:
            raise PydanticCustomError(
                "freeze", "a freeze up to 'enforce' holds nothing back; write approve or observe"
            )
        if self.starts and self.ends and self.ends <= self.starts:
            raise PydanticCustomError("freeze", "'ends' is not after 'starts'; swap them")
        return self

    def holds(self, at: datetime) -> bool:
        """Whether it is in force at a moment."""
        if self.starts and self.ends:
            return self.starts <= at < self.ends
        return self.days is not None and self.in_week(at)
