"""What the record itself says was erased: by whom, when, and what may be missing for it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from shared.model import Alert, AlertId, Chained, Utc, Value
from shared.store.verbs import Partition
from shared.tasks.chain import erased
from shared.tasks.erased import erased_alerts, erased_bodies, erasures

BODIES_BEFORE: Final = "bodies_before"
"""What a line of the audit trail says of bodies: those of alerts received before may be gone."""


class Erased(Value):
    """One erasure: where its line stands, who asked, and how many lines say nothing any more."""

    where: Partition
    seq: int
    at: Utc
    by: str
    why: str
    lines: int


class ErasedRecord:
    """Collects erasures from chains that hold."""

    def __init__(self) -> None:
        self.erasures: list[Erased] = []
        self.alerts: set[AlertId] = set()
        """Alerts that may be gone."""
        self._bodies: set[str] = set()
        self._before = datetime.min.replace(tzinfo=UTC)

    def take(self, home: Partition, lines: Sequence[Chained]) -> None:
        """Take up what a journal or the audit trail says."""
        silent = [line.seq for line in lines if line == erased(line)]
        told = [line for line in erasures(lines) if line != erased(line)]
        self._bodies |= erased_bodies(told)
        self.alerts |= erased_alerts(told)
        for line in told:
            before = line.data.get(BODIES_BEFORE)
            if isinstance(before, str):
                self._before = max(datetime.fromisoformat(before), self._before)
            self.erasures.append(
                Erased(
                    where=home,
                    seq=line.seq,
                    at=line.at,
                    by=line.actor,
                    why=line.text,
                    lines=sum(seq < line.seq for seq in silent),
                )
            )

    def covers(self, alert: Alert) -> bool:
        """Whether an alert's body may be gone."""
        return alert.received_at < self._before or alert.raw.rpartition("/")[2] in self._bodies
