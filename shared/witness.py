"""Notes in the audit trail what people did with the app as a whole, and what they were refused."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from http import HTTPStatus
from typing import Final

from shared.desk import Page
from shared.door import Door
from shared.tasks.ledger import Clock
from shared.tasks.rates import Bucket
from shared.tasks.trail import Noted, Trail

_PER_MINUTE: Final = 20
"""Refusals that are noted; whoever knocks more often fills no storage with it."""


class Witness:
    """Sees the answers to what people ask for."""

    def __init__(self, door: Door, trail: Trail, clock: Clock) -> None:
        self._door = door
        self._trail = trail
        self._clock = clock
        self._bucket = Bucket(_PER_MINUTE, float(_PER_MINUTE), clock())

    async def watch(self, what: str, headers: Mapping[str, str], answer: Awaitable[Page]) -> Page:
        """Give the answer on; a refusal to somebody who is signed in is noted before."""
        page = await answer
        caller = self._door.caller(headers)
        refused = page.status == HTTPStatus.FORBIDDEN
        if refused and caller is not None and not self._bucket.take(self._clock()):
            await self._trail.note(Noted.REFUSED, f"Refused: {what}", actor=caller)
        return page
