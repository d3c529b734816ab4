"""Write in one go what several ask for at the same time: while one write is under way, they gather.

    A asks ─► A is written ─► B, C and D are written
         B, C, D ask ┘

Nobody waits for company: who comes first is written alone at once. Each comes back when what it
asked for is stored, as if it had been alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

_WHOLE: Final = 0.8
"""How much of what one write may hold is given out; the rest is for what is added to each."""


@dataclass(eq=False, slots=True)
class _Asked[T]:
    item: T
    done: bool = False
    error: Exception | None = None


class Together[T]:
    """Gathers what is to be written; `share` says how much of a whole write an item takes up."""

    def __init__(
        self,
        write: Callable[[Sequence[T]], Awaitable[None]],
        *,
        share: Callable[[T], float],
        turn: asyncio.Lock,
    ) -> None:
        self._write = write
        self._share = share
        self._turn = turn
        self._asked: list[_Asked[T]] = []

    async def add(self, item: T) -> None:
        """Come back when the item is written; raises what its write raised."""
        mine = _Asked(item)
        self._asked.append(mine)
        try:
            async with self._turn:
                while not mine.done:
                    await self._next()
        finally:
            if not mine.done:
                # Cancelled; what it stood in one write with is tried again by whoever asked for it,
                # and meets a conflict if it was written all the same.
                self._asked.remove(mine)
        if mine.error is not None:
            raise mine.error

    async def _next(self) -> None:
        """Write the first that was asked for, and as much behind it as one write takes."""
        group = self._group()
        try:
            await self._write([one.item for one in group])
        except Exception as error:  # noqa: BLE001 - it is each one's own, and raised there
            for one in group:
                one.error = error
        for one in group:
            one.done = True
        # Whoever was called off meanwhile has left by itself.
        self._asked = [one for one in self._asked if not one.done]

    def _group(self) -> list[_Asked[T]]:
        """Choose what is written next; one alone is not weighed, however large it is."""
        first, *others = self._asked
        group = [first]
        room = _WHOLE - self._share(first.item) if others else 0.0
        for one in others:
            room -= self._share(one.item)
            if room < 0:
                break
            group.append(one)
        return group
