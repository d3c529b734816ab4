"""The kill switch and the counters, in the store: they hold under many workers and survive.

tenant|brakes    pause          what somebody set the kill switch to
                 pause-all      the same for all tenants of a provider, in its own partition
                 radius         the cases that were let act by themselves in the last 24 hours
                 burst:RULE     the cases a rule opened lately, and until when it is held
                 directory      how many accounts there are, and when they were counted

Each is one row that is read, changed and written under its version, so of two workers that take the
last place at once one reads again and finds it taken. A case takes its place before it acts and
keeps it; the same case again takes no second one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from shared.errors import Conflict, Defect, Denied
from shared.model import AlertKind, CaseId, Json, Mode, TenantId
from shared.policy.counters import DAY, Counters, Held, Taken, counted, full, lately, stormy
from shared.policy.guards import Pause
from shared.policy.limits import Guards
from shared.store.revise import revise
from shared.store.verbs import Drop, Partition, Put, Store
from shared.tasks import keys
from shared.tasks.ledger import Clock
from shared.tasks.outbox import Told, announce_plainly

_ORDER: Final = (Mode.OBSERVE, Mode.APPROVE, Mode.ENFORCE)
"""From the strictest on."""
type Size = Callable[[], Awaitable[int]]
"""Counts the directory's accounts; raises `Denied` where that may not be read."""


class Brakes:
    """The brakes of one tenant."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        tenant: TenantId,
        guards: Guards,
        size: Size,
        provider: TenantId | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._tenant = tenant
        self._at = keys.brakes(tenant)
        self._guards = guards
        self._size = size
        self._over = keys.brakes(provider) if provider else None

    async def pause(self) -> Pause | None:
        """Read the kill switch; `None` where nobody touched it.

        Where a provider has one over all its tenants, the stricter of the two is in force.
        """
        own = await self._switch(self._at, keys.PAUSE)
        over = await self._switch(self._over, keys.PAUSE_ALL) if self._over else None
        if own is None or over is None:
            return own or over
        return over if _ORDER.index(over.ceiling) <= _ORDER.index(own.ceiling) else own

    async def set_pause(self, ceiling: Mode, *, by: str, reason: str) -> Pause:
        """Set the kill switch; `enforce` lets everything go on as the policy says."""
        pause = Pause(ceiling=ceiling, by=by, at=self._clock(), reason=reason)
        await self.announce(pause)
        await revise(self._store, self._at, keys.PAUSE, lambda _: pause)
        return pause

    async def set_pause_for_all(self, ceiling: Mode, *, by: str, reason: str) -> Pause:
        """Set the provider's switch over all its tenants, which are told by `announce`."""
        if self._over is None:
            raise Defect("there is no switch over all tenants where there is one")
        who = f"{by} (the provider, over all tenants)"
        pause = Pause(ceiling=ceiling, by=who, at=self._clock(), reason=reason)
        await revise(self._store, self._over, keys.PAUSE_ALL, lambda _: pause)
        return pause

    async def announce(self, pause: Pause) -> None:
        """Have this tenant's people told that the switch was moved."""
        await announce_plainly(
            self._store,
            self._tenant,
            Told.GUARD_TRIPPED,
            f"{pause.by} set the kill switch to {pause.ceiling}: {pause.reason}",
            pause.at,
            occasion=f"switch:{pause.at.isoformat()}",
        )

    async def _switch(self, at: Partition, key: str) -> Pause | None:
        row = await self._store.read(at, key)
        return Pause.model_validate(row.body) if row else None

    async def take(self, case: CaseId, kind: AlertKind) -> tuple[str, ...]:
        """Take a place for a case that would act by itself, or say which counters are full."""
        radius = self._guards.radius
        size = await self._directory_size() if radius.share_per_hour else None
        said: tuple[str, ...] = ()

        def revised(before: Json | None) -> Counters | None:
            nonlocal said
            at = self._clock()
            taken = lately(Counters.model_validate(before or {}).taken, DAY, at)
            if any(one.case == case for one in taken):
                said = ()
                return None
            said = full(taken, kind, radius=radius, size=size, at=at)
            return None if said else Counters(taken=(*taken, Taken(case=case, kind=kind, at=at)))

        await revise(self._store, self._at, keys.RADIUS, revised)
        return said

    async def opened(self, case: CaseId, kind: AlertKind, rule: str) -> tuple[str, ...]:
        """Count a rule's new case; say so where the rule opens too many at once."""
        burst, held = self._guards.burst, Held()

        def revised(before: Json | None) -> Held | None:
            nonlocal held
            known = Held.model_validate(before or {})
            held = counted(known, Taken(case=case, kind=kind, at=self._clock()), burst)
            return held if held != known else None

        await revise(self._store, self._at, keys.burst_row(rule), revised)
        return stormy(held, rule, burst, self._clock())

    async def held(self, rule: str) -> bool:
        """Whether a rule is held because it opened too many cases at once."""
        row = await self._store.read(self._at, keys.burst_row(rule))
        return row is not None and Held.model_validate(row.body).holds(self._clock())

    async def release(self, rule: str) -> None:
        """Let a rule that was held act again."""
        await self._store.write(Drop(self._at, keys.burst_row(rule)))

    async def counters(self) -> Counters:
        """Read all counters, for the page of guards."""
        row = await self._store.read(self._at, keys.RADIUS)
        taken = Counters.model_validate(row.body).taken if row else ()
        rules = {
            found.key.removeprefix(keys.BURST): Held.model_validate(found.body)
            async for found in self._store.scan(self._at, prefix=keys.BURST)
        }
        size = await self._directory_size() if self._guards.radius.share_per_hour else None
        return Counters(taken=lately(taken, DAY, self._clock()), rules=rules, size=size)

    async def _directory_size(self) -> int | None:
        """Tell how many accounts there are, as counted within a day; `None` where unknown."""
        row = await self._store.read(self._at, keys.DIRECTORY)
        if row and datetime.fromisoformat(row.body["at"]) > self._clock() - DAY:
            return int(row.body["count"])
        try:
            count = await self._size()
        except Denied:
            return None
        body = {"count": count, "at": self._clock().isoformat()}
        try:
            await self._store.write(Put(self._at, keys.DIRECTORY, body, row.etag if row else None))
        except Conflict:
            # Another worker counted at the same time.
            return count
        return count
