"""What every state machine over a bench has: one event loop for its life, and workers that die."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine


class Killed(BaseException):
    """The worker was killed."""


class Machine(RuleBasedStateMachine):
    """A machine whose moves are coroutines on one loop."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.Runner()
        self.loop.get_loop().set_exception_handler(lambda _loop, _context: None)

    def run[T](self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run(work)

    def teardown(self) -> None:
        self.loop.close()
