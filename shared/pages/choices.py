"""The closed sets of words that a page has; how each is said on it stands in `words`."""

from __future__ import annotations

from enum import StrEnum


class Tone(StrEnum):
    """How a state is felt. Never the only sign: each state has its word and its own shape."""

    GOOD = "good"
    BUSY = "busy"
    PERSON = "person"
    BAD = "bad"
    QUIET = "quiet"


class ChainState(StrEnum):
    """Whether each line of the journal carries the hash of the one before."""

    INTACT = "intact"
    BROKEN = "broken"
    UNKNOWN = "unknown"


class Fate(StrEnum):
    """What became of a foothold."""

    GONE = "gone"
    APPLIED = "applied"
    PLANNED = "planned"
    WAITING = "waiting"
    OBSERVED = "observed"
    LEFT = "left"
    DECLINED = "declined"
    FAILED = "failed"
    BACK = "back"
    UNDONE = "undone"


ALIVE = frozenset(Fate) - {Fate.GONE, Fate.APPLIED}
"""Fates of footholds that may serve the intruder still."""


class Made(StrEnum):
    """Whether a change was made to the tenant; `unsure` is neither yes nor no."""

    YES = "yes"
    UNDER_WAY = "under_way"
    PLANNED = "planned"
    UNSURE = "unsure"
    UNDONE = "undone"


class Limit(StrEnum):
    """What is known about until when the intruder can act."""

    NOBODY = "nobody"
    """Nobody is known to be in: the case was asked for, to mend a setting."""
    UNTOUCHED = "untouched"
    NONE = "none"
    CONDITIONAL = "conditional"
    LIMITED = "limited"
    OVER = "over"


class Need(StrEnum):
    """Why something is still open."""

    APPROVAL = "approval"
    BY_HAND = "by_hand"
    PERMISSION = "permission"
    FAILED = "failed"
    UNDECIDED = "undecided"
    RUNNING = "running"
