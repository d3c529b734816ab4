"""Everything Firebreak remembers, in one storage account."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Self

from shared.store.account import Account, StorageConnection
from shared.store.blobs import Blobs
from shared.store.tables import Tables
from shared.store.verbs import Drop, Partition, Put, Row


class AzureStore:
    """The six verbs on one table and one blob container."""

    def __init__(
        self,
        account: Account,
        *,
        table: str = "firebreak",
        container: str = "firebreak-raw",
        page_size: int = 1000,
    ) -> None:
        self._account = account
        self._tables = Tables(account, table=table, page_size=page_size)
        self._blobs = Blobs(account, container=container)

    @classmethod
    def connect(cls, connection: StorageConnection) -> Self:
        """Open the store of an account that nobody else shares."""
        return cls(Account(connection))

    async def aclose(self) -> None:
        """Close the account's clients on this event loop."""
        await self._account.aclose()

    async def read(self, partition: Partition, key: str) -> Row | None:
        """Read one row."""
        return await self._tables.read(partition, key)

    async def write(self, *changes: Put | Drop) -> tuple[str, ...]:
        """Write up to 100 rows of one partition, all or none."""
        return await self._tables.write(*changes)

    def scan(
        self, partition: Partition, *, prefix: str = "", after: str = "", most: int | None = None
    ) -> AsyncIterator[Row]:
        """Read the rows of a partition whose key starts with `prefix`, in the order of keys."""
        return self._tables.scan(partition, prefix=prefix, after=after, most=most)

    async def keep(self, name: str, data: bytes) -> None:
        """Keep bytes under a name, unless there are some already."""
        await self._blobs.keep(name, data)

    async def fetch(self, name: str) -> bytes | None:
        """Fetch the bytes kept under a name."""
        return await self._blobs.fetch(name)

    async def erase(self, name: str) -> None:
        """Erase the bytes kept under a name."""
        await self._blobs.erase(name)
