"""Every way the carriers write a moment, read as aware UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

_ISO: Final = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})[T ]([0-9]{1,2}):([0-9]{2}):([0-9]{2})"
    r"(?:[.,]([0-9]{1,9}))?\s?(?:(Z)|([+-])([0-9]{2})[:.]?([0-9]{2}))?",
    re.IGNORECASE | re.ASCII,
)
_US: Final = re.compile(
    r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4}) ([0-9]{1,2}):([0-9]{2}):([0-9]{2}) ([AP])M",
    re.IGNORECASE | re.ASCII,
)
_EPOCH: Final = re.compile(r"[0-9]{9,14}(?:\.[0-9]{1,9})?", re.ASCII)
_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
_MILLISECONDS_FROM: Final = 1e11
"""As seconds this would be the year 5138, so such a number counts milliseconds."""
_WIDEST_OFFSET: Final = timedelta(hours=14)


def moment(value: object) -> datetime | None:
    """Read a moment, or `None` where it is absent, corrupt or a placeholder.

    A time without a zone is UTC, as Microsoft's feeds mean it. A placeholder such as
    `0001-01-01T00:00:00` is no time: nothing here happened before 2000.
    """
    try:
        found = _read(value)
    except (ValueError, OverflowError):
        return None
    return found if found and _EARLIEST <= found < _LATEST else None


def first_moment(*written: object) -> datetime | None:
    """Read the first of these that is a moment."""
    return next(filter(None, map(moment, written)), None)


def _read(value: object) -> datetime | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _epoch(value)
    if not isinstance(value, str):
        return None
    text = value.strip()
    if match := _ISO.fullmatch(text):
        return _iso(match)
    if match := _US.fullmatch(text):
        return _us(match)
    return _epoch(float(text)) if _EPOCH.fullmatch(text) else None


def _iso(match: re.Match[str]) -> datetime:
    year, month, day, hour, minute, second, fraction, _, sign, ahead, beyond = match.groups()
    offset = timedelta(hours=int(ahead or 0), minutes=int(beyond or 0))
    if offset > _WIDEST_OFFSET or int(beyond or 0) >= 60:  # noqa: PLR2004 - minutes of an hour
        raise ValueError("no such offset")
    micros = int((fraction or "0")[:6].ljust(6, "0"))
    zone = timezone(-offset if sign == "-" else offset)
    whole = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), 0, zone)
    return (whole + timedelta(microseconds=micros)).astimezone(UTC)


def _us(match: re.Match[str]) -> datetime:
    text = " ".join((*match.group(1, 2, 3, 4, 5, 6), match.group(7).upper() + "M"))
    return datetime.strptime(text, "%m %d %Y %I %M %S %p").replace(tzinfo=UTC)


def _epoch(number: float) -> datetime | None:
    seconds = number / 1000 if number >= _MILLISECONDS_FROM else number
    # Checked before the platform's C library sees it, which fails in ways of its own.
    if not _EARLIEST.timestamp() <= seconds < _LATEST.timestamp():
        return None
    return datetime.fromtimestamp(seconds, UTC)
