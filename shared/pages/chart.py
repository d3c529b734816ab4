"""A line over days, drawn as SVG: pure numbers, so that a template only writes them down.

What is unknown is a hole in the line and never a zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Final

from shared.model import Value

WIDTH: Final = 720.0
HEIGHT: Final = 220.0
LEFT, RIGHT, TOP, BOTTOM = 44.0, 14.0, 14.0, 30.0
_TICKS: Final = 5
_STEPS: Final = (1, 2, 5, 10, 20, 25, 50)

type Day = tuple[date, float | None]


class Mark(Value):
    """A tick or a point: where it stands and what it says."""

    at: float
    said: str


class Dot(Value):
    """One day's value."""

    x: float
    y: float
    said: str


class Chart(Value):
    """A drawing with its words; `lines` are the points of each stretch without a hole."""

    title: str
    unit: str
    said: str
    """The whole of it in a sentence, for whoever does not see it."""
    lines: tuple[str, ...]
    dots: tuple[Dot, ...]
    across: tuple[Mark, ...]
    up: tuple[Mark, ...]
    rows: tuple[tuple[str, str], ...]
    """The same as a table, newest first."""
    holes: int = 0
    """Days of which nothing is known."""


def chart(days: Sequence[Day], *, title: str, unit: str, most: float | None = None) -> Chart | None:
    """Draw values over days, oldest first; `None` where no day has one. `most` tops the axis."""
    known = [(day, value) for day, value in days if value is not None]
    if not known:
        return None
    top = most if most is not None else _top(max(value for _, value in known))
    first, last = days[0][0], days[-1][0]

    def x(day: date) -> float:
        share = (day - first).days / max((last - first).days, 1)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(value: float) -> float:
        return round(HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM), 1)

    runs = [list(part) for lit, part in groupby(days, key=lambda one: one[1] is not None) if lit]
    return Chart(
        title=title,
        unit=unit,
        said=_sentence(known, unit),
        lines=tuple(" ".join(f"{x(d)},{y(v or 0.0)}" for d, v in part) for part in runs),
        dots=tuple(Dot(x=x(d), y=y(v), said=f"{d.isoformat()}: {v:g} {unit}") for d, v in known),
        across=tuple(Mark(at=x(day), said=day.isoformat()) for day in _some(days)),
        up=tuple(Mark(at=y(top * n / 4), said=f"{top * n / 4:g}") for n in range(_TICKS)),
        rows=tuple((d.isoformat(), _said(v)) for d, v in reversed(days)),
        holes=len(days) - len(known),
    )


def _sentence(known: Sequence[tuple[date, float]], unit: str) -> str:
    (first, was), (last, becomes) = known[0], known[-1]
    if first == last:
        return f"{becomes:.3g} {unit} on {last.isoformat()}; nothing to compare it with yet."
    low, high = (choose(value for _, value in known) for choose in (min, max))
    return (
        f"From {was:.3g} {unit} on {first.isoformat()} to {becomes:.3g} {unit} on "
        f"{last.isoformat()}; lowest {low:.3g}, highest {high:.3g}."
    )


def _said(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4g}"


def _top(highest: float) -> float:
    """Give a round number that is not below the highest, and splits into four."""
    scale = 1
    while True:
        for step in _STEPS:
            if step * scale * 4 >= highest:
                return float(step * scale * 4)
        scale *= 100


def _some(days: Sequence[Day]) -> list[date]:
    """Choose the days that the axis names: both ends and what lies evenly between."""
    places = {round(n * (len(days) - 1) / 3) for n in range(4)}
    return [days[place][0] for place in sorted(places)]
