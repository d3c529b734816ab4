"""Read past alerts into a pile, and count what did not become an alert about somebody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from cli.past import Past, bodies, files
from cli.pile import Pile
from cli.reading import Reader
from shared.alerts.carrier import Incomplete, NotForUs, Reading, Recognised, Unreadable
from shared.model import Alert, AlertDraft, AlertId, Json, TenantId, digest

NOWHERE: Final = TenantId("00000000-0000-4000-8000-000000000000")
_REASONS: Final = 200
"""Different reasons that are kept; further ones count as others."""


@dataclass(slots=True)
class Reasons:
    """How often each reason was given, and the first place it was given for."""

    counts: Counter[str] = field(default_factory=Counter)
    places: dict[str, str] = field(default_factory=dict)

    def add(self, reason: str, place: str) -> None:
        """Count a reason."""
        kept = reason if reason in self.counts or len(self.counts) < _REASONS else "other reasons"
        self.counts[kept] += 1
        self.places.setdefault(kept, place)

    def told(self) -> list[Json]:
        """List them, the most frequent first."""
        return [
            {"reason": reason, "count": count, "first": self.places[reason]}
            for reason, count in self.counts.most_common()
        ]


@dataclass(slots=True)
class Gathered:
    """What was read."""

    files: int = 0
    bodies: int = 0
    alerts: int = 0
    repeated: int = 0
    without_time: int = 0
    carriers: Counter[str] = field(default_factory=Counter)
    unreadable: Reasons = field(default_factory=Reasons)
    ignored: Reasons = field(default_factory=Reasons)
    incomplete: Reasons = field(default_factory=Reasons)


class Gatherer:
    """Reads files one after the other."""

    def __init__(self, reader: Reader, pile: Pile) -> None:
        self._reader = reader
        self._pile = pile
        self._latest: datetime | None = None
        self.found = Gathered()

    def gather(self, path: Path, *, say: Callable[[Gathered, Path], None]) -> Gathered:
        """Read all of it; `say` hears of each file before it is read."""
        for file in files(path):
            say(self.found, file)
            self.found.files += 1
            self._latest = None
            for past in bodies(file):
                self._read(past)
        return self.found

    def _read(self, past: Past) -> None:
        self.found.bodies += 1
        carrier, readings = self._reader.best(past)
        self.found.carriers[carrier or "nobody"] += 1
        for reading in readings:
            self._sort(past, carrier, reading)

    def _sort(self, past: Past, carrier: str, reading: Reading) -> None:
        match reading:
            case Recognised(draft=draft):
                self._keep(past, carrier, draft)
            case Incomplete(awaits=awaits):
                said = f"names nobody yet; the app reads it again from {awaits.place}"
                self.found.incomplete.add(said, past.place)
            case NotForUs(reason=reason):
                self.found.ignored.add(reason, past.place)
            case Unreadable(reason=reason):
                self.found.unreadable.add(reason, past.place)

    def _keep(self, past: Past, carrier: str, draft: AlertDraft) -> None:
        at = draft.occurred_at or self._latest or past.saved_at
        self._latest = at
        who = draft.account.model_dump_json().lower() if draft.account else ""
        alert = Alert(
            **draft.model_dump(exclude={"occurred_at"}),
            id=AlertId(digest(NOWHERE, carrier, draft.native_id, draft.kind, who)),
            tenant=NOWHERE,
            source=carrier,
            carrier=carrier,
            occurred_at=at,
            occurred_at_is_receipt=draft.occurred_at is None,
            received_at=at,
            raw="",
        )
        if not self._pile.add(alert):
            self.found.repeated += 1
            return
        self.found.alerts += 1
        self.found.without_time += alert.occurred_at_is_receipt
