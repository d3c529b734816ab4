"""Freezes hold when they say, and nothing else can be written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model import Mode
from shared.policy.limits import Freeze
from shared.policy.reading import PolicyError, load
from shared.policy.week import Day
from tests.policy.test_document import GOOD, TRAITS

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
ONCE = 'name = "move"\nstarts = 2026-11-23T10:00:00+01:00\nends = 2026-11-23T12:00:00+01:00\n'
NIGHT = (
    'name = "night"\ndays = ["mon"]\nafter = "22:00"\nbefore = "06:00"\nzone = "Europe/Berlin"\n'
)


def freeze(text: str) -> Freeze:
    (found,) = load(f"{GOOD}[[freeze]]\n{text}", responders=TRAITS).freezes
    return found


@pytest.mark.parametrize(
    ("text", "hour", "holds"),
    [
        (ONCE, 8, False),
        (ONCE, 9, True),
        (ONCE, 10, True),
        (ONCE, 11, False),
        (NIGHT, 20, False),
        (NIGHT, 21, True),
        (NIGHT, 24 + 4, True),
        (NIGHT, 24 + 5, False),
        (NIGHT, 24 + 21, False),
        (NIGHT, 2, False),
        ('name = "all day"\ndays = ["mon"]\n', 0, True),
        ('name = "all day"\ndays = ["mon"]\n', 23, True),
        ('name = "all day"\ndays = ["mon"]\n', 24, False),
        ('name = "office"\ndays = ["mon"]\nafter = "09:00"\nbefore = "17:00"\n', 9, True),
        ('name = "office"\ndays = ["mon"]\nafter = "09:00"\nbefore = "17:00"\n', 17, False),
    ],
)
def test_a_freeze_holds_when_it_says(text: str, hour: int, *, holds: bool) -> None:
    assert freeze(text).holds(MONDAY + timedelta(hours=hour)) is holds


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001 - made aware below
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]),
)
def test_a_week_of_nights_and_a_week_of_days_leave_no_gap_and_no_overlap(
    at: datetime, zone: str
) -> None:
    every = frozenset(Day)
    day = Freeze(name="day", days=every, after="06:00", before="22:00", zone=zone)
    night = Freeze(name="night", days=every, after="22:00", before="06:00", zone=zone)
    moment = at.replace(tzinfo=ZoneInfo(zone))
    assert day.holds(moment) is not night.holds(moment)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('name = "x"\n', "either"),
        ('name = "x"\nstarts = 2026-11-23T10:00:00Z\n', "either"),
        (f'{ONCE}days = ["mon"]\n', "either"),
        (ONCE.replace("T12", "T09"), "swap"),
        (ONCE.replace("+01:00", ""), "timezone"),
        ('name = "x"\ndays = ["monday"]\n', "mon"),
        ('name = "x"\ndays = ["mon"]\nzone = "Berlin"\n', "no time zone"),
        ('name = "x"\ndays = ["mon"]\nuntil = "10:00"\n', "unknown key 'until'"),
        ('name = "x"\ndays = ["mon"]\nafter = 3600\n', "no time of the day"),
        ('name = "x"\ndays = ["mon"]\nafter = "08:00+05:00"\n', "whose clock"),
        ('name = "x"\ndays = ["mon"]\nbefore = "25:00"\n', "no time of the day"),
        ('name = "x"\ndays = ["mon"]\nmode = "enforce"\n', "holds nothing back"),
        ('name = "x"\nstarts = 1\nends = 2\n', "no moment"),
        (f'{ONCE}zone = "Europe/Berlin"\n', "'zone' means nothing"),
        (f'{ONCE}after = "08:00"\n', "'after' means nothing"),
    ],
)
def test_a_freeze_that_says_nothing_clear_is_a_mistake(text: str, said: str) -> None:
    with pytest.raises(PolicyError, match=said):
        freeze(text)


def test_the_brakes_have_careful_defaults() -> None:
    guards = load(GOOD, responders=TRAITS).guards
    assert guards.stale_hours == 72
    assert (guards.radius.per_hour, guards.radius.per_day) == (20, 60)
    assert guards.burst.cases == 10


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("guards.radius.per_hour = 0", "greater than or equal to 1"),
        ("guards.radius.per_hour = 100000", "less than or equal to"),
        ("guards.radius.per_week = 3", "unknown key 'per_week'"),
        ("guards.radius.kinds = {spam = 3}", "spam"),
        ("guards.burst.seconds = 3", "did you mean|use one of"),
        ("guards.stale_hours = 'never'", "stale_hours"),
        ("guards.radius.share_per_hour = true", "must be a number"),
        ("guards.radius.share_per_hour = '5'", "must be a number"),
    ],
)
def test_a_mistake_in_a_brake_is_named(line: str, said: str) -> None:
    with pytest.raises(PolicyError, match=said):
        load(GOOD.replace("version = 1\n", f"version = 1\n{line}\n"), responders=TRAITS)


def test_a_freeze_that_asks_is_the_default() -> None:
    assert freeze(ONCE).mode is Mode.APPROVE
