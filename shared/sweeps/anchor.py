"""The daily anchor: what all chains said at one moment, chained to the anchor before.

    day ended ─► read the seal of every case, and which alerts opened none
        ─► keep the list as a blob, under its hash
            ─► row, line of the trail and its head in one write

A case that is written to while the list is made stands in it as it was read; what comes later is in
the next day's. A crash before the row leaves a blob that nothing names, and the next run makes
another; a second worker meets the first one's row.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from shared.errors import Conflict
from shared.model import AlertId, CaseId, TenantId, Utc, Value, number_of
from shared.store.verbs import Put, Store
from shared.tasks import keys
from shared.tasks.case_seal import CaseSeal
from shared.tasks.chain import fingerprint
from shared.tasks.ledger import Clock
from shared.tasks.trail import Head, Trail

_AT_ONCE: Final = 32
"""Seals read side by side."""


class ChainHead(Value):
    """How far one case had come."""

    case: CaseId
    writes: int
    seq: int
    head: str
    rows: str
    """The fingerprint of what its rows said."""

    @classmethod
    def of(cls, case: CaseId, seal: CaseSeal) -> ChainHead:
        """Read it off the case's seal."""
        rows = fingerprint(seal.rows)
        return cls(case=case, writes=seal.writes, seq=seal.seq, head=seal.head, rows=rows)


class Anchored(Value):
    """What is kept as a blob."""

    day: date
    at: Utc
    before: str
    """The hash of the anchor before."""
    trail: int
    """The audit trail's last line, and its hash."""
    trail_head: str
    cases: tuple[ChainHead, ...]
    alerts: tuple[AlertId, ...] = ()
    """Those that came since the day that was anchored before, and opened no case."""


class Anchor(Value):
    """The row that vouches for the blob."""

    day: date
    at: Utc
    kept: str
    sha256: str
    before: str
    cases: int


class Anchoring:
    """Anchors the day that has ended, once."""

    def __init__(self, store: Store, clock: Clock, tenant: TenantId) -> None:
        self._store = store
        self._clock = clock
        self._tenant = tenant
        self._trail = Trail(store, clock, tenant)
        self._done: date | None = None

    async def run(self) -> Anchor | None:
        """Anchor if yesterday is not anchored yet; days on which nothing ran are skipped."""
        day = self._clock().date() - timedelta(days=1)
        if self._done == day:
            return None
        head, row = await self._trail.head()
        if head.anchored is not None and head.anchored >= day:
            self._done = day
            return None
        anchor = await self._keep(day, head)
        put = Put(keys.audit(self._tenant), keys.anchor_row(day), anchor.model_dump(mode="json"))
        said = f"Anchored {number_of(anchor.cases, 'case')} for {day.isoformat()}"
        try:
            await self._trail.anchored(row, head, put, said)
        except Conflict:
            # Somebody wrote to the trail meanwhile, perhaps this very anchor: the next run sees.
            return None
        self._done = day
        return anchor

    async def _keep(self, day: date, head: Head) -> Anchor:
        found = Anchored(
            day=day,
            at=self._clock(),
            before=head.anchor,
            trail=head.seq,
            trail_head=head.hash,
            cases=tuple([one async for one in self._heads()]),
            alerts=tuple([one async for one in self._alerts(head.anchored)]),
        )
        said = found.model_dump(mode="json")
        data = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
        sha256 = hashlib.sha256(data).hexdigest()
        name = f"anchor/{self._tenant}/{day.isoformat()}/{sha256}"
        await self._store.keep(name, data)
        return Anchor(
            day=day,
            at=found.at,
            kept=name,
            sha256=sha256,
            before=head.anchor,
            cases=len(found.cases),
        )

    async def _alerts(self, since: date | None) -> AsyncIterator[AlertId]:
        """List what people are shown of no case, a day twice rather than a moment never."""
        oldest = "~"
        if since is not None:
            oldest = keys.shown_row(datetime.combine(since, time.min, UTC), AlertId("~"))
        async for row in self._store.scan(keys.inbox(self._tenant), prefix=keys.SHOWN):
            if row.key > oldest:
                return
            yield AlertId(row.body["alert"])

    async def _heads(self) -> AsyncIterator[ChainHead]:
        batch: list[CaseId] = []
        async for row in self._store.scan(keys.cases(self._tenant), prefix=keys.LISTED):
            batch.append(CaseId(row.body["id"]))
            if len(batch) == _AT_ONCE:
                for one in await self._read(batch):
                    yield one
                batch = []
        for one in await self._read(batch):
            yield one

    async def _read(self, batch: list[CaseId]) -> list[ChainHead]:
        ats = [keys.case(self._tenant, case) for case in batch]
        rows = await asyncio.gather(*(self._store.read(at, keys.SEAL) for at in ats))
        return [
            ChainHead.of(case, CaseSeal.model_validate(row.body))
            for case, row in zip(batch, rows, strict=True)
            if row is not None
        ]
