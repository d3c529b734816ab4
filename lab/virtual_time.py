"""Time that passes only while everybody waits: hours of waiting in seconds, exactly repeatable.

For what happens in one process alone: where a thread or a socket would have to be waited for,
nothing would make its time pass. What our own code takes to compute takes no time at all here.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from lab.clock import Clock


class _Jumping(selectors.SelectSelector):
    """Instead of waiting for a time it moves the time there."""

    def __init__(self, jump: Callable[[float], None]) -> None:
        super().__init__()
        self._jump = jump

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Give what has happened; where nothing has, let the time pass that was to be waited."""
        happened = super().select(0)
        if not happened and timeout:
            self._jump(timeout)
        return happened


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps from one thing that is due to the next."""

    def __init__(self) -> None:
        self._passed = 0.0
        super().__init__(_Jumping(self._jump))

    def time(self) -> float:
        """Tell the seconds that have passed on this loop."""
        return self._passed

    def clock(self, start: datetime) -> Clock:
        """Make a clock for the lab that goes with this loop."""
        return Clock(start=start, monotonic=self.time)

    def _jump(self, seconds: float) -> None:
        self._passed += seconds


def run[T](play: Callable[[Clock], Coroutine[Any, Any, T]], *, start: datetime) -> T:
    """Run something in virtual time; it is given the clock that shows it."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, VirtualLoop)  # noqa: S101 - made by the line above
        return runner.run(play(loop.clock(start)))
