from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.pages import times

AT = datetime(2026, 3, 17, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "200 ms"),
        (1.34, "1.3 s"),
        (59.4, "59 s"),
        (59.9, "1 min"),
        (90, "1 min 30 s"),
        (3600, "1 h"),
        (3905, "1 h 5 min"),
        (604_800, "7 d"),
        (90_000, "1 d 1 h"),
        (-372, "-6 min 12 s"),
    ],
)
def test_a_duration_has_two_units_at_most(seconds: float, said: str) -> None:
    assert times.duration(seconds) == said


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (0.3, "now"),
        (42, "42 s ago"),
        (3000, "50 min ago"),
        (10_800, "3 h ago"),
        (-2520, "in 42 min"),
        (259_200, "3 d ago"),
    ],
)
def test_relative_times_have_one_unit(ago: float, said: str) -> None:
    assert times.relative(AT - timedelta(seconds=ago), AT) == said


def test_another_day_is_said_with_its_date() -> None:
    assert times.clock(AT, AT) == "12:00:00 UTC"
    assert times.clock(AT - timedelta(days=1), AT) == "2026-03-16 12:00:00 UTC"
    assert times.precise(AT - timedelta(days=1), AT) == "2026-03-16 12:00:00.000"


def test_a_limit_is_rounded_up_to_the_minute() -> None:
    assert times.minute(AT + timedelta(milliseconds=1), AT) == "12:01 UTC"
    assert times.minute(AT, AT) == "12:00 UTC"


def test_times_are_said_in_utc_wherever_they_come_from() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=9)))
    assert times.clock(elsewhere, AT) == "12:00:00 UTC"
    assert times.machine(elsewhere) == "2026-03-17T12:00:00.000Z"
    assert times.full(elsewhere) == "2026-03-17 12:00:00 UTC"
