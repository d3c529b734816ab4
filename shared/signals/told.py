"""What leaves: spans and values, with facts from which nobody learns who it was about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from shared.signals.table import Fact, Metric, Seen

type Facts = Mapping[Fact, object]
type Shown = dict[str, str | int]

_WITHHELD: Final = "[withheld]"
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.,/{}$-]{0,100}")
"""Names as we and Microsoft give them: neither an address nor a person's name fits."""
_OBJECT_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_BEGINS: Final = frozenset(Seen) - {
    Seen.PHASE,
    Seen.LOOK,
    Seen.PLAN,
    Seen.APPLY,
    Seen.PROVE,
    Seen.CALL,
}
"""What a sender, the queue or a timer began; everything else comes of one of these."""


@dataclass(frozen=True, slots=True)
class Span:
    """One thing that was done; `links` are the traces that it also belongs to."""

    name: Seen
    trace: str
    id: str
    parent: str | None
    began: datetime
    ended: datetime
    facts: Shown
    links: tuple[str, ...] = ()

    @property
    def begins(self) -> bool:
        """Whether it came from outside."""
        return self.name in _BEGINS

    @property
    def failed(self) -> bool:
        """Whether it ended in an error."""
        return Fact.ERROR in self.facts


@dataclass(frozen=True, slots=True)
class Value:
    """One measured value."""

    metric: Metric
    value: float
    facts: Shown


class Sink(Protocol):
    """Where signals go. Must neither raise nor take long."""

    def take(self, spans: tuple[Span, ...], values: tuple[Value, ...]) -> None:
        """Take what one trigger left."""
        ...


def shown(facts: Facts) -> Shown:
    """Give the facts as they may leave: what could be about a person is withheld."""
    return {fact: _value(value) for fact, value in facts.items() if value is not None}


def _value(value: object) -> str | int:
    if isinstance(value, int):
        return int(value)
    text = str(value)
    plain = _PLAIN.fullmatch(text) and not _OBJECT_ID.search(text)
    return text if plain else _WITHHELD
