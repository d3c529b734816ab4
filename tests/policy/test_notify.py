"""Who is told when: hours that are quiet, pages that are not, and a digest once a day."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model import Severity
from shared.policy.notify import PAGES, Digest, Quiet, Route, Told
from shared.policy.reading import PolicyError, load
from shared.policy.week import Day

NIGHT = Quiet(after=time(22), before=time(6), zone="Europe/Berlin")
WEEKEND = Quiet(days=frozenset({Day.SATURDAY, Day.SUNDAY}))
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS, st.sampled_from([NIGHT, WEEKEND]))
def test_what_waits_for_the_end_of_quiet_hours_is_sent_the_moment_they_end(
    at: datetime, quiet: Quiet
) -> None:
    route = Route(channels=("team",), quiet=quiet)
    due = route.due(Told.CONTAINED, at)
    assert due >= at
    assert not quiet.in_week(due)
    assert due == at or quiet.in_week(due - timedelta(microseconds=1))
    assert all(route.due(page, at) == at for page in PAGES)


def test_a_night_is_quiet_by_the_clocks_of_its_own_zone() -> None:
    late = datetime(2026, 11, 23, 21, 30, tzinfo=UTC)
    assert NIGHT.over(late) == datetime(2026, 11, 24, 5, tzinfo=UTC)
    assert NIGHT.over(late - timedelta(hours=2)) == late - timedelta(hours=2)


@given(MOMENTS)
def test_a_digest_is_due_at_its_time_within_a_day_and_takes_no_page(at: datetime) -> None:
    route = Route(channels=("team",), digest=Digest(at=time(8), zone="Europe/Berlin"))
    due = route.due(Told.CONTAINED, at)
    assert timedelta(0) < due - at <= timedelta(hours=25)
    assert route.collects(Told.CONTAINED)
    assert not route.collects(Told.CAME_BACK)


def test_an_entry_speaks_of_its_events_and_its_severities_only() -> None:
    route = Route(
        channels=("team",),
        events=frozenset({Told.CONTAINED}),
        severity=frozenset({Severity.HIGH}),
    )
    assert route.fits(Told.CONTAINED, Severity.HIGH)
    assert not route.fits(Told.CONTAINED, Severity.LOW)
    assert not route.fits(Told.CLOSED, Severity.HIGH)


def test_a_channel_that_nobody_configured_is_named_with_its_line() -> None:
    text = 'version = 1\n[[notify]]\nchannels = [\n  "team",\n  "tean",\n]\n'
    with pytest.raises(PolicyError) as caught:
        load(text, responders={}, channels=frozenset({"team"}))
    found = [p for p in caught.value.problems if "FIREBREAK_CHANNELS" in p.sentence]
    assert [(p.line, "did you mean 'team'" in p.sentence) for p in found] == [(5, True)]
