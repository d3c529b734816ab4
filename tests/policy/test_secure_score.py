from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clients.secure_scores import (
    Control,
    ControlScore,
    ControlState,
    DayScore,
    newest_state,
)
from shared.policy.secure_score import Board, Since, Span, board

TODAY = date(2026, 11, 23)


def control(name: str, maximum: float = 10.0, **more: Any) -> Control:
    told: dict[str, Any] = {
        "category": "Identity",
        "service": "AzureAD",
        "rank": 1,
        "cost": "Low",
        "impact": "Low",
        "tier": "Core",
        "deprecated": False,
        "state": ControlState.OPEN,
        "state_at": None,
        "threats": (),
        "remediation": "",
        "url": "",
    }
    return Control(id=name, title=f"The {name}", maximum=maximum, **{**told, **more})


def day(ago: int, maximum: float = 20.0, **points: float) -> DayScore:
    controls = {name: ControlScore(points=p, category="Identity") for name, p in points.items()}
    return DayScore(
        day=TODAY - timedelta(days=ago),
        points=sum(points.values()),
        maximum=maximum,
        controls=controls,
        averages={},
    )


def judged(*days: DayScore, controls: tuple[Control, ...] = ()) -> Board:
    found = board(days, controls or (control("door"), control("gate")), TODAY)
    assert found is not None
    return found


def over(span: Span, found: Board) -> Since:
    (one,) = [since for since in found.since if since.span is span]
    return one


def test_without_a_day_nothing_is_said() -> None:
    assert board([], [control("door")], TODAY) is None


def test_a_maximum_that_rose_is_nobodys_loss() -> None:
    found = judged(day(1, maximum=20, door=10), day(0, maximum=40, door=10, gate=0))
    last = over(Span.LAST, found)
    assert (last.change, last.moved, last.new) == (-25.0, (), ("gate",))
    assert found.lost == ()


def test_a_control_that_lost_points_is_named_and_stays_lost_until_it_is_made_good() -> None:
    days = [day(200, door=10), *(day(ago, door=5) for ago in range(100, 0, -1)), day(0, door=5)]
    found = judged(*days)
    assert [(m.control, m.was, m.becomes) for m in found.lost] == [("door", 100.0, 50.0)]
    assert over(Span.MONTH, found).moved == ()
    assert judged(*days, day(-1, door=10)).lost == ()


def test_spans_look_back_to_the_last_day_that_lies_that_far_and_say_which() -> None:
    found = judged(day(40, door=0), day(9, door=5), day(2, door=5), day(0, door=10))
    days = {since.span: since.day for since in found.since}
    assert days[Span.LAST] == TODAY - timedelta(days=2)
    assert days[Span.WEEK] == TODAY - timedelta(days=9)
    assert days[Span.MONTH] == TODAY - timedelta(days=40)
    assert over(Span.MONTH, found).change == 50.0


def test_what_lies_before_the_first_day_is_unknown_and_not_nothing() -> None:
    week = over(Span.WEEK, judged(day(1, door=5), day(0, door=5)))
    assert (week.day, week.change) == (None, None)


@pytest.mark.parametrize(
    ("state", "there"),
    [
        (ControlState.OPEN, True),
        (ControlState.PLANNED, True),
        (ControlState.UNKNOWN, True),
        (ControlState.RISK_ACCEPTED, False),
        (ControlState.THIRD_PARTY, False),
        (ControlState.ALTERNATIVE, False),
    ],
)
def test_what_was_decided_about_is_no_next_step(state: ControlState, *, there: bool) -> None:
    found = judged(day(0, door=0), controls=(control("door", state=state),))
    assert bool(found.steps) is there


def test_a_control_of_the_past_or_done_is_no_next_step() -> None:
    controls = (control("door", deprecated=True), control("gate"))
    assert judged(day(0, door=0, gate=10), controls=controls).steps == ()


def test_steps_are_ranked_by_points_per_effort_and_then_by_microsofts_rank() -> None:
    controls = (
        control("dear", 12.0, cost="High", impact="High"),
        control("cheap", 6.0),
        control("second", 6.0, rank=2),
        control("silent", 12.0, cost="", impact=""),
    )
    found = judged(day(0, dear=0, cheap=0, second=0, silent=0), controls=controls)
    assert [step.control for step in found.steps] == ["cheap", "second", "dear", "silent"]
    assert [step.stated for step in found.steps] == [True, True, True, False]


def test_the_first_five_steps_together_say_what_the_score_would_be() -> None:
    controls = tuple(control(f"c{number}") for number in range(7))
    found = judged(day(0, maximum=70, **{c.id: 0.0 for c in controls}), controls=controls)
    assert (found.together.points, len(found.together.controls)) == (50.0, 5)
    assert found.together.share == pytest.approx(100 * 50 / 70)


def test_defenders_own_controls_are_marked_as_ones_that_take_no_state() -> None:
    found = judged(day(0, scid_7=0.0), controls=(control("scid_7"),))
    assert [step.updatable for step in found.steps] == [False]


def test_an_average_that_microsoft_does_not_know_is_unknown() -> None:
    score = day(0, door=10).model_copy(update={"averages": {"AllTenants": 40.0, "Seats": None}})
    found = {one.basis: (one.average, one.ahead) for one in judged(score).comparisons}
    assert found == {"AllTenants": (40.0, 10.0), "Seats": (None, None)}


def test_a_score_without_a_new_day_is_called_out_of_date() -> None:
    assert judged(day(4, door=1)).stale
    assert not judged(day(3, door=1)).stale


@given(st.permutations(range(4)))
def test_the_newest_update_of_a_state_wins_in_any_order(order: list[int]) -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    states = ["Default", "Ignored", "ThirdParty", "Reviewed"]
    updates = [
        {"state": states[n], "updatedDateTime": (noon + timedelta(hours=n)).isoformat()}
        for n in order
    ]
    undated = {"state": "Ignored", "updatedDateTime": None}
    assert newest_state([undated, *updates])[0] is ControlState.ALTERNATIVE


def test_a_state_that_nobody_knows_is_unknown_and_no_update_is_open() -> None:
    assert newest_state([{"state": "Quantum"}])[0] is ControlState.UNKNOWN
    assert newest_state([]) == (ControlState.OPEN, None)


@given(
    st.lists(
        st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 10), min_size=1),
        min_size=1,
        max_size=8,
    )
)
def test_no_share_leaves_nought_to_a_hundred_and_days_come_in_any_order(
    history: list[dict[str, float]],
) -> None:
    days = [day(ago, maximum=60.0, **points) for ago, points in enumerate(history)]
    controls = tuple(control(name) for name in "abcdef")
    found = board(days, controls, TODAY)
    assert found == board(days[::-1], controls, TODAY)
    assert found is not None
    shares = [found.whole.share, *(c.share for c in found.categories), *found.shares.values()]
    assert all(share is None or -1e-6 <= share <= 100 + 1e-6 for share in shares)
