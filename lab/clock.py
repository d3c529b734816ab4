"""The lab's time: real, faster than real, or standing still until a test moves it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Self


class Clock:
    """Time that can be sped up, moved forward or frozen; always aware and in UTC.

    `speed` is lab seconds per real second: 1.0 is real time, 0.0 is frozen. Safe to move from
    another thread than the one that sleeps.
    """

    def __init__(
        self,
        *,
        start: datetime | None = None,
        speed: float = 1.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._monotonic = monotonic
        self._lab = (start or datetime.now(UTC)).astimezone(UTC)
        self._real = monotonic()
        self._speed = speed
        self._sleepers: set[asyncio.Future[None]] = set()

    @classmethod
    def frozen(cls, at: datetime) -> Self:
        """Make a clock that stands at `at` and moves only when it is told to."""
        return cls(start=at, speed=0.0)

    @property
    def speed(self) -> float:
        """Lab seconds per real second."""
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        self._anchor(self.now())
        self._speed = speed
        self._wake()

    def now(self) -> datetime:
        """Tell the lab's time."""
        return self._lab + timedelta(seconds=(self._monotonic() - self._real) * self._speed)

    def advance(self, seconds: float) -> None:
        """Move time forward at once; whoever slept that long wakes up."""
        self._anchor(self.now() + timedelta(seconds=seconds))
        self._wake()

    async def sleep(self, seconds: float) -> None:
        """Wait so many lab seconds; on a frozen clock, until somebody has moved it so far."""
        wake_at = self.now() + timedelta(seconds=seconds)
        while (left := (wake_at - self.now()).total_seconds()) > 0:
            moved: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._sleepers.add(moved)
            try:
                await asyncio.wait((moved,), timeout=left / self._speed if self._speed else None)
            finally:
                self._sleepers.discard(moved)
        if seconds <= 0:
            await asyncio.sleep(0)

    def _anchor(self, lab: datetime) -> None:
        self._lab, self._real = lab, self._monotonic()

    def _wake(self) -> None:
        for sleeper in tuple(self._sleepers):
            sleeper.get_loop().call_soon_threadsafe(_release, sleeper)


def _release(sleeper: asyncio.Future[None]) -> None:
    if not sleeper.done():
        sleeper.set_result(None)
