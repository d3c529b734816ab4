"""What the counters say: pure sums over the cases that were let act lately."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from pydantic import Field

from shared.model import AlertKind, CaseId, Utc, Value
from shared.policy.limits import Burst, Radius

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)


class Taken(Value):
    """One case in a counter."""

    case: CaseId
    kind: AlertKind
    at: Utc


class Held(Value):
    """What is known of one rule: its latest cases, and until when it only asks."""

    opened: tuple[Taken, ...] = ()
    until: Utc | None = None

    def holds(self, at: datetime) -> bool:
        """Whether the rule only asks at a moment."""
        return self.until is not None and at < self.until


class Counters(Value):
    """What the counters hold: the cases of the last 24 hours, and each rule's storm."""

    taken: tuple[Taken, ...] = ()
    rules: dict[str, Held] = Field(default_factory=dict)
    size: int | None = None
    """Accounts in the directory; `None` where it is unknown or nobody asked."""


def lately(taken: Iterable[Taken], span: timedelta, at: datetime) -> tuple[Taken, ...]:
    """Pick what happened within a time before a moment."""
    return tuple(one for one in taken if one.at > at - span)


def hourly(radius: Radius, size: int | None) -> int | None:
    """Tell how many accounts an hour may be acted on.

    `None` where that is a share of the directory, whose size nobody knows.
    """
    if radius.share_per_hour is None:
        return radius.per_hour
    if size is None:
        return None
    return min(radius.per_hour, max(radius.at_least, ceil(size * radius.share_per_hour / 100)))


def full(
    taken: tuple[Taken, ...], kind: AlertKind, *, radius: Radius, size: int | None, at: datetime
) -> tuple[str, ...]:
    """Say which counters have no room for one more case; nothing means there is room."""
    most = hourly(radius, size)
    if most is None:
        unknown = (
            "the size of the directory could not be read, so nobody knows whether this is too "
            "much of it; grant User.Read.All, or release this by hand"
        )
        return (unknown,)
    hour = lately(taken, HOUR, at)
    same = sum(one.kind is kind for one in hour)
    found = (
        _over(len(hour), most, "in the last hour"),
        _over(len(lately(taken, DAY, at)), radius.per_day, "in the last 24 hours"),
        _over(same, radius.kinds.get(kind), f"because of {kind} in the last hour"),
    )
    return tuple(said for said in found if said)


def counted(held: Held, new: Taken, burst: Burst) -> Held:
    """Count a rule's new case; the same case again counts once.

    What is beyond the threshold need not be remembered: the rule is held by then, and each new
    case holds it for longer.
    """
    if any(one.case == new.case for one in held.opened):
        return held
    opened = (*lately(held.opened, timedelta(minutes=burst.minutes), new.at), new)
    stormy = len(opened) >= burst.cases
    until = new.at + timedelta(minutes=burst.hold_minutes) if stormy else held.until
    return Held(opened=opened[-burst.cases :], until=until)


def stormy(held: Held, rule: str, burst: Burst, at: datetime) -> tuple[str, ...]:
    """Say that a rule is held, and why; nothing where it is not."""
    if held.until is None or not held.holds(at):
        return ()
    said = (
        f"rule '{rule}' opened {burst.cases} cases or more within {burst.minutes} minutes, which "
        f"looks like a false-alarm storm: it only asks until {held.until:%Y-%m-%d %H:%M} UTC, or "
        "until somebody releases the rule"
    )
    return (said,)


def _over(found: int, most: int | None, span: str) -> str:
    if most is None or found < most:
        return ""
    return (
        f"{found} accounts were acted on {span}, as many as guards.radius allows ({most}): "
        "look at them before you release another"
    )
