"""A way that only so many may be on at once, in the order of what they are for."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.clients.precedence import Rank, asking


class Gangway:
    """At most `width` at once, of which `kept` are only for what shuts doors. For one event loop.

    Waiting here is waiting for an answer that is on its way, never for a time to pass.
    """

    def __init__(self, width: int, *, kept: int = 0) -> None:
        self._width = width
        self._kept = kept
        self._inside = 0
        self._waiting: list[tuple[Rank, int, asyncio.Future[None]]] = []
        self._seen = 0

    @property
    def inside(self) -> int:
        """How many are on it."""
        return self._inside

    @asynccontextmanager
    async def crossing(self) -> AsyncIterator[None]:
        """Take a place, waiting for one if it must."""
        await self._enter(asking().rank)
        try:
            yield
        finally:
            self._inside -= 1
            self._let_in()

    async def _enter(self, rank: Rank) -> None:
        self._seen += 1
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank, self._seen, turn))
        self._let_in()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                # It was let in and cancelled in the same moment: the place goes to the next.
                self._inside -= 1
            self._let_in()
            raise

    def _let_in(self) -> None:
        while self._waiting:
            rank, _, turn = self._waiting[0]
            if turn.done():
                heapq.heappop(self._waiting)
                continue
            if self._inside >= self._width - (self._kept if rank > Rank.HUNT else 0):
                return
            heapq.heappop(self._waiting)
            self._inside += 1
            turn.set_result(None)
