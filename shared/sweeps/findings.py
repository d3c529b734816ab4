"""The findings of one sweep as rows: seen again, called fixed, counted, accepted.

Whatever is written can be written again: it comes from the row, the finding and the run, and from
no counter. So a page that is read twice and a part that is closed twice change nothing.

Ids are digests, so their first letter cuts a large partition into even parts that are closed one
after the other; one part is streamed, never held.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from heapq import nsmallest
from typing import Final

from shared.errors import Gone
from shared.model import Severity, TenantId, Value
from shared.posture import (
    Acceptance,
    Certainty,
    Counts,
    Finding,
    FindingId,
    FindingState,
    Held,
    Place,
    Run,
    SweepName,
)
from shared.store.verbs import Drop, Put, Row, Store
from shared.tasks import keys

SHARDS: Final = "0123456789abcdef"
"""The parts of the findings, by the first letter of the id."""
WORST: Final = 100
"""How many of the heaviest findings a run names."""
KEPT_FIXED: Final = timedelta(days=400)
"""How long a finding that was fixed stays to be looked at: a year and a month."""
_BATCH: Final = 100
_BATCH_SIZE: Final = 300_000
"""Characters of JSON in one write; the store takes somewhat more."""
_READERS: Final = 16
_LOUDNESS: Final = (
    Severity.HIGH,
    Severity.MEDIUM,
    Severity.UNKNOWN,
    Severity.LOW,
    Severity.INFORMATIONAL,
)
_ON_SHOW: Final = frozenset({FindingState.OPEN, FindingState.UNKNOWN})


class Closed(Value):
    """What closing one part came to: how many of what there are, and the heaviest of them."""

    counts: Counts
    worst: tuple[Place, ...]


class Findings:
    """The findings of one sweep of one tenant."""

    def __init__(self, store: Store, tenant: TenantId, sweep: SweepName) -> None:
        self._store = store
        self._at = keys.findings(tenant, sweep)
        self._sweep = sweep

    async def see(self, found: Iterable[Finding], run: Run) -> None:
        """Write what a page found; raises `Conflict` where somebody writes to a row meanwhile."""
        named = {finding.id(self._sweep): finding for finding in found}
        gate = asyncio.Semaphore(_READERS)

        async def read(finding: FindingId) -> Row | None:
            async with gate:
                return await self._store.read(self._at, finding)

        rows = await asyncio.gather(*map(read, named))
        changes = []
        for (finding_id, finding), row in zip(named.items(), rows, strict=True):
            old = None if row is None else Held.model_validate(row.body)
            new = seen(old, finding, run, sweep=self._sweep)
            if new != old:
                body = new.model_dump(mode="json")
                changes.append(Put(self._at, finding_id, body, row.etag if row else None))
        await self._write(changes)

    async def close(self, shard: str, run: Run) -> Closed:
        """Call fixed what the run did not see in one part, and count what is left there."""
        counts, places, changes = Counts(), list[Place](), list[Put | Drop]()
        async for row in self._store.scan(self._at, prefix=shard):
            old = Held.model_validate(row.body)
            new = closed(old, run)
            if new.fixed_at is not None and run.started_at - new.fixed_at > KEPT_FIXED:
                changes.append(Drop(self._at, row.key))
                continue
            if new != old:
                changes.append(Put(self._at, row.key, new.model_dump(mode="json"), row.etag))
            if len(changes) == _BATCH:
                await self._write(changes)
                changes.clear()
            counts = counts.plus(counted(new, run))
            if new.state(run.started_at) in _ON_SHOW:
                places.append(place(new))
            if len(places) > _BATCH * WORST:
                places = list(heaviest(places))
        await self._write(changes)
        return Closed(counts=counts, worst=heaviest(places))

    async def find(self, finding: FindingId) -> Held | None:
        """Read one finding."""
        row = await self._store.read(self._at, finding)
        return None if row is None else Held.model_validate(row.body)

    async def all(self, prefix: str = "") -> AsyncIterator[Held]:
        """Read all findings, fixed ones too, in the order of their ids; one is held at a time."""
        async for row in self._store.scan(self._at, prefix=prefix):
            yield Held.model_validate(row.body)

    async def accept(self, finding: FindingId, accepted: Acceptance | None) -> Held:
        """Write down that a finding may stay, or no longer. Raises `Gone` where there is none."""
        row = await self._store.read(self._at, finding)
        if row is None:
            raise Gone("There is no such finding")
        held = Held.model_validate(row.body).model_copy(update={"accepted": accepted})
        await self._store.write(Put(self._at, finding, held.model_dump(mode="json"), row.etag))
        return held

    async def _write(self, changes: Iterable[Put | Drop]) -> None:
        batch, size = list[Put | Drop](), 0
        for change in changes:
            length = len(str(change.body)) if isinstance(change, Put) else 0
            if batch and (len(batch) == _BATCH or size + length > _BATCH_SIZE):
                await self._store.write(*batch)
                batch, size = [], 0
            batch.append(change)
            size += length
        if batch:
            await self._store.write(*batch)


def seen(old: Held | None, finding: Finding, run: Run, *, sweep: SweepName) -> Held:
    """Say what becomes of a finding that a run met. The same run again says the same."""
    at = run.started_at
    known = finding.certainty is Certainty.SEEN
    if old is None:
        old = Held(
            id=finding.id(sweep),
            sweep=sweep,
            finding=finding,
            first_seen=at,
            first_run=run.id,
            run=run.id,
        )
    if not known:
        if old.last_seen == at:
            # It was seen in this run, on another page: that is the better knowledge.
            return old
        since = old.unknown_at or at
        return old.model_copy(update={"run": run.id, "unknown_at": since, "fixed_at": None})
    back = at if old.fixed_at is not None else old.returned_at
    changes = {"finding": finding, "run": run.id, "last_seen": at, "returned_at": back}
    return old.model_copy(update={**changes, "unknown_at": None, "fixed_at": None})


def closed(old: Held, run: Run) -> Held:
    """Say what becomes of a finding at a run's end; of one it could not judge nothing but that."""
    if old.run == run.id or old.fixed_at is not None:
        return old
    if old.finding.kind in run.unjudged:
        return old.model_copy(update={"unknown_at": old.unknown_at or run.started_at})
    return old.model_copy(update={"fixed_at": run.started_at, "unknown_at": None})


def counted(held: Held, run: Run) -> Counts:
    """Count one finding."""
    state = held.state(run.started_at)
    is_open = state is FindingState.OPEN
    return Counts(
        open=is_open,
        unknown=state is FindingState.UNKNOWN,
        accepted=state is FindingState.ACCEPTED,
        fixed=held.fixed_at == run.started_at,
        new=held.first_run == run.id,
        returned=held.returned_at == run.started_at,
        by_severity={held.finding.severity: 1} if is_open else {},
        by_kind={held.finding.kind: 1} if is_open else {},
    )


def place(held: Held) -> Place:
    """Place a finding: the loudest first, the heaviest of those, then by name."""
    finding = held.finding
    loud = Severity.UNKNOWN if finding.certainty is Certainty.UNKNOWN else finding.severity
    return _LOUDNESS.index(loud), -finding.weight, held.id


def heaviest(places: Iterable[Place]) -> tuple[Place, ...]:
    """Keep the first places only."""
    return tuple(nsmallest(WORST, places))
