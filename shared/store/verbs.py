"""Six verbs for everything Firebreak remembers: read, write, scan, keep, fetch, erase.

Rows live in partitions, and one `write` is atomic within one partition: a task's new state and the
journal line about it are stored together or not at all. Bodies that are too large for a row, and
whatever came from outside, are kept as blobs.

Every partition starts with the tenant's id, so that one tenant's key can never name another's row.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NewType, Protocol

from shared.errors import Conflict, Defect
from shared.model import Json, TenantId

Partition = NewType("Partition", str)

_SAFE: Final = re.compile(r"[A-Za-z0-9_.@:+=~-]{1,256}")
"""Letters that table keys, blob names and queue messages all take as they are."""


class Exists(Conflict):
    """The row is there already: somebody inserted it first."""


class Immutable(Conflict):
    """What is kept may not be erased yet: a policy of the container or a legal hold forbids it."""


def partition(tenant: TenantId, *parts: str) -> Partition:
    """Name a partition; the tenant always leads."""
    for part in (tenant, *parts):
        if not _SAFE.fullmatch(part):
            raise Defect(f"{part!r} cannot be part of a storage key")
    return Partition("|".join((tenant, *parts)))


@dataclass(frozen=True, slots=True)
class Row:
    """One stored row: where it is, what it says, and the version we saw."""

    partition: Partition
    key: str
    body: Json
    etag: str


@dataclass(frozen=True, slots=True)
class Put:
    """Write one row. Without `etag` it must be new; with one it must still be that version."""

    partition: Partition
    key: str
    body: Json
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class Drop:
    """Remove one row, whatever its version; a row that is gone already is fine."""

    partition: Partition
    key: str


class Store(Protocol):
    """Rows and blobs. Both implementations pass one test suite."""

    async def read(self, partition: Partition, key: str) -> Row | None:
        """Read one row; `None` where there is none."""
        ...

    async def write(self, *changes: Put | Drop) -> tuple[str, ...]:
        """Write up to 100 rows of one partition, all or none; returns the new etags in order.

        A `Drop` returns an empty etag. All bodies together are at most 500,000 characters of JSON.
        Raises `Exists` where an insert met a row, `Conflict` where a row was not the version given.
        """
        ...

    def scan(
        self, partition: Partition, *, prefix: str = "", after: str = "", most: int | None = None
    ) -> AsyncIterator[Row]:
        """All rows of a partition whose key starts with `prefix`, in the order of their keys.

        `after` is the key to go on behind, `most` how many rows are read at most.
        """
        ...

    async def keep(self, name: str, data: bytes) -> None:
        """Keep bytes under a name. Keeping the same name again leaves the first bytes."""
        ...

    async def fetch(self, name: str) -> bytes | None:
        """Fetch the bytes kept under a name; `None` where there are none."""
        ...

    async def erase(self, name: str) -> None:
        """Erase the bytes kept under a name; where there are none, that is fine.

        Raises `Immutable` where they have to stay for now.
        """
        ...

    def names(self, prefix: str) -> AsyncIterator[str]:
        """All names that start with `prefix` under which bytes are kept, in order."""
        ...


class Queue(Protocol):
    """The one queue: text messages, at least once, in no promised order, mostly oldest first."""

    async def put(self, text: str, *, delay: float = 0) -> None:
        """Put a message that becomes visible after `delay` seconds (at most seven days)."""
        ...

    async def front(self) -> datetime | None:
        """Tell when the message that is next was put; `None` where none is to be seen."""
        ...


class SideQueue(Protocol):
    """A queue beside the one that is worked off: it can be counted and tried out."""

    async def count(self) -> int:
        """Count its messages, hidden ones too; none where there is no such queue."""
        ...

    async def put(self, text: str, *, delay: float = 0) -> None:
        """Put a message."""
        ...

    async def take(self) -> bool:
        """Take a message off the queue for good; says whether one was to be seen."""
        ...
