"""Lay out the drawn timeline of a case. Pure: the template `timeline.svg` only draws it.

One row per alert, task and foothold. A foothold's line ends where it died, so that what is still
alive is seen to run on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from shared.model import Phase, Value
from shared.pages.axis import Axis, Break, Tick, axis
from shared.pages.choices import ALIVE
from shared.pages.text import visible
from shared.pages.times import duration
from shared.pages.values import AlertLine, CaseView, FootholdFound, IntruderClock, TaskLine
from shared.pages.words import named, sign

WIDTH: Final = 1000.0
GUTTER: Final = 236.0
"""Pixels for the names of the rows."""
ROW: Final = 22.0
_TOP: Final = 54.0
_LANE: Final = 26.0
_LETTERS: Final = 31
_MOST: Final = 24
"""Rows of one lane; what is more is counted, and stands in the tables."""
_THIN: Final = 2.0
_GAP: Final = 4.0


class Bar(Value):
    """A stretch of time in a row; `kind` is its look."""

    x: float
    width: float
    kind: str


class Mark(Value):
    """A moment in a row: the shape and tone of a state."""

    x: float
    shape: str
    tone: str


class Strip(Value):
    """A row as drawn."""

    label: str
    full: str
    y: float
    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]


class Lane(Value):
    """Rows that belong together."""

    name: str
    y: float
    strips: tuple[Strip, ...]
    more: str = ""


class Drawing(Value):
    """The whole timeline, in pixels."""

    title: str
    description: str
    width: float
    height: float
    gutter: float
    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    breaks: tuple[Break, ...]
    now: float | None
    """Where the present is drawn, while something goes on."""


class _Row(Value):
    """A row in seconds after zero. `spans` are start, end and look."""

    label: str
    spans: tuple[tuple[float, float, str], ...] = ()
    points: tuple[tuple[float, str, str], ...] = ()


_OPENED: Final = _Row(label="Case opened", points=((0.0, "mark", "busy"),))

type _After = Callable[[datetime], float]


def timeline(view: CaseView) -> Drawing:
    """Lay out a case's timeline."""

    def after(moment: datetime) -> float:
        return (moment - view.first_alert_at).total_seconds()

    lanes = [(name, rows) for name, rows in _lanes(view, after) if rows]
    moments = {0.0, *(m for _, rows in lanes for row in rows for m in _moments(row))}
    if view.refresh_s is not None:
        moments.add(after(view.at))
    time = axis(view.first_alert_at, moments, WIDTH - GUTTER)
    drawn = tuple(_placed(lanes, time))
    bottom = drawn[-1].y + _LANE + ROW * (len(drawn[-1].strips) + bool(drawn[-1].more))
    return Drawing(
        title="Timeline of the case",
        description=_description(view, max(moments) - min(moments)),
        width=WIDTH,
        height=bottom + 6,
        gutter=GUTTER,
        lanes=drawn,
        ticks=time.ticks(),
        breaks=time.breaks(),
        now=time.x(after(view.at)) if view.refresh_s is not None else None,
    )


def _description(view: CaseView, span: float) -> str:
    alive = sum(found.fate in ALIVE for found in view.footholds)
    return (
        f"Alerts: {len(view.alerts)}, tasks: {len(view.tasks)}, footholds: {len(view.footholds)}, "
        f"of which may still live: {alive}; over {duration(span)}. The journal below says the same."
    )


def _lanes(view: CaseView, after: _After) -> Iterable[tuple[str, list[_Row]]]:
    end = max(after(moment) for moment in _known(view))
    yield "Alerts", [_alert_row(alert, after) for alert in view.alerts] or [_OPENED]
    for phase in Phase:
        tasks = [task for task in view.tasks if task.phase is phase]
        yield phase.capitalize(), [_task_row(task, after, end) for task in tasks]
    yield "Footholds", [_foothold_row(found, after, end) for found in view.footholds]
    yield "Access tokens already issued", list(_token_rows(view.clock, after))


def _known(view: CaseView) -> Iterable[datetime]:
    """List the moments up to which something is known."""
    yield view.first_alert_at
    yield from (line.at for line in view.happened)
    for task in view.tasks:
        yield from (m for m in (task.created_at, task.applied_at, task.finished_at) if m)
    if view.refresh_s is not None:
        yield view.at


def _alert_row(alert: AlertLine, after: _After) -> _Row:
    received = after(alert.received_at)
    arrival = (received, "mark", "busy")
    if alert.occurred_at_is_receipt:
        return _Row(label=alert.title, points=(arrival,))
    occurred = after(alert.occurred_at)
    return _Row(
        label=alert.title,
        spans=(_span(occurred, received, "unseen"),),
        points=((occurred, "ring", "busy"), arrival),
    )


def _task_row(task: TaskLine, after: _After, end: float) -> _Row:
    created = after(task.created_at)
    begun = after(task.started_at) if task.started_at else None
    applied = after(task.applied_at) if task.applied_at else None
    ended = after(task.finished_at) if task.finished_at else end
    spans = [_span(created, ended if begun is None else begun, "queued")]
    if begun is not None:
        spans.append(_span(begun, ended if applied is None else applied, "change"))
    if applied is not None:
        spans.append(_span(applied, ended, "proof"))
    _, tone, shape = sign(task.state)
    return _Row(label=named(task.responder), spans=tuple(spans), points=((ended, shape, tone),))


def _foothold_row(found: FootholdFound, after: _After, end: float) -> _Row:
    _, tone, shape = sign(found.fate)
    died = after(found.died_at) if found.died_at else end
    proven = after(found.proven_at) if found.proven_at else died
    spans = (_span(0.0, died, "alive"), _span(died, proven, "dying"))
    return _Row(label=found.label, spans=spans, points=((proven, shape, tone),))


def _token_rows(clock: IntruderClock, after: _After) -> Iterable[_Row]:
    if clock.since is None:
        return
    for label, until in (
        ("Evaluated continuously", clock.continuous_until),
        ("All others", clock.latest_until),
    ):
        if until is not None:
            span = _span(after(clock.since), after(until), "token")
            yield _Row(label=label, spans=(span,), points=((after(until), "end", "quiet"),))


def _span(start: float, end: float, kind: str) -> tuple[float, float, str]:
    """Make a span, whichever of two machines' clocks was ahead."""
    return min(start, end), max(start, end), kind


def _moments(row: _Row) -> Iterable[float]:
    yield from (moment for start, end, _ in row.spans for moment in (start, end))
    yield from (moment for moment, _, _ in row.points)


def _placed(lanes: Iterable[tuple[str, list[_Row]]], time: Axis) -> Iterable[Lane]:
    y = _TOP
    for name, rows in lanes:
        shown = rows[:_MOST]
        hidden = len(rows) - len(shown)
        yield Lane(
            name=name,
            y=y,
            strips=tuple(_strip(row, y + _LANE + n * ROW, time) for n, row in enumerate(shown)),
            more=f"and {hidden} more, listed below" if hidden else "",
        )
        y += _LANE + ROW * (len(shown) + bool(hidden)) + _GAP


def _strip(row: _Row, y: float, time: Axis) -> Strip:
    full = " ".join(visible(row.label).split())
    return Strip(
        label=full if len(full) <= _LETTERS else f"{full[: _LETTERS - 1]}…",
        full=full,
        y=y,
        bars=tuple(
            Bar(x=time.x(start), width=max(time.x(end) - time.x(start), _THIN), kind=kind)
            for start, end, kind in row.spans
            if end > start
        ),
        marks=tuple(Mark(x=time.x(at), shape=shape, tone=tone) for at, shape, tone in row.points),
    )
