from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model import Foothold, TaskState
from shared.pages.axis import Axis, axis
from shared.pages.timeline import GUTTER, ROW, WIDTH, Drawing, timeline
from tests.pages import stories
from tests.pages.stories import STORIES, ZERO, alert, case, task

SECONDS = st.floats(-86_400, 7 * 86_400, allow_nan=False)
ROOM = WIDTH - GUTTER


@given(st.sets(SECONDS, max_size=60))
def test_every_moment_lies_within_the_drawing_and_in_order(moments: set[float]) -> None:
    moments = moments | {0.0}
    time = axis(ZERO, moments, ROOM)
    places = [time.x(moment) for moment in sorted(moments)]
    assert places == sorted(places)
    assert all(0 <= place <= ROOM + 0.01 for place in places)
    assert all(0 <= tick.x <= ROOM + 0.01 for tick in time.ticks())
    assert len(time.ticks()) < 40


@given(st.sets(SECONDS, min_size=1, max_size=60))
def test_ticks_leave_room_for_their_labels(moments: set[float]) -> None:
    places = sorted(tick.x for tick in axis(ZERO, moments | {0.0}, ROOM).ticks())
    assert all(after - before >= 80 for before, after in pairwise(places))


def test_200_milliseconds_are_seen_beside_seven_days() -> None:
    time = axis(ZERO, {0.0, 0.2, 1.0, 86_400.0, 604_800.0}, ROOM)
    assert time.x(0.2) - time.x(0) > 20
    assert [gap.said for gap in time.breaks()] == ["23 h 59 min", "6 d"]


def test_events_at_a_steady_pace_are_not_broken_up() -> None:
    assert axis(ZERO, {float(n) for n in range(0, 3600, 60)}, ROOM).breaks() == ()


def test_one_moment_alone_is_drawn() -> None:
    time = axis(ZERO, {0.0}, ROOM)
    assert [(tick.after, tick.wall) for tick in time.ticks()] == [("0", "02:58:41")]


def test_stretches_share_one_scale_so_that_lengths_can_be_compared() -> None:
    time: Axis = axis(ZERO, {0.0, 1.0, 5000.0, 5001.0}, ROOM)
    assert time.x(1) - time.x(0) == pytest.approx(time.x(5001) - time.x(5000), abs=0.05)


@pytest.mark.parametrize("name", STORIES)
def test_rows_do_not_overlap_and_stay_inside(name: str) -> None:
    drawing = timeline(STORIES[name]().view())
    tops = [strip.y for lane in drawing.lanes for strip in lane.strips]
    assert all(below - above >= ROW for above, below in pairwise(tops))
    assert tops[-1] + ROW <= drawing.height
    for bar in (bar for lane in drawing.lanes for s in lane.strips for bar in s.bars):
        assert 0 <= bar.x <= bar.x + bar.width <= WIDTH - GUTTER + 0.1


def lane(drawing: Drawing, name: str) -> list[str]:
    return [strip.full for found in drawing.lanes if found.name == name for strip in found.strips]


def test_each_phase_and_the_footholds_have_their_lane() -> None:
    drawing = timeline(stories.contained().view())
    assert lane(drawing, "Evict") == ["Disable inbox rules", "Stop forwarding"]
    assert len(lane(drawing, "Contain")) == 4
    assert "hidden inbox rule “Sync helper”" in lane(drawing, "Footholds")


def test_a_foothold_lives_until_it_was_removed() -> None:
    drawing = timeline(stories.contained().view())
    (strip,) = (
        s for found in drawing.lanes for s in found.strips if s.full.startswith("The password")
    )
    alive, dying = strip.bars
    assert (alive.kind, dying.kind) == ("alive", "dying")
    assert alive.x + alive.width == pytest.approx(dying.x, abs=0.1)


def test_a_foothold_that_was_not_removed_runs_to_the_end() -> None:
    drawing = timeline(stories.observed().view())
    strips = [s for found in drawing.lanes if found.name == "Footholds" for s in found.strips]
    assert {bar.kind for strip in strips for bar in strip.bars} == {"alive"}


def test_a_case_without_tasks_or_alerts_is_drawn() -> None:
    bare = stories.Story(case(), (), (), (), ZERO)
    assert [found.name for found in timeline(bare.view()).lanes] == ["Alerts"]


def test_a_crowd_of_footholds_is_counted_not_dropped() -> None:
    many = tuple(Foothold(kind="consent", label=f"App {n}") for n in range(60))
    crowd = task("stop_forwarding", footholds=many, state=TaskState.CLAIMED)
    drawing = timeline(replace(stories.running(), tasks=(crowd,)).view())
    (footholds,) = (found for found in drawing.lanes if found.name == "Footholds")
    assert footholds.more == "and 36 more, listed below"


def test_a_long_or_reversing_name_is_shortened_and_unmasked() -> None:
    drawing = timeline(replace(stories.contained(), alerts=(alert(title="\u202e" * 90),)).view())
    (label,) = (strip.label for strip in drawing.lanes[0].strips)
    assert label.startswith("[U+202E]")
    assert len(label) <= 31
