"""What a day's Secure Score is in shares: of the whole, of a category, of a control. Pure.

The maximum moves whenever Microsoft adds or retires a control, so nothing here compares points of
two days: a control is compared by its share of what it could bring, the whole by its own maximum.
"""

from __future__ import annotations

from collections.abc import Mapping

from shared.clients.secure_scores import Control, DayScore
from shared.model import Value


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


def compared(basis: str, average: float | None, day: DayScore) -> Comparison:
    """Put the score beside that of others."""
    share = whole(day).share
    ahead = None if average is None or share is None else share - average
    return Comparison(basis=basis, average=average, ahead=ahead)
