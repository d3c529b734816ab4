"""A time axis that shows 200 milliseconds and seven days in one drawing. Pure.

Stretches in which something happens share one scale, so that lengths can be compared; stretches in
which nothing happens are cut out, drawn as a break, and labelled with how long they were.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from shared.model import Utc, Value
from shared.pages.times import duration

_BREAK: Final = 42.0
"""Width of a break in pixels."""
_PAD: Final = 22.0
"""Room left and right of each stretch, in pixels, for marks on its first and last moment."""
_TICK: Final = 84.0
"""The least room between two ticks, in pixels."""
_MOST_BREAKS: Final = 6
_SHORTEST: Final = 5.0
"""Seconds below which a silence is never cut out."""
_LEAST_SHARE, _MOST_SHARE = 0.2, 0.72
_OUTSTANDING: Final = 6.0
"""A silence is cut out when it is so many times the mean one, within the shares above."""
_STEPS: Final = (
    *(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800),
)


class Stretch(Value):
    """A stretch of time without a break, in seconds after zero, and where it is drawn."""

    start: float
    end: float
    left: float


class Tick(Value):
    """One tick: where it stands, how long after zero, and the time of day."""

    x: float
    after: str
    wall: str


class Break(Value):
    """A silence that was cut out: where it is drawn and how long it was."""

    x: float
    width: float
    said: str


class Axis(Value):
    """Maps seconds after `zero` to pixels."""

    zero: Utc
    stretches: tuple[Stretch, ...]
    scale: float
    """Pixels per second; 0 where everything happened at one moment."""
    width: float

    def x(self, after: float) -> float:
        """Place a moment, in pixels; one that lies in a silence is placed at its edge."""
        place = self.stretches[0]
        for stretch in self.stretches:
            if stretch.start <= after:
                place = stretch
        within = min(max(after, place.start), place.end) - place.start
        return round(place.left + _PAD + within * self.scale, 2)

    def ticks(self) -> tuple[Tick, ...]:
        """Mark the axis, in seconds after zero and by the clock."""
        return tuple(tick for stretch in self.stretches for tick in self._ticks(stretch))

    def breaks(self) -> tuple[Break, ...]:
        """List the silences that were cut out."""
        return tuple(
            Break(x=round(b.left - _BREAK, 2), width=_BREAK, said=duration(b.start - a.end))
            for a, b in pairwise(self.stretches)
        )

    def _ticks(self, stretch: Stretch) -> list[Tick]:
        step = next((s for s in _STEPS if s * self.scale >= _TICK), float(_STEPS[-1]))
        main = stretch.start <= 0 <= stretch.end
        start = 0.0 if main else stretch.start
        lowest = -int((start - stretch.start) / step)
        highest = int((stretch.end - start) / step + 1e-9)
        return [
            Tick(
                x=self.x(start + n * step),
                after=_after(start + n * step) if main or n == 0 else "",
                wall=self._wall(start + n * step, stretch, step) if not main or n == 0 else "",
            )
            for n in range(lowest, highest + 1)
        ]

    def _wall(self, after: float, stretch: Stretch, step: float) -> str:
        moment = self.zero + timedelta(seconds=after)
        if moment.date() != self.zero.date():
            return f"{moment.day} {moment:%b} {moment:%H:%M}"
        fine = step < 1 and after != 0 and stretch.end > stretch.start
        return f"{moment:%H:%M:%S}" + (f".{moment.microsecond // 100_000}" if fine else "")


def axis(zero: datetime, moments: set[float], width: float) -> Axis:
    """Lay an axis through moments, given in seconds after `zero`; at least one is needed."""
    parts = _stretches(sorted({round(moment, 3) for moment in moments}))
    drawn = sum(end - start for start, end in parts)
    room = width - _BREAK * (len(parts) - 1) - 2 * _PAD * len(parts)
    scale = room / drawn if drawn > 0 else 0.0
    left, placed = 0.0, []
    for start, end in parts:
        placed.append(Stretch(start=start, end=end, left=left))
        left += (end - start) * scale + 2 * _PAD + _BREAK
    return Axis(zero=zero, stretches=tuple(placed), scale=scale, width=width)


def _stretches(moments: list[float]) -> list[tuple[float, float]]:
    cuts = _cuts(moments)
    starts = [moments[0], *(after for _, after in cuts)]
    ends = [*(before for before, _ in cuts), moments[-1]]
    return list(zip(starts, ends, strict=True))


def _cuts(moments: list[float]) -> list[tuple[float, float]]:
    """Choose the silences to cut out, the longest first, while one stands out from the rest."""
    gaps = sorted(pairwise(moments), key=lambda gap: gap[0] - gap[1])
    drawn = moments[-1] - moments[0]
    share = min(max(_OUTSTANDING / max(len(gaps), 1), _LEAST_SHARE), _MOST_SHARE)
    cuts: list[tuple[float, float]] = []
    for before, after in gaps[:_MOST_BREAKS]:
        length = after - before
        if length < max(share * drawn, _SHORTEST) or drawn - length <= 0:
            break
        cuts.append((before, after))
        drawn -= length
    return sorted(cuts)


def _after(seconds: float) -> str:
    return "0" if seconds == 0 else f"{'+' if seconds > 0 else ''}{duration(seconds)}"
