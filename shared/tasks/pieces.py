"""Parts of alerts, remembered until the other parts have come."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable

from shared.alerts.carrier import Piece
from shared.model import Json, TenantId, digest
from shared.store.verbs import Drop, Exists, Partition, Put, Store, partition


class Pieces:
    """What came of each alert so far. The same part twice is one part."""

    def __init__(self, store: Store, tenant: TenantId) -> None:
        self._store = store
        self._tenant = tenant

    async def keep(self, pieces: Iterable[Piece]) -> None:
        """Remember parts; each is a row of its own, so that two at once lose neither."""
        await asyncio.gather(*(self._keep(piece) for piece in pieces))

    async def of(self, alert: str) -> list[Json]:
        """Give the records of an alert that came so far."""
        return [row.body["record"] async for row in self._store.scan(self._at(alert))]

    async def drop(self, alert: str) -> None:
        """Forget the parts of an alert."""
        at = self._at(alert)
        for row in [row async for row in self._store.scan(at)]:
            await self._store.write(Drop(at, row.key))

    async def _keep(self, piece: Piece) -> None:
        key = digest(json.dumps(piece.record, sort_keys=True))
        try:
            await self._store.write(Put(self._at(piece.alert), key, {"record": piece.record}))
        except Exists:
            return

    def _at(self, alert: str) -> Partition:
        return partition(self._tenant, "pieces", digest(alert))
