"""Who is told of what, and when: what `policy.toml` says under `[[notify]]`."""

from __future__ import annotations

from datetime import datetime, time
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from shared.model import Severity, Value
from shared.policy.week import ClockTime, Day, Weekly, Zone, next_time


class Told(StrEnum):
    """What somebody can be told of."""

    CASE_OPENED = "case_opened"
    APPROVAL_WANTED = "approval_wanted"
    ESCALATED = "escalated"
    EXPIRED = "expired"
    NEEDS_PERSON = "needs_person"
    CONTAINED = "contained"
    PROVEN = "proven"
    CLOSED = "closed"
    CAME_BACK = "came_back"
    GUARD_TRIPPED = "guard_tripped"
    GUARD_ABSENT = "guard_absent"
    POISONED = "poisoned"
    SWEEP_REGRESSION = "sweep_regression"


PAGES: Final = frozenset({Told.ESCALATED, Told.CAME_BACK, Told.GUARD_TRIPPED, Told.GUARD_ABSENT})
"""What wakes people unless the policy says otherwise: it gets worse while nobody looks."""


class Quiet(Weekly):
    """Hours in which only pages are sent; the rest waits for their end. Without days: each day."""

    @model_validator(mode="after")
    def _ends(self) -> Self:
        whole_day = self.after == (self.before or time.min)
        if whole_day and (self.days is None or self.days == frozenset(Day)):
            raise PydanticCustomError(
                "quiet",
                "these quiet hours never end; write 'after' and 'before', or name the 'days'",
            )
        return self


class Digest(Value):
    """Once a day, all in one message."""

    at: ClockTime
    """When."""
    zone: Zone = "UTC"
    """Whose clock."""


class Route(Value):
    """What is told to which channels; every entry that fits is followed."""

    channels: Annotated[
        tuple[Annotated[str, StringConstraints(min_length=1)], ...], Field(min_length=1)
    ]
    """Names of channels, as FIREBREAK_CHANNELS has them."""
    events: Annotated[frozenset[Told], Field(min_length=1)] | None = None
    """Which events; without it, all."""
    severity: Annotated[frozenset[Severity], Field(min_length=1)] | None = None
    """Only cases this loud; without it, all."""
    pages: frozenset[Told] = PAGES
    """Events that are sent at any hour and in no digest."""
    quiet: Quiet | None = None
    """Hours in which only pages are sent."""
    digest: Digest | None = None
    """What is no page is collected, and sent once a day."""

    @model_validator(mode="after")
    def _one_delay(self) -> Self:
        if self.quiet and self.digest:
            raise PydanticCustomError(
                "notify", "a digest is sent when it says; leave out 'quiet' or 'digest'"
            )
        return self

    def fits(self, what: Told, severity: Severity) -> bool:
        """Whether this entry speaks of it."""
        events, loud = self.events, self.severity
        return (events is None or what in events) and (loud is None or severity in loud)

    def due(self, what: Told, at: datetime) -> datetime:
        """Tell when it is sent."""
        if what in self.pages:
            return at
        if self.digest:
            return next_time(self.digest.at, self.digest.zone, after=at)
        return self.quiet.over(at) if self.quiet else at

    def collects(self, what: Told) -> bool:
        """Whether it is sent with others in one message."""
        return self.digest is not None and what not in self.pages
