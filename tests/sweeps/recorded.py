"""A store as it was when a story ended, to be copied for whoever wants to change it."""

from __future__ import annotations

import copy

from shared.store.memory import MemoryStore
from shared.store.verbs import Put, Row


class Recorded:
    """All rows and blobs of a store."""

    def __init__(self) -> None:
        self.rows: tuple[Row, ...] = ()
        self.blobs: dict[str, bytes] = {}

    def record(self, store: MemoryStore) -> None:
        """Take up everything that is in a store."""
        self.rows, self.blobs = store.rows(), store.blobs()

    async def copied(self) -> MemoryStore:
        """Make a store that holds the same."""
        store = MemoryStore()
        for row in self.rows:
            await store.write(Put(row.partition, row.key, copy.deepcopy(row.body)))
        for name, data in self.blobs.items():
            await store.keep(name, data)
        return store
