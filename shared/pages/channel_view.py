"""What the page of notifications shows: each channel, and whether it is reached."""

from __future__ import annotations

from shared.model import Utc, Value


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
