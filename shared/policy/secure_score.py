"""What a Secure Score means: shares instead of points, what moved, what to do next. Pure.

The maximum moves whenever Microsoft adds or retires a control, so nothing here compares points of
two days: a control is compared by its share of what it could bring, the whole by its own maximum.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from shared.clients.secure_scores import Control, ControlState, DayScore
from shared.model import Value

STALE: Final = timedelta(days=3)
"""How old the newest day may be before the score is called out of date."""
DROP: Final = 2.0
"""Percentage points that the score may lose since the last day before somebody is told."""
TOGETHER: Final = 5
"""How many of the next steps are added up."""
_NOISE: Final = 0.05
"""Percentage points that are no movement."""
_LOSS: Final = 1.0
"""Percentage points of a control's share from which a fall is a loss."""
_TO_DO: Final = frozenset({ControlState.OPEN, ControlState.PLANNED, ControlState.UNKNOWN})
"""States in which a control is still to be done."""
_COST: Final[Mapping[str, float]] = {"low": 1.0, "moderate": 2.0, "high": 4.0}
_IMPACT: Final[Mapping[str, float]] = {"low": 1.0, "moderate": 1.5, "high": 2.5}
_NOT_SAID: Final = "high"
"""What is taken for effort that Microsoft does not state: nothing is promised cheaply."""
_LAST: Final = 10_000


class Span(StrEnum):
    """What the newest day is compared with."""

    LAST = "last time"
    WEEK = "last week"
    MONTH = "last month"


_BACK: Final = {
    Span.LAST: timedelta(days=1),
    Span.WEEK: timedelta(days=7),
    Span.MONTH: timedelta(days=30),
}


class Movement(Value):
    """One control that moved, in per cent of what it could bring on each day."""

    control: str
    title: str
    was: float
    becomes: float

    @property
    def lost(self) -> bool:
        """Whether it is worse than it was."""
        return self.becomes < self.was


class Since(Value):
    """What moved since another day; `None` where that far back nothing is known."""

    span: Span
    day: date | None = None
    change: float | None = None
    """Percentage points of the whole score."""
    moved: tuple[Movement, ...] = ()
    """The worst first."""
    new: tuple[str, ...] = ()
    """Controls that were not there then: they lower the share, and nobody did anything wrong."""
    gone: tuple[str, ...] = ()


class NextStep(Value):
    """One control to turn to: `points` to win, `effort` without a unit, `worth` is their ratio."""

    control: str
    title: str
    category: str
    points: float
    effort: float
    worth: float
    stated: bool
    """Whether Microsoft says what it costs; else the most is assumed."""
    updatable: bool
    url: str
    remediation: str


class Together(Value):
    """What the first steps bring if all are done."""

    controls: tuple[str, ...]
    points: float
    share: float | None
    """The whole score in per cent afterwards."""


class Share(Value):
    """A part of the score, in points and in per cent; `None` is unknown."""

    name: str
    points: float
    maximum: float
    share: float | None


class Comparison(Value):
    """The score beside that of others, in per cent; `None` where Microsoft does not know."""

    basis: str
    average: float | None
    ahead: float | None
    """Percentage points that we are above them."""


class SetAside(Value):
    """A control that somebody decided about, so that it is no next step."""

    control: str
    title: str
    state: ControlState
    updatable: bool


class Board(Value):
    """All that is said of the score on its newest day."""

    day: date
    stale: bool
    whole: Share
    categories: tuple[Share, ...]
    since: tuple[Since, ...]
    lost: tuple[Movement, ...]
    """Open controls below the best they ever were: a loss stays one until it is made good."""
    steps: tuple[NextStep, ...]
    together: Together
    comparisons: tuple[Comparison, ...]
    aside: tuple[SetAside, ...]
    states: dict[str, ControlState]
    """Every control's state, for whoever asks what was decided."""
    shares: dict[str, float | None]
    """Every control's share of what it could bring, on the newest day."""


def board(days: Sequence[DayScore], controls: Iterable[Control], today: date) -> Board | None:
    """Say what the newest of these days means; `None` without any. Days come in any order."""
    known = {control.id: control for control in controls}
    ordered = sorted(days, key=lambda day: day.day)
    if not ordered:
        return None
    newest = ordered[-1]
    steps = next_steps(newest, known)
    return Board(
        day=newest.day,
        stale=today - newest.day > STALE,
        whole=whole(newest),
        categories=categories(newest, known),
        since=tuple(since(span, ordered, known) for span in Span),
        lost=lost(ordered, known),
        steps=steps,
        together=together(newest, steps[:TOGETHER]),
        comparisons=tuple(
            compared(basis, average, newest) for basis, average in sorted(newest.averages.items())
        ),
        aside=tuple(
            SetAside(control=c.id, title=c.title, state=c.state, updatable=c.updatable)
            for c in sorted(known.values(), key=lambda c: c.id)
            if c.state is not ControlState.OPEN and not c.deprecated
        ),
        states={name: control.state for name, control in sorted(known.items())},
        shares={name: share_of(newest, name, known) for name in sorted(newest.controls)},
    )


def percent(points: float, maximum: float) -> float | None:
    """Give a share in per cent; unknown where there is nothing to win."""
    return 100.0 * points / maximum if maximum > 0 else None


def whole(day: DayScore) -> Share:
    """Give the whole score of a day, by that day's own maximum."""
    share = percent(day.points, day.maximum)
    return Share(name="all", points=day.points, maximum=day.maximum, share=share)


def maximum_of(day: DayScore, name: str, known: Mapping[str, Control]) -> float:
    """Give the most a control could bring on a day: by its own share, else as it is known today."""
    score = day.controls[name]
    if score.share and score.points:
        return 100.0 * score.points / score.share
    return known[name].maximum if name in known else score.points


def share_of(day: DayScore, name: str, known: Mapping[str, Control]) -> float | None:
    """Give a control's share on a day, in per cent."""
    score = day.controls[name]
    if score.share is not None:
        return score.share
    return percent(score.points, known[name].maximum) if name in known else None


def categories(day: DayScore, known: Mapping[str, Control]) -> tuple[Share, ...]:
    """Give each category's share."""
    found: dict[str, tuple[float, float]] = {}
    for name, score in day.controls.items():
        points, maximum = found.get(score.category, (0.0, 0.0))
        most = maximum_of(day, name, known)
        found[score.category] = points + score.points, maximum + most
    return tuple(
        Share(name=name, points=points, maximum=maximum, share=percent(points, maximum))
        for name, (points, maximum) in sorted(found.items())
    )


def since(span: Span, ordered: Sequence[DayScore], known: Mapping[str, Control]) -> Since:
    """Compare the newest day with the last one that lies that far back."""
    newest = ordered[-1]
    before = [day for day in ordered if day.day <= newest.day - _BACK[span]]
    if not before:
        return Since(span=span)
    then = before[-1]
    now, was = whole(newest).share, whole(then).share
    return Since(
        span=span,
        day=then.day,
        change=None if now is None or was is None else now - was,
        moved=movements(then, newest, known),
        new=tuple(sorted(newest.controls.keys() - then.controls.keys())),
        gone=tuple(sorted(then.controls.keys() - newest.controls.keys())),
    )


def movements(
    then: DayScore, newest: DayScore, known: Mapping[str, Control]
) -> tuple[Movement, ...]:
    """Find the controls whose share moved, the worst first."""
    found = []
    for name in then.controls.keys() & newest.controls.keys():
        was, becomes = share_of(then, name, known), share_of(newest, name, known)
        if was is None or becomes is None or abs(becomes - was) < _NOISE:
            continue
        title = known[name].title if name in known else name
        found.append(Movement(control=name, title=title, was=was, becomes=becomes))
    return tuple(sorted(found, key=lambda m: (m.becomes - m.was, m.control)))


def lost(ordered: Sequence[DayScore], known: Mapping[str, Control]) -> tuple[Movement, ...]:
    """Find the controls that are below their best of all days that are kept, the worst first."""
    newest, found = ordered[-1], []
    for name in newest.controls.keys() & known.keys():
        shares = [share_of(day, name, known) for day in ordered if name in day.controls]
        best, now = max((s for s in shares if s is not None), default=None), shares[-1]
        if best is None or now is None or best - now < _LOSS or not to_do(known[name]):
            continue
        found.append(Movement(control=name, title=known[name].title, was=best, becomes=now))
    return tuple(sorted(found, key=lambda m: (m.becomes - m.was, m.control)))


def to_do(control: Control) -> bool:
    """Whether a control is neither decided about nor of the past."""
    return control.state in _TO_DO and not control.deprecated


def next_steps(day: DayScore, known: Mapping[str, Control]) -> tuple[NextStep, ...]:
    """Rank what can be won by points per effort; what is decided, done or of the past is left out.

    A control that was planned is still to be done.
    """
    steps = [
        step
        for control in known.values()
        if to_do(control) and control.id in day.controls
        if (step := next_step(control, day)).points > 0
    ]

    def order(step: NextStep) -> tuple[float, int, str]:
        rank = known[step.control].rank
        return -step.worth, _LAST if rank is None else rank, step.control

    return tuple(sorted(steps, key=order))


def next_step(control: Control, day: DayScore) -> NextStep:
    """Say what a control would bring, and what it takes."""
    points = round(max(control.maximum - day.controls[control.id].points, 0.0), 2)
    cost, impact = control.cost.casefold(), control.impact.casefold()
    effort = _COST.get(cost, _COST[_NOT_SAID]) * _IMPACT.get(impact, _IMPACT[_NOT_SAID])
    return NextStep(
        control=control.id,
        title=control.title,
        category=control.category,
        points=points,
        effort=effort,
        worth=points / effort,
        stated=cost in _COST and impact in _IMPACT,
        updatable=control.updatable,
        url=control.url,
        remediation=control.remediation,
    )


def together(day: DayScore, steps: Iterable[NextStep]) -> Together:
    """Say what these steps bring if all are done."""
    chosen = tuple(steps)
    points = sum(step.points for step in chosen)
    return Together(
        controls=tuple(step.control for step in chosen),
        points=points,
        share=percent(min(day.points + points, day.maximum), day.maximum),
    )


def compared(basis: str, average: float | None, day: DayScore) -> Comparison:
    """Put the score beside that of others."""
    share = whole(day).share
    ahead = None if average is None or share is None else share - average
    return Comparison(basis=basis, average=average, ahead=ahead)
