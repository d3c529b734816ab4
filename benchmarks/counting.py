"""A store that counts what it is asked, and how much it gives."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator

from shared.store.verbs import Drop, Partition, Put, Row, Store


class Counting:
    """Counts calls by verb; a scan counts as one, whatever it gives."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.calls: Counter[str] = Counter()
        self.rows = 0
        """Rows that were given."""
        self.bytes = 0
        """Bytes of those rows' bodies as JSON, and of blobs."""

    def reset(self) -> None:
        """Begin to count anew."""
        self.calls, self.rows, self.bytes = Counter(), 0, 0

    async def read(self, partition: Partition, key: str) -> Row | None:
        """Read one row."""
        self.calls["read"] += 1
        row = await self._store.read(partition, key)
        if row is not None:
            self._given(row)
        return row

    async def write(self, *changes: Put | Drop) -> tuple[str, ...]:
        """Write rows."""
        self.calls["write"] += 1
        return await self._store.write(*changes)

    async def scan(
        self, partition: Partition, *, prefix: str = "", after: str = "", most: int | None = None
    ) -> AsyncIterator[Row]:
        """Scan a partition."""
        self.calls["scan"] += 1
        async for row in self._store.scan(partition, prefix=prefix, after=after, most=most):
            self._given(row)
            yield row

    async def keep(self, name: str, data: bytes) -> None:
        """Keep a blob."""
        self.calls["keep"] += 1
        await self._store.keep(name, data)

    async def fetch(self, name: str) -> bytes | None:
        """Fetch a blob."""
        self.calls["fetch"] += 1
        data = await self._store.fetch(name)
        self.bytes += len(data or b"")
        return data

    async def erase(self, name: str) -> None:
        """Erase a blob."""
        self.calls["erase"] += 1
        await self._store.erase(name)

    async def names(self, prefix: str) -> AsyncIterator[str]:
        """Name the blobs."""
        self.calls["names"] += 1
        async for name in self._store.names(prefix):
            yield name

    def _given(self, row: Row) -> None:
        self.rows += 1
        self.bytes += len(json.dumps(row.body))
