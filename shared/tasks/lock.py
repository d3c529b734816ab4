"""The lock that lets one worker at a time act on an account.

    |  LOCKED by A, renewed  |  A is gone: nobody renews    |  LOCKED by B, renewed
    |------------------------|------------------------------|----------------------> (time)
    A acquires               A's last renewal + LEASE        B acquires, takes over A's tasks

A worker that lost its lock without noticing is stopped by the rows of the case: every write names
the version it read, so its next step meets a `Conflict` before anything is done to the tenant.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Final

from shared.errors import Conflict, Transient
from shared.model import (
    ObjectId,
    TenantId,
)
from shared.store.verbs import Exists, Partition, Put, Row, Store
from shared.tasks import keys
from shared.tasks.ledger import Clock

LEASE: Final = timedelta(seconds=30)
"""How long a worker that says nothing more keeps an account to itself."""


class Lock:
    """The running lock of an account: one worker at a time, for as long as it says it is there."""

    def __init__(self, store: Store, clock: Clock, *, lease: timedelta = LEASE) -> None:
        self._store = store
        self._clock = clock
        self._lease = lease

    @asynccontextmanager
    async def hold(
        self, tenant: TenantId, oid: ObjectId, owner: str
    ) -> AsyncIterator[asyncio.Event | None]:
        """Hold an account's lock and renew it; yields `None` where another worker holds it.

        The event that is yielded is set when the lock was lost: stop writing then.
        """
        at = keys.account(tenant, oid)
        etag = await self._acquire(at, owner)
        if etag is None:
            yield None
            return
        lost = asyncio.Event()
        held = _Held(etag)
        heart = asyncio.create_task(self._beat(at, owner, held, lost))
        try:
            yield lost
        finally:
            heart.cancel()
            with suppress(asyncio.CancelledError):
                await heart
            if not lost.is_set():
                # Whoever comes next need not wait for the lease to run out.
                with suppress(Conflict):
                    await self._store.write(self._row(at, owner, timedelta(0), held.etag))

    async def held(self, tenant: TenantId, oid: ObjectId) -> bool:
        """Whether some worker is at work on the account now."""
        row = await self._store.read(keys.account(tenant, oid), keys.LOCK)
        return row is not None and self._live(row)

    def _live(self, row: Row) -> bool:
        return datetime.fromisoformat(row.body["until"]) > self._clock()

    async def _acquire(self, at: Partition, owner: str) -> str | None:
        try:
            return (await self._store.write(self._row(at, owner, self._lease)))[0]
        except Exists:
            pass
        row = await self._store.read(at, keys.LOCK)
        if row is not None and self._live(row):
            return None
        try:
            etag = row.etag if row else None
            return (await self._store.write(self._row(at, owner, self._lease, etag)))[0]
        except Conflict:
            return None

    async def _beat(self, at: Partition, owner: str, held: _Held, lost: asyncio.Event) -> None:
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            try:
                put = self._row(at, owner, self._lease, held.etag)
                held.etag = (await self._store.write(put))[0]
            except Conflict:
                lost.set()
                return
            except Transient:
                # Storage hiccups; the lease is three beats long.
                continue

    def _row(self, at: Partition, owner: str, lease: timedelta, etag: str | None = None) -> Put:
        until = (self._clock() + lease).isoformat()
        return Put(at, keys.LOCK, {"owner": owner, "until": until}, etag)


class _Held:
    """The version of the lock's row that we wrote last."""

    def __init__(self, etag: str) -> None:
        self.etag = etag
