"""Say times and durations as a person reads them. UTC always, and always said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86400
_FEW: Final = 10
"""Below so many seconds a tenth counts; below so many hours a minute counts."""


def duration(seconds: float) -> str:
    """Say a length of time with two units at most; `seconds` may be negative."""
    sign, seconds = ("-" if seconds < 0 else ""), abs(seconds)
    if seconds < 1:
        return f"{sign}{seconds * 1000:.0f} ms"
    if seconds < _FEW:
        return f"{sign}{seconds:.1f} s"
    if round(seconds) < _MINUTE:
        return f"{sign}{seconds:.0f} s"
    whole = round(seconds)
    for unit, below, name, name_below in (
        (_DAY, _HOUR, "d", "h"),
        (_HOUR, _MINUTE, "h", "min"),
        (_MINUTE, 1, "min", "s"),
    ):
        if whole >= unit:
            many, rest = divmod(whole, unit)
            rest //= below
            return f"{sign}{many} {name} {rest} {name_below}" if rest else f"{sign}{many} {name}"
    return f"{sign}{whole} s"


def relative(moment: datetime, at: datetime) -> str:
    """Say how long ago, or in how long, in one unit."""
    seconds = (at - moment).total_seconds()
    if abs(seconds) < 1:
        return "now"
    said = _one_unit(abs(seconds))
    return f"{said} ago" if seconds > 0 else f"in {said}"


def clock(moment: datetime, at: datetime) -> str:
    """Say a time of day to the second, with its date where that is not the date of `at`."""
    return _said(moment, at, "%H:%M:%S")


def minute(moment: datetime, at: datetime) -> str:
    """Say a time of day to the minute, rounded up: a limit is never said too early."""
    return _said(moment + timedelta(seconds=-moment.timestamp() % _MINUTE), at, "%H:%M")


def precise(moment: datetime, at: datetime) -> str:
    """Say a time of day to the millisecond, with its date where that is not the date of `at`."""
    whole = _said(moment, at, "%H:%M:%S").removesuffix(" UTC")
    return f"{whole}.{moment.microsecond // 1000:03d}"


def full(moment: datetime) -> str:
    """Say date and time to the second."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def field(moment: datetime) -> str:
    """Write a moment as a browser's time field takes it: to the second, without a zone."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}"


def machine(moment: datetime) -> str:
    """Write a time as the `datetime` attribute of HTML wants it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _said(moment: datetime, at: datetime, shape: str) -> str:
    moment = moment.astimezone(UTC)
    day = "" if moment.date() == at.astimezone(UTC).date() else f"{moment:%Y-%m-%d} "
    return f"{day}{moment.strftime(shape)} UTC"


def _one_unit(seconds: float) -> str:
    for unit, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= 2 * unit or (unit == _MINUTE and seconds >= unit):
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} s"
