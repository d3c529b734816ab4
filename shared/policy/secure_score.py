"""What a Secure Score means on its newest day: what moved, what was lost, what is left. Pure.

`score_shares` says what a day is worth, `score_steps` what to do next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from shared.clients.secure_scores import Control, ControlState, DayScore
from shared.model import Value
from shared.policy.score_shares import (
    Comparison,
    Share,
    categories,
    compared,
    share_of,
    whole,
)
from shared.policy.score_steps import NextStep, Together, next_steps, to_do, together

STALE: Final = timedelta(days=3)
"""How old the newest day may be before the score is called out of date."""
TOGETHER: Final = 5
"""How many of the next steps are added up."""
_NOISE: Final = 0.05
"""Percentage points that are no movement."""
_LOSS: Final = 1.0
"""Percentage points of a control's share from which a fall is a loss."""


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
