from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lab.errors import BadApp
from lab.host_timers import Schedule
from tests.lab.hosting import Hosted


async def test_a_timer_goes_on_ticking_and_never_overlaps_itself(hosted: Hosted) -> None:
    await hosted.recorded("tick started", times=3)
    starts, ends = hosted.records("tick started"), hosted.records("tick finished")
    for start, end in zip(starts[1:], ends, strict=False):
        assert start["at"] >= end["at"]
    assert not any(start["past_due"] for start in starts)


@pytest.mark.parametrize(
    ("expression", "next_tick"),
    [
        ("*/20 * * * * *", datetime(2026, 3, 1, 12, 0, 40, tzinfo=UTC)),
        ("0 */5 * * * *", datetime(2026, 3, 1, 12, 5, tzinfo=UTC)),
        ("*/5 * * * *", datetime(2026, 3, 1, 12, 5, tzinfo=UTC)),
        ("0 30 9 * * 1-5", datetime(2026, 3, 2, 9, 30, tzinfo=UTC)),
        # Day of the month and day of the week must both fit: Friday the 13th.
        ("0 0 0 13 * 5", datetime(2026, 3, 13, tzinfo=UTC)),
    ],
)
def test_a_schedule_reads_ncrontab(expression: str, next_tick: datetime) -> None:
    moment = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
    assert Schedule(expression).after(moment) == next_tick


@pytest.mark.parametrize("expression", ["banana", "* * *", "0 61 * * * *", "* * * * * * *", ""])
def test_a_schedule_that_is_none_is_refused(expression: str) -> None:
    with pytest.raises(BadApp, match="NCRONTAB"):
        Schedule(expression)
