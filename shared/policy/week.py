"""A time that comes every week: on some days, between two times of somebody's clock."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from shared.model import Value


class Day(StrEnum):
    """A day of the week, Monday first as `datetime.weekday` counts."""

    MONDAY = "mon"
    TUESDAY = "tue"
    WEDNESDAY = "wed"
    THURSDAY = "thu"
    FRIDAY = "fri"
    SATURDAY = "sat"
    SUNDAY = "sun"


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise PydanticCustomError(
            "zone", "'{name}' is no time zone; use one like 'Europe/Berlin'", {"name": name}
        ) from error
    return name


def _clock(said: object) -> object:
    """Take a time of the day; a number is none, and whose clock it is says `zone` alone."""
    found = time.fromisoformat(said) if isinstance(said, str) and _HOURS.fullmatch(said) else said
    if not isinstance(found, time) or found.tzinfo is not None:
        raise PydanticCustomError(
            "clock",
            "this is no time of the day; write one like \"22:00\", and whose clock it is as 'zone'",
        )
    return found


_HOURS: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?")
type Zone = Annotated[str, AfterValidator(_zone)]
type ClockTime = Annotated[
    time,
    BeforeValidator(_clock),
    WithJsonSchema({"type": "string", "pattern": f"^{_HOURS.pattern}$"}),
]


class Weekly(Value):
    """A time of the week."""

    days: Annotated[frozenset[Day], Field(min_length=1)] | None = None
    """Every week: on these days."""
    after: ClockTime = time.min
    """Every week: from this time of the day on."""
    before: ClockTime | None = None
    """Every week: until this time; one that is not later than `after` is on the next day."""
    zone: Zone = "UTC"
    """Every week: whose clock."""

    def in_week(self, at: datetime) -> bool:
        """Whether a moment lies in it; without days each day is one."""
        here = at.astimezone(ZoneInfo(self.zone))
        clock, today = here.time(), here.weekday()
        over_night = self.before is not None and self.before <= self.after
        if self._on(today) and clock >= self.after:
            return over_night or self.before is None or clock < self.before
        return (
            over_night and self._on(today - 1) and self.before is not None and clock < self.before
        )

    def over(self, at: datetime) -> datetime:
        """Tell when it is over: `at` itself where it does not hold, at most eight days on."""
        end = at
        for _ in range(8):
            if not self.in_week(end):
                return end
            end = next_time(self.before or time.min, self.zone, after=end)
        return end

    def _on(self, weekday: int) -> bool:
        return self.days is None or tuple(Day)[weekday % 7] in self.days


def next_time(clock: time, zone: str, *, after: datetime) -> datetime:
    """Find the next moment at which a zone's clocks show this time."""
    here = after.astimezone(ZoneInfo(zone))
    then = datetime.combine(here.date(), clock, tzinfo=here.tzinfo)
    if then <= here:
        then = datetime.combine(here.date() + timedelta(days=1), clock, tzinfo=here.tzinfo)
    return then.astimezone(after.tzinfo)
