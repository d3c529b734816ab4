"""A score and what it means: the same everywhere that something may be the intruder's."""

from __future__ import annotations

from typing import Final

from shared.model import Value

THRESHOLD: Final = 50
"""From this score on it is the intruder's."""
DOUBT: Final = 25
"""From this score on a person should look at it."""


class Scored(Value):
    """What is judged by its traits: its score (0 and up) and why."""

    score: int
    reasons: tuple[str, ...]

    @property
    def suspicious(self) -> bool:
        """Whether it is the intruder's."""
        return self.score >= THRESHOLD

    @property
    def doubtful(self) -> bool:
        """Whether a person should look at it."""
        return DOUBT <= self.score < THRESHOLD
