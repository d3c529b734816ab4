"""What the page of notifications shows: each channel, and whether it is reached."""

from __future__ import annotations

from enum import StrEnum

from shared.model import Utc, Value


class Reach(StrEnum):
    """Whether a channel reaches anybody, what needs a person first."""

    NOBODY = "nobody"
    STRUGGLES = "struggles"
    REACHES = "reaches"
    UNUSED = "unused"


class ChannelState(Value):
    """How one channel does; `dead` was given up and reached nobody there."""

    name: str
    kind: str
    told: int = 0
    last_told_at: Utc | None = None
    under_way: int = 0
    failing: int = 0
    """Of those under way, how many were tried and not taken."""
    dead: int = 0
    reason: str = ""
    """Why it did not take the last one that failed."""
    cut: bool = False
    """Whether there is more than was counted: each number is then the least it can be."""

    @property
    def reach(self) -> Reach:
        """Say in a word whether it reaches anybody."""
        if self.dead:
            return Reach.NOBODY
        if self.failing:
            return Reach.STRUGGLES
        return Reach.REACHES if self.told else Reach.UNUSED

    @property
    def urgency(self) -> int:
        """Rank it by how much it needs a person, the most urgent lowest."""
        return tuple(Reach).index(self.reach)
