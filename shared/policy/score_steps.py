"""What to do next about a Secure Score: what can be won, by points per effort. Pure.

What is decided, done elsewhere or of the past is left out, and effort that Microsoft does not state
is taken for the most there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from shared.clients.secure_scores import Control, ControlState, DayScore
from shared.model import Value
from shared.policy.score_shares import percent

_TO_DO: Final = frozenset({ControlState.OPEN, ControlState.PLANNED, ControlState.UNKNOWN})
"""States in which a control is still to be done."""
_COST: Final[Mapping[str, float]] = {"low": 1.0, "moderate": 2.0, "high": 4.0}
_IMPACT: Final[Mapping[str, float]] = {"low": 1.0, "moderate": 1.5, "high": 2.5}
_NOT_SAID: Final = "high"
"""What is taken for effort that Microsoft does not state: nothing is promised cheaply."""
_LAST: Final = 10_000
"""Where a control stands that has no rank."""


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
