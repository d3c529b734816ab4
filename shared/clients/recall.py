"""What a case has read already while one of its other requests waits for a turn.

A plan that needs two logs gets their turns one after the other. Without this the first answer would
be thrown away when the second request is held up, and asked for anew: under load it never ended.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import httpx

KEPT: Final = timedelta(minutes=15)
"""How old an answer may be that is used once more, and only by a case that is being held up."""
FRESH: Final = timedelta(minutes=1)
"""How old it may be where a write is held up: what it was made for may move meanwhile."""
_FAILED: Final = 500
_LATER: Final = frozenset({408, 423, 429})


class Recall:
    """Answers to limited reads, by case; in this process alone, and gone after any write."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._kept: dict[tuple[str, str], tuple[datetime, httpx.Response]] = {}
        self._held: dict[str, tuple[datetime, timedelta]] = {}

    def held(self, who: str, *, writes: bool = False) -> None:
        """Note that a case was held up: it will come back for the rest."""
        self._held[who] = self._clock(), FRESH if writes else KEPT

    def answer(self, who: str, url: str) -> httpx.Response | None:
        """Give the answer a case was given before it was held up, once more."""
        self._prune()
        if (who, url) not in self._kept or who not in self._held:
            return None
        (at, response), (since, most) = self._kept[who, url], self._held[who]
        return response if at <= since and self._clock() - at <= most else None

    def keep(self, who: str, url: str, response: httpx.Response) -> None:
        """Keep an answer, unless it says to come again."""
        if who and response.status_code < _FAILED and response.status_code not in _LATER:
            self._kept[who, url] = self._clock(), response

    def forget(self, who: str) -> None:
        """Forget a case's answers: it has changed something, and what was read may be no more."""
        self._held.pop(who, None)
        for key in [key for key in self._kept if key[0] == who]:
            del self._kept[key]

    def _prune(self) -> None:
        oldest = self._clock() - KEPT
        self._kept = {key: one for key, one in self._kept.items() if one[0] > oldest}
        self._held = {who: one for who, one in self._held.items() if one[0] > oldest}
