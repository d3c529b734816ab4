"""Erase blobs; those that an immutability policy holds back stay on a list until it lets go.

tenant|erasures   held:DIGEST   one blob that may not be erased yet, and when that was tried last

Azure answers 409 to whoever deletes a blob under a policy or a legal hold. That blob is not erased
and nobody says so: the list names it, `firebreak erasures` counts it, and once a day it is tried
again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from shared.model import TenantId, Utc, Value, digest
from shared.store.verbs import Drop, Immutable, Put, Store
from shared.tasks import keys
from shared.tasks.ledger import Clock

AGAIN: Final = timedelta(days=1)
PORTION: Final = 50
"""Blobs that one run tries again."""


class Held(Value):
    """One blob that has to stay for now."""

    name: str
    of: str
    """Whose erasure it is left over from: a case or an order."""
    since: Utc
    tried_at: Utc


class HeldBack:
    """Erases blobs of one tenant, and remembers those that may not be erased yet."""

    def __init__(self, store: Store, clock: Clock, tenant: TenantId) -> None:
        self._store = store
        self._clock = clock
        self._at = keys.erasures(tenant)

    async def erase(self, name: str, *, of: str) -> bool:
        """Erase a blob; false where it has to stay, which is then on the list."""
        try:
            await self._store.erase(name)
        except Immutable:
            await self._remember(name, of)
            return False
        return True

    async def all(self) -> list[Held]:
        """Read the list."""
        rows = self._store.scan(self._at, prefix=keys.HELD)
        return [Held.model_validate(row.body) async for row in rows]

    async def retry(self) -> int:
        """Try again what was tried a day ago or earlier; returns how many are gone now."""
        before = self._clock() - AGAIN
        due = [held for held in await self.all() if held.tried_at <= before][:PORTION]
        gone = 0
        for held in due:
            if await self.erase(held.name, of=held.of):
                await self._store.write(Drop(self._at, _row(held.name)))
                gone += 1
        return gone

    async def _remember(self, name: str, of: str) -> None:
        row = await self._store.read(self._at, _row(name))
        now = self._clock()
        since = Held.model_validate(row.body).since if row else now
        held = Held(name=name, of=of, since=since, tried_at=now)
        body = held.model_dump(mode="json")
        await self._store.write(Put(self._at, _row(name), body, row.etag if row else None))


def _row(name: str) -> str:
    return f"{keys.HELD}{digest(name)}"
