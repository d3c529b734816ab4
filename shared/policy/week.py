"""A time that comes every week: on some days, between two times of somebody's clock."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field
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


type Zone = Annotated[str, AfterValidator(_zone)]


class Weekly(Value):
    """A time of the week."""

    days: Annotated[frozenset[Day], Field(min_length=1)] | None = None
    """Every week: on these days."""
    after: time = time.min
    """Every week: from this time of the day on."""
    before: time | None = None
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
