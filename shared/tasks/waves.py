"""In which order the doors close, and what goes first where calls have to wait for each other.

Within a phase, what closes doors at the account itself goes before what looks through the whole
organisation's logs: a search that takes minutes must not keep a rule that leaks mail alive.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from shared.clients.precedence import Rank
from shared.model import PHASES, Phase, Task
from shared.responder import Responder

_RANKS: Final = {Phase.CONTAIN: Rank.CONTAIN, Phase.EVICT: Rank.EVICT}


@dataclass(frozen=True, slots=True)
class Wave:
    """The part of a phase that runs side by side."""

    phase: Phase
    hunts: bool

    @property
    def rank(self) -> Rank:
        """What its calls go before."""
        rank = _RANKS.get(self.phase, Rank.AFTER)
        return max(rank, Rank.HUNT) if self.hunts else rank

    def takes(self, task: Task, responder: Responder[Any] | None) -> bool:
        """Whether a task is of it; one whose responder is gone is told so with the others."""
        hunts = responder is not None and responder.hunts
        return task.phase is self.phase and hunts is self.hunts


WAVES: Final = tuple(Wave(phase, hunts) for phase in PHASES for hunts in (False, True))
