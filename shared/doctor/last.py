"""What the last check-up found, so that a page of health never waits for the world.

A check-up asks Microsoft and storage some twenty things and has eight seconds for it. A page shows
the last one with its age, and has the next one made beside it.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

from shared.diagnosis import Checkup, Grade
from shared.doctor.examine import Doctor
from shared.tasks.ledger import Clock

_MOMENT: Final = 0.15
"""Seconds that a page waits for a check-up: on a quiet machine many end within that."""
_FRESH: Final = timedelta(seconds=30)
_FRESH_BAD: Final = timedelta(seconds=5)
"""How old it may be before it is made anew; one that asks for a person is looked at sooner."""


class LastCheckup:
    """Keeps the last check-up of this process."""

    def __init__(self, doctor: Doctor, clock: Clock) -> None:
        self._doctor = doctor
        self._clock = clock
        self._last: Checkup | None = None
        self._looking: asyncio.Task[Checkup] | None = None

    @property
    def looking(self) -> bool:
        """Whether one is being made."""
        return self._looking is not None

    async def anew(self) -> Checkup:
        """Make one now, however long it takes."""
        self._last = await self._doctor.examine()
        return self._last

    async def soon(self) -> Checkup | None:
        """Give the last one; where that is old, have another made and wait for it a moment.

        `None` while there is none yet.
        """
        if self._looking is None and self._old():
            self._looking = asyncio.create_task(self.anew())
        if self._looking is not None:
            await asyncio.wait({self._looking}, timeout=_MOMENT)
            if self._looking.done():
                ended, self._looking = self._looking, None
                await ended
        return self._last

    async def aclose(self) -> None:
        """End what is still being looked at: nobody waits for it any more."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    def _old(self) -> bool:
        if self._last is None:
            return True
        fresh = _FRESH_BAD if self._last.grade is Grade.BAD else _FRESH
        return self._clock() - self._last.at >= fresh
