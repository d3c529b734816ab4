"""What the posture pages count and draw."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.model import Severity, TenantId
from shared.pages.chart import HEIGHT, WIDTH, chart
from shared.pages.posture_runs import finding_view, sweep_row
from shared.pages.posture_view import as_csv, open_trend, sweep_month
from shared.posture import Counts, Finding, Gap, Held, Run, RunId, RunState, SweepName

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NAME = SweepName("mfa_coverage")
DAY = date(2026, 11, 1)


def run(days_ago: int, state: RunState = RunState.COMPLETE, **wish: object) -> Run:
    at = NOON - timedelta(days=days_ago)
    fields = {"id": RunId(f"{days_ago:032x}"), "tenant": TenantId("t"), "sweep": NAME}
    more = {"asked_by": "timer", "started_at": at, "due": at, "state": state}
    return Run.model_validate({**fields, **more, **wish})


def test_a_day_of_which_nothing_is_known_is_a_hole_and_no_zero() -> None:
    days = [(DAY + timedelta(days=n), value) for n, value in enumerate([10.0, None, 20.0])]
    found = chart(days, title="Score", unit="%")
    assert found is not None
    assert (len(found.lines), len(found.dots), found.holes) == (2, 2, 1)
    assert found.rows[1] == ("2026-11-02", "unknown")


def test_where_nothing_is_known_nothing_is_drawn() -> None:
    assert chart([(DAY, None)], title="Score", unit="%") is None
    assert chart([], title="Score", unit="%") is None


@given(st.lists(st.none() | st.floats(0, 1e6), min_size=1, max_size=60))
def test_every_point_lies_within_the_drawing(values: list[float | None]) -> None:
    days = [(DAY + timedelta(days=n), value) for n, value in enumerate(values)]
    found = chart(days, title="x", unit="y")
    if found is not None:
        assert len(found.dots) == sum(value is not None for value in values)
        assert all(0 <= dot.x <= WIDTH and 0 <= dot.y <= HEIGHT for dot in found.dots)


def test_a_month_counts_what_came_to_an_end_and_tells_what_was_not_looked_at() -> None:
    row = sweep_row(NAME, "x", timedelta(days=1), None)
    gap = Gap(kinds=frozenset({"x"}), reason="no licence")
    history = [
        run(1, RunState.FAILED, counts=Counts(new=50)),
        run(2, RunState.PARTIAL, counts=Counts(open=3, new=1, fixed=2), gaps=(gap,)),
        run(20, counts=Counts(open=4, new=4)),
        run(40, counts=Counts(open=9, new=9)),
    ]
    month = sweep_month(row, history, NOON)
    assert (month.open, month.new, month.fixed, month.was) == (3, 5, 2, 4)
    assert month.partial == ("no licence",)


def test_a_sweep_that_never_came_to_an_end_has_no_number() -> None:
    row = sweep_row(NAME, "x", timedelta(days=1), None)
    assert sweep_month(row, [run(1, RunState.FAILED)], NOON).open is None


def test_a_run_that_was_given_up_is_a_hole_in_the_trend() -> None:
    found = open_trend([run(1), run(2, RunState.FAILED), run(3, counts=Counts(open=7))])
    assert found is not None
    assert found.holes == 1


@given(st.text(max_size=40))
def test_no_cell_of_the_csv_begins_as_a_formula(title: str) -> None:
    held = Held(
        id=Finding(kind="k", subject="s", title=title, severity=Severity.LOW).id(NAME),
        sweep=NAME,
        finding=Finding(kind="k", subject="s", title=title, severity=Severity.LOW),
        first_seen=NOON,
        first_run=RunId("r"),
        run=RunId("r"),
    )
    text = as_csv([finding_view(held, "=advice", NOON)])
    _, row = list(csv.reader(io.StringIO(text, newline="")))
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)
    assert title in {row[3], row[3][1:]}


def test_a_drawing_is_named_and_described_and_its_words_are_escaped() -> None:
    from shared.pages.render import Pages

    template = Pages()._templates.get_template("posture_parts.html")
    days = [(DAY + timedelta(days=n), float(n)) for n in range(9)]
    drawn = template.make_module().__dict__["drawn"]
    html = str(drawn(chart(days, title="A & B", unit="%"), "x"))
    assert html.count("<circle") == html.count("</circle>") == 9
    assert '<title id="x-name">A &amp; B</title><desc' in html
