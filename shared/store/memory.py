"""The same verbs in a dictionary, for tests: ours, and those of whoever writes a responder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count, islice

from shared.errors import Conflict
from shared.model import SCHEMA, now
from shared.store.rules import (
    MAX_DELAY,
    check_changes,
    check_key,
    check_message,
    check_name,
    pack,
    unpack,
)
from shared.store.schema import migrated
from shared.store.verbs import Drop, Exists, Immutable, Partition, Put, Row


@dataclass(frozen=True, slots=True)
class _Kept:
    text: str
    etag: str
    schema: int = SCHEMA


class MemoryStore:
    """The six verbs in memory.

    Bodies are kept as JSON text, so that what a caller changes afterwards changes no row. Every
    verb lets other tasks run first, as a call over the network would: races stay races.
    """

    def __init__(self) -> None:
        self._rows: dict[tuple[Partition, str], _Kept] = {}
        self._blobs: dict[str, bytes] = {}
        self._versions = count(1)
        self.held: tuple[str, ...] = ()
        """How the names begin of what may not be erased now, as under an immutability policy."""

    async def read(self, partition: Partition, key: str) -> Row | None:
        """Read one row."""
        check_key(partition, key)
        await asyncio.sleep(0)
        return self._row(partition, key)

    async def write(self, *changes: Put | Drop) -> tuple[str, ...]:
        """Write up to 100 rows of one partition, all or none."""
        check_changes(changes)
        texts = pack(*changes)
        await asyncio.sleep(0)
        for change in changes:
            self._judge(change)
        return tuple(map(self._apply, changes, texts))

    async def scan(
        self, partition: Partition, *, prefix: str = "", after: str = "", most: int | None = None
    ) -> AsyncIterator[Row]:
        """Read the rows of a partition whose key starts with `prefix`, in the order of keys."""
        check_key(partition, *filter(None, (prefix, after)))
        await asyncio.sleep(0)
        keys = (key for home, key in self._rows if home == partition and key.startswith(prefix))
        for key in islice((key for key in sorted(keys) if key > after), most):
            if (row := self._row(partition, key)) is not None:
                yield row

    async def keep(self, name: str, data: bytes) -> None:
        """Keep bytes under a name, unless there are some already."""
        check_name(name)
        await asyncio.sleep(0)
        self._blobs.setdefault(name, bytes(data))

    async def fetch(self, name: str) -> bytes | None:
        """Fetch the bytes kept under a name."""
        check_name(name)
        await asyncio.sleep(0)
        return self._blobs.get(name)

    async def erase(self, name: str) -> None:
        """Erase the bytes kept under a name."""
        check_name(name)
        await asyncio.sleep(0)
        if name in self._blobs and name.startswith(self.held):
            raise Immutable(f"{name} may not be erased yet")
        self._blobs.pop(name, None)

    async def names(self, prefix: str) -> AsyncIterator[str]:
        """Name what is kept under names that start with `prefix`."""
        await asyncio.sleep(0)
        for name in sorted(self._blobs):
            if name.startswith(prefix):
                yield name

    def restore(self, rows: Iterable[Row], blobs: Mapping[str, bytes], *, schema: int) -> None:
        """Fill it with what another version wrote, as a restored backup holds it."""
        for row in rows:
            text = pack(Put(row.partition, row.key, row.body))[0] or ""
            self._rows[row.partition, row.key] = _Kept(text, row.etag, schema)
        self._blobs.update(blobs)

    def rows(self) -> tuple[Row, ...]:
        """Show every row there is, for tests that look at everything."""
        found = (self._row(*place) for place in sorted(self._rows))
        return tuple(row for row in found if row is not None)

    def blobs(self) -> dict[str, bytes]:
        """Show every blob there is, for tests that look at everything."""
        return dict(self._blobs)

    def _row(self, partition: Partition, key: str) -> Row | None:
        kept = self._rows.get((partition, key))
        if kept is None:
            return None
        where = f"Row {key} of {partition}"
        body = migrated(key, unpack(kept.text, where=where), schema=kept.schema, where=where)
        return Row(partition, key, body, kept.etag)

    def _judge(self, change: Put | Drop) -> None:
        if isinstance(change, Drop):
            return
        kept = self._rows.get((change.partition, change.key))
        if change.etag is None and kept is not None:
            raise Exists(f"Row {change.key} of {change.partition} is there already")
        if change.etag is not None and (kept is None or kept.etag != change.etag):
            raise Conflict(f"Row {change.key} of {change.partition} is not what we read")

    def _apply(self, change: Put | Drop, text: str | None) -> str:
        place = (change.partition, change.key)
        if text is None:
            self._rows.pop(place, None)
            return ""
        etag = f'W/"{next(self._versions)}"'
        self._rows[place] = _Kept(text, etag)
        return etag


@dataclass(frozen=True, slots=True)
class Message:
    """A message as a worker receives it."""

    id: int
    text: str
    visible_at: datetime
    dequeues: int
    put_at: datetime


class MemoryQueue:
    """The queue in memory: a message that was received is hidden until it is deleted or due again.

    `hidden_for` is how long the host hides a message while its function runs (ten minutes).
    """

    def __init__(
        self, clock: Callable[[], datetime] = now, *, hidden_for: timedelta = timedelta(minutes=10)
    ) -> None:
        self._clock = clock
        self._hidden_for = hidden_for
        self._messages: dict[int, Message] = {}
        self._ids = count(1)

    async def put(self, text: str, *, delay: float = 0) -> None:
        """Put a message that becomes visible after `delay` seconds, at most seven days."""
        check_message(text)
        await asyncio.sleep(0)
        visible = self._clock() + timedelta(seconds=min(max(delay, 0), MAX_DELAY))
        message = Message(next(self._ids), text, visible, dequeues=0, put_at=self._clock())
        self._messages[message.id] = message

    async def receive(self) -> Message | None:
        """Receive the message that has been visible longest, and hide it; `None` if none is."""
        await asyncio.sleep(0)
        first = self._first()
        if first is None:
            return None
        hidden_until = self._clock() + self._hidden_for
        taken = replace(first, visible_at=hidden_until, dequeues=first.dequeues + 1)
        self._messages[taken.id] = taken
        return taken

    async def delete(self, message: Message) -> None:
        """Take a message off the queue: it was dealt with."""
        await asyncio.sleep(0)
        self._messages.pop(message.id, None)

    async def release(self, message: Message, *, delay: float = 0) -> None:
        """Give a message back: dealing with it failed, and it comes again after `delay` seconds."""
        await asyncio.sleep(0)
        visible = self._clock() + timedelta(seconds=delay)
        if message.id in self._messages:
            self._messages[message.id] = replace(message, visible_at=visible)

    async def front(self) -> datetime | None:
        """Tell when the message that is next was put; `None` where none is to be seen."""
        await asyncio.sleep(0)
        first = self._first()
        return first.put_at if first else None

    async def count(self) -> int:
        """Count the messages, hidden ones too."""
        await asyncio.sleep(0)
        return len(self._messages)

    async def take(self) -> bool:
        """Take a message off the queue for good; says whether one was to be seen."""
        message = await self.receive()
        if message is not None:
            await self.delete(message)
        return message is not None

    def _first(self) -> Message | None:
        moment = self._clock()
        due = [message for message in self._messages.values() if message.visible_at <= moment]
        return min(due, key=lambda message: (message.visible_at, message.id), default=None)

    def messages(self) -> tuple[Message, ...]:
        """Show every message there is, hidden ones too, in the order in which they become due."""
        everyone = self._messages.values()
        return tuple(sorted(everyone, key=lambda message: (message.visible_at, message.id)))
