"""A worker that can be killed at any await: before and after every effect it has on the world.

A killed worker does nothing more, not even in its `finally`: what it had not said was never said.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lab.workbench import Workbench
from shared.store.memory import MemoryQueue, MemoryStore
from shared.store.verbs import Drop, Partition, Put, Row

if TYPE_CHECKING:
    from lab.tenant import SimulatedTenant
    from lab.tenant.records import Call, Write


class Killed(BaseException):
    """The process is gone; no handler of ours sees it."""


class Fuse:
    """Counts the points at which a worker can die and blows at the `at`-th, counted from 1."""

    def __init__(self, at: int | None = None) -> None:
        self.at = at
        self.trail: list[str] = []
        self.blown_at: str | None = None

    def reach(self, point: str) -> None:
        """Pass a point alive, or die there. Whoever is dead stays dead."""
        if self.blown_at is None:
            self.trail.append(point)
            if len(self.trail) != self.at:
                return
            self.blown_at = point
        raise Killed(self.blown_at)


class MortalStore:
    """A store whose user can die before and after every verb."""

    def __init__(self, store: MemoryStore, fuse: Fuse) -> None:
        self._store = store
        self._fuse = fuse

    async def read(self, partition: Partition, key: str) -> Row | None:
        """Read one row."""
        self._fuse.reach("before read")
        row = await self._store.read(partition, key)
        self._fuse.reach("after read")
        return row

    async def write(self, *changes: Put | Drop) -> tuple[str, ...]:
        """Write rows."""
        self._fuse.reach("before write")
        etags = await self._store.write(*changes)
        self._fuse.reach("after write")
        return etags

    async def scan(
        self, partition: Partition, *, prefix: str = "", after: str = "", most: int | None = None
    ) -> AsyncIterator[Row]:
        """Read a partition."""
        self._fuse.reach("before scan")
        async for row in self._store.scan(partition, prefix=prefix, after=after, most=most):
            yield row
        self._fuse.reach("after scan")

    async def keep(self, name: str, data: bytes) -> None:
        """Keep bytes."""
        self._fuse.reach("before keep")
        await self._store.keep(name, data)
        self._fuse.reach("after keep")

    async def fetch(self, name: str) -> bytes | None:
        """Fetch bytes."""
        self._fuse.reach("before fetch")
        found = await self._store.fetch(name)
        self._fuse.reach("after fetch")
        return found

    async def erase(self, name: str) -> None:
        """Erase bytes."""
        self._fuse.reach("before erase")
        await self._store.erase(name)
        self._fuse.reach("after erase")

    async def names(self, prefix: str) -> AsyncIterator[str]:
        """List names."""
        self._fuse.reach("before names")
        async for name in self._store.names(prefix):
            yield name
        self._fuse.reach("after names")


class MortalQueue:
    """A queue whose user can die before and after a message is put."""

    def __init__(self, queue: MemoryQueue, fuse: Fuse) -> None:
        self._queue = queue
        self._fuse = fuse

    async def put(self, text: str, *, delay: float = 0) -> None:
        """Put a message."""
        self._fuse.reach("before put")
        await self._queue.put(text, delay=delay)
        self._fuse.reach("after put")

    async def front(self) -> datetime | None:
        """Look at the front."""
        return await self._queue.front()


class MortalBench(Workbench):
    """One life of the app, on a store, a queue and a tenant that outlive it."""

    def __init__(
        self,
        tenant: SimulatedTenant,
        *,
        store: MemoryStore,
        messages: MemoryQueue,
        fuse: Fuse,
        **wishes: Any,
    ) -> None:
        super().__init__(
            tenant, store=MortalStore(store, fuse), queue=MortalQueue(messages, fuse), **wishes
        )
        self.messages = messages
        self._fuse = fuse
        self.tenant.before_call.append(self._calls)
        self.tenant.after_write.append(self._wrote)

    def bury(self) -> None:
        """Leave the tenant to the next life."""
        self.tenant.before_call.remove(self._calls)
        self.tenant.after_write.remove(self._wrote)

    def _calls(self, call: Call) -> None:
        kind = "tenant write" if _changes(call) else "tenant read"
        self._fuse.reach(f"before {kind}")

    def _wrote(self, write: Write) -> None:
        if write.actor == self.tenant.own_object_id:
            self._fuse.reach("after tenant write")


def _changes(call: Call) -> bool:
    if call.path.startswith("/"):
        return call.method != "GET"
    return not call.path.startswith("Get-")
