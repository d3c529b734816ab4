"""Everything Firebreak remembers, in one storage account.

Anchors lie in a container of their own: there an immutability policy proves something, while one on
the container of bodies and evidence keeps people's data from being erased.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final, Self

from shared.store.account import Account, StorageConnection
from shared.store.blobs import Blobs
from shared.store.tables import Tables
from shared.store.verbs import Drop, Partition, Put, Row

_ANCHOR: Final = "anchor/"


class AzureStore:
    """The verbs on one table and two blob containers."""

    def __init__(
        self,
        account: Account,
        *,
        table: str = "firebreak",
        container: str = "firebreak-raw",
        anchors: str = "firebreak-anchors",
        page_size: int = 1000,
    ) -> None:
        self._account = account
        self._tables = Tables(account, table=table, page_size=page_size)
        self._blobs = Blobs(account, container=container)
        self._anchors = Blobs(account, container=anchors)

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
        await self._home(name).keep(name, data)

    async def fetch(self, name: str) -> bytes | None:
        """Fetch the bytes kept under a name."""
        found = await self._home(name).fetch(name)
        if found is None and name.startswith(_ANCHOR):
            # Made before anchors had a container of their own.
            return await self._blobs.fetch(name)
        return found

    async def erase(self, name: str) -> None:
        """Erase the bytes kept under a name; raises `Immutable` where they have to stay."""
        await self._home(name).erase(name)

    def names(self, prefix: str) -> AsyncIterator[str]:
        """Name what is kept under names that start with `prefix`."""
        return self._home(prefix).names(prefix)

    def _home(self, name: str) -> Blobs:
        return self._anchors if name.startswith(_ANCHOR) else self._blobs
