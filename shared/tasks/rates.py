"""How much one source may send: a bucket of tokens for each, in this process's memory.

In memory and not in storage, because counting there would cost every alert two more operations in
the very moment in which there are too many. So each instance of the app grants the whole rate; what
may be done to accounts is bounded over all of them by the blast radius. Counted is what proved
itself: a stranger cannot use up a sender's rate.

What is refused is not lost: the sender is told when to send again, and the list of alerts shows how
many were turned away, so that a person sees a sender that does not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.alerts.source import Source
from shared.errors import Conflict
from shared.model import (
    Alert,
    AlertId,
    AlertKind,
    AlertState,
    Severity,
    TenantId,
    digest,
    number_of,
)
from shared.store.verbs import Drop, Put, Store
from shared.tasks import keys
from shared.tasks.alert_lines import relisted
from shared.tasks.ledger import Clock

_MINUTE: Final = 60.0
_SHOWN_EVERY: Final = timedelta(seconds=10)
"""A flood of refusals is written down this often and not for each of them."""
_ONE_LINE: Final = timedelta(hours=1)
"""How long the refusals of a source are one line in the list."""


@dataclass(slots=True)
class Bucket:
    """Holds at most `most` tokens and gets as many again in a minute."""

    most: int
    tokens: float
    at: datetime

    def take(self, now: datetime) -> float:
        """Take a token; gives 0, or the seconds until there will be one."""
        passed = max((now - self.at).total_seconds(), 0.0)
        self.tokens = min(self.tokens + passed * self.most / _MINUTE, float(self.most))
        self.at = now
        if self.tokens >= 1:
            self.tokens -= 1
            return 0.0
        return (1 - self.tokens) * _MINUTE / self.most


@dataclass(slots=True)
class _Refusals:
    since: datetime
    count: int = 0
    written_at: datetime | None = None


class Rates:
    """Counts what the sources of one tenant send, and shows what was too much."""

    def __init__(self, store: Store, clock: Clock, tenant: TenantId) -> None:
        self._store = store
        self._clock = clock
        self._tenant = tenant
        self._buckets: dict[str, Bucket] = {}
        self._refusals: dict[str, _Refusals] = {}

    async def wait(self, source: Source) -> int:
        """Count one delivery; gives 0, or after how many whole seconds it may come again."""
        now = self._clock()
        most = source.per_minute
        bucket = self._buckets.setdefault(source.name, Bucket(most, float(most), now))
        seconds = bucket.take(now)
        if not seconds:
            return 0
        await self._refused(source, now)
        return math.ceil(seconds)

    async def _refused(self, source: Source, now: datetime) -> None:
        known = self._refusals.get(source.name)
        if known is None or now - known.since > _ONE_LINE:
            known = self._refusals[source.name] = _Refusals(since=now)
        known.count += 1
        if known.written_at is None or now - known.written_at >= _SHOWN_EVERY:
            known.written_at = now
            await self._show(source, known)

    async def _show(self, source: Source, refusals: _Refusals) -> None:
        said = f"{source.name} sent more than {source.per_minute} deliveries a minute"
        raw = f"refused/{self._tenant}/{digest(said, length=64)}"
        await self._store.keep(raw, said.encode())
        at, since = keys.inbox(self._tenant), refusals.since
        turned_away = number_of(refusals.count, "delivery was", "deliveries were")
        alert = Alert(
            id=AlertId(digest(raw, since.isoformat())),
            tenant=self._tenant,
            source=source.name,
            carrier=source.speaks,
            native_id=since.isoformat(),
            kind=AlertKind.UNSUPPORTED,
            title=said,
            severity=Severity.UNKNOWN,
            occurred_at=since,
            received_at=since,
            raw=raw,
            state=AlertState.UNRESOLVED,
            reason=f"At least {turned_away} turned away and told to come again: see that the "
            "sender does, or raise per_minute of this source",
        )
        row = await self._store.read(at, keys.alert_row(alert.id))
        etag = row.etag if row else None
        puts: list[Put | Drop] = [
            Put(at, keys.alert_row(alert.id), alert.model_dump(mode="json"), etag)
        ]
        puts += [] if row else relisted(at, AlertState.RECEIVED, alert)
        try:
            await self._store.write(*puts)
        except Conflict:
            # Another delivery is being refused at the same time; the next one writes the count.
            return
