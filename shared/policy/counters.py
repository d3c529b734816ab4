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
UNREAD: Final = CaseId("unread")
"""Stands in the counter for all that it may have held when it could not be read."""


class Taken(Value):
    """One case in a counter; it stands there once for each kind of alert that it acted on."""

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
    taken: tuple[Taken, ...], new: Taken, *, radius: Radius, size: int | None
) -> tuple[str, ...]:
    """Say which counters have no room for a case; nothing means there is room.

    A case that has its place keeps it, whatever else is full; another kind of alert about it needs
    room of its own where the policy limits that kind.
    """
    hour, day = lately(taken, HOUR, new.at), lately(taken, DAY, new.at)
    before = [one.kind for one in day if one.case == new.case]
    same = sum(one.kind is new.kind for one in hour)
    of_kind = _over(same, radius.kinds.get(new.kind), f"because of {new.kind} in the last hour")
    if before:
        return (of_kind,) if of_kind and new.kind not in before else ()
    if said := _unknown(day, hourly(radius, size)):
        return (said,)
    found = (
        _over(cases(hour), hourly(radius, size), "in the last hour"),
        _over(cases(day), radius.per_day, "in the last 24 hours"),
        of_kind,
    )
    return tuple(said for said in found if said)


def cases(taken: Iterable[Taken]) -> int:
    """Count the cases, each once."""
    return len({one.case for one in taken})


def unread(at: datetime, kind: AlertKind) -> tuple[Taken, ...]:
    """Give what is counted on from where a counter could not be read: a day later it is known."""
    return (Taken(case=UNREAD, kind=kind, at=at),)


def counted(held: Held, new: Taken, burst: Burst) -> Held:
    """Count a rule's new case; the same case again counts once.

    What is beyond the threshold need not be remembered: the rule is held by then, and each new
    case holds it for longer.
    """
    unknown = held.holds(new.at) and not held.opened
    if unknown or any(one.case == new.case for one in held.opened):
        return held
    opened = (*lately(held.opened, timedelta(minutes=burst.minutes), new.at), new)
    stormy = len(opened) >= burst.cases
    until = new.at + timedelta(minutes=burst.hold_minutes) if stormy else held.until
    return Held(opened=opened[-burst.cases :], until=until)


def stormy(held: Held, rule: str, burst: Burst, at: datetime) -> tuple[str, ...]:
    """Say that a rule is held, and why; nothing where it is not."""
    if held.until is None or not held.holds(at):
        return ()
    if not held.opened:
        lost = (
            f"how many cases rule '{rule}' opened lately could not be read, so it only asks until "
            f"{held.until:%Y-%m-%d %H:%M} UTC, or until somebody releases the rule"
        )
        return (lost,)
    said = (
        f"rule '{rule}' opened {burst.cases} cases or more within {burst.minutes} minutes, which "
        f"looks like a false-alarm storm: it only asks until {held.until:%Y-%m-%d %H:%M} UTC, or "
        "until somebody releases the rule"
    )
    return (said,)


def _unknown(taken: Iterable[Taken], most: int | None) -> str:
    """Say what nobody knows: how many were acted on, or how many there are."""
    at = max((one.at for one in taken if one.case == UNREAD), default=None)
    if at is not None:
        return (
            f"what guards.radius counted before {at:%Y-%m-%d %H:%M} UTC could not be read, so it "
            f"counts as full until {at + DAY:%Y-%m-%d %H:%M} UTC: release this by hand"
        )
    if most is None:
        return (
            "the size of the directory could not be read, so nobody knows whether this is too "
            "much of it; grant User.Read.All, or release this by hand"
        )
    return ""


def _over(found: int, most: int | None, span: str) -> str:
    if most is None or found < most:
        return ""
    return (
        f"{found} accounts were acted on {span}, as many as guards.radius allows ({most}): "
        "look at them before you release another"
    )
