"""The kill switch and the counters, in the store: they hold under many workers and survive.

tenant|brakes    pause          what somebody set the kill switch to
                 pause-all      the same for all tenants of a provider, in its own partition
                 radius         the cases that were let act by themselves in the last 24 hours
                 burst:RULE     the cases a rule opened lately, and until when it is held
                 directory      how many accounts there are, and when they were counted

Each is one row that is read, changed and written under its version, so of two workers that take the
last place at once one reads again and finds it taken. A case takes its place before it acts and
keeps it; the same case again takes no second one.

A row that cannot be read (another release wrote it, or a hand) brakes: the switch counts as pulled
until somebody sets it, the counter as full for a day, the rule as held.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final

from pydantic import ValidationError

from shared.errors import Conflict, Defect, Denied, FirebreakError
from shared.model import AlertKind, CaseId, Json, Mode, TenantId, Utc, Value
from shared.policy.counters import (
    DAY,
    Counters,
    Held,
    Taken,
    counted,
    full,
    lately,
    stormy,
    unread,
)
from shared.policy.guards import Pause
from shared.policy.limits import Guards, Radius
from shared.store.revise import revise
from shared.store.verbs import Drop, Partition, Put, Row, Store
from shared.tasks import keys
from shared.tasks.ledger import Clock
from shared.tasks.outbox import Told, announce_plainly

_ORDER: Final = (Mode.OBSERVE, Mode.APPROVE, Mode.ENFORCE)
"""From the strictest on."""
_UNREADABLE: Final = "what it was set to cannot be read, so it counts as pulled; set it anew"


def switched(ceiling: Mode, reason: str, *, over_all: bool = False) -> str:
    """Say in the trail how a kill switch is set; whoever verifies the trail looks for this."""
    what = "The kill switch over all tenants" if over_all else "The kill switch"
    return f"{what} is set to {ceiling}: {reason}"


def provider(name: str) -> str:
    """Name whoever set the switch over all tenants, as each tenant is told."""
    return f"{name} (the provider, over all tenants)"


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
        pause = Pause(ceiling=ceiling, by=provider(by), at=self._clock(), reason=reason)
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
        try:
            return Pause.model_validate(row.body) if row else None
        except ValidationError:
            return Pause(
                ceiling=Mode.APPROVE,
                by="An unreadable switch",
                at=self._clock(),
                reason=_UNREADABLE,
            )

    async def take(self, case: CaseId, kind: AlertKind) -> tuple[str, ...]:
        """Take a place for a case that would act by itself, or say which counters are full."""
        radius, size = self._guards.radius, await self._directory_size()
        said: tuple[str, ...] = ()

        def revised(before: Json | None) -> Counters | None:
            nonlocal said
            new = Taken(case=case, kind=kind, at=self._clock())
            known = _read(Counters, before)
            taken = lately(known.taken, DAY, new.at) if known else unread(new.at, kind)
            said = full(taken, new, radius=radius, size=size)
            if not said and _counts(taken, new, radius):
                return Counters(taken=(*taken, new))
            return None if known else Counters(taken=taken)

        await revise(self._store, self._at, keys.RADIUS, revised)
        return said

    async def opened(self, case: CaseId, kind: AlertKind, rule: str) -> tuple[str, ...]:
        """Count a rule's new case; say so where the rule opens too many at once."""
        burst, held = self._guards.burst, Held()

        def revised(before: Json | None) -> Held | None:
            nonlocal held
            known = _read(Held, before)
            new = Taken(case=case, kind=kind, at=self._clock())
            held = counted(known, new, burst) if known else self._unread_rule()
            return held if held != known else None

        await revise(self._store, self._at, keys.burst_row(rule), revised)
        return stormy(held, rule, burst, self._clock())

    async def stormy(self, rule: str) -> tuple[str, ...]:
        """Say so where a rule is held because it opened too many cases at once."""
        row = await self._store.read(self._at, keys.burst_row(rule))
        return stormy(self._held(row), rule, self._guards.burst, self._clock()) if row else ()

    async def crowded(self, kind: AlertKind, rule: str) -> tuple[str, ...]:
        """Say what would keep one more case of a rule from acting by itself; takes no place."""
        counters = await self.counters()
        new = Taken(case=CaseId("asked"), kind=kind, at=self._clock())
        radius = self._guards.radius
        return await self.stormy(rule) or full(
            counters.taken, new, radius=radius, size=counters.size
        )

    async def release(self, rule: str) -> None:
        """Let a rule that was held act again."""
        await self._store.write(Drop(self._at, keys.burst_row(rule)))

    async def counters(self) -> Counters:
        """Read all counters, for the page of guards: it is shown whatever cannot be read."""
        row, at = await self._store.read(self._at, keys.RADIUS), self._clock()
        known = _read(Counters, row.body if row else None)
        rules = {
            found.key.removeprefix(keys.BURST): self._held(found)
            async for found in self._store.scan(self._at, prefix=keys.BURST)
        }
        try:
            size = await self._directory_size()
        except FirebreakError:
            size = None
        taken = lately(known.taken, DAY, at) if known else unread(at, AlertKind.UNSUPPORTED)
        return Counters(taken=taken, rules=rules, size=size)

    def _held(self, row: Row) -> Held:
        return _read(Held, row.body) or self._unread_rule()

    def _unread_rule(self) -> Held:
        return Held(until=self._clock() + timedelta(minutes=self._guards.burst.hold_minutes))

    async def _directory_size(self) -> int | None:
        """Tell how many accounts there are, as counted within a day; `None` where unknown.

        Nobody counts where the policy asks for no share of them.
        """
        if self._guards.radius.share_per_hour is None:
            return None
        row = await self._store.read(self._at, keys.DIRECTORY)
        known = _read(_Counted, row.body) if row else None
        if known and known.at > self._clock() - DAY:
            return known.count
        try:
            counted_now = _Counted(count=await self._size(), at=self._clock())
        except (Denied, Defect):
            return None
        body = counted_now.model_dump(mode="json")
        # Another worker may have counted at the same time.
        with suppress(Conflict):
            await self._store.write(Put(self._at, keys.DIRECTORY, body, row.etag if row else None))
        return counted_now.count


class _Counted(Value):
    """How many accounts the directory had at a moment."""

    count: int
    at: Utc


def _read[V: Value](what: type[V], body: Json | None) -> V | None:
    """Read a row, one that is not there as an empty one; `None` where it cannot be read."""
    try:
        return what.model_validate(body or {})
    except ValidationError:
        return None


def _counts(taken: tuple[Taken, ...], new: Taken, radius: Radius) -> bool:
    """Whether a case that may act has to be written down: it, or its limited kind, is new."""
    limited = new.kind in radius.kinds
    return not any(one.case == new.case and (one.kind is new.kind or not limited) for one in taken)
