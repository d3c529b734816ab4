"""Take notices out of the outbox and address them; bring back what was lost on its way.

The timer does it, so that whoever has a case in hand never waits for it. A notice that is worth
telling to nobody, because the policy says so, is dropped here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import batched
from typing import Final

from shared.channels.configured import Channels
from shared.model import Case, TenantId
from shared.policy.notify import Route, Told
from shared.store.verbs import Drop, Exists, Queue, Row, Store
from shared.tasks import keys
from shared.tasks.delivery import KEPT_DAYS, Delivery, enter
from shared.tasks.ledger import Clock
from shared.tasks.outbox import UNWRITTEN, Notice
from shared.tasks.overdue import due_of, lost_before
from shared.tasks.queue import NotifyMessage, encode

_LONGEST: Final = 6 * 86400.0
"""Seconds a message is put off at most."""
_AT_ONCE: Final = 100
"""Rows that one write takes."""
CALLED_BACK: Final = frozenset({Told.CASE_OPENED, Told.CONTAINED, Told.PROVEN, Told.CLOSED})
"""What the source of a case's alerts is told, where a way back is configured."""


class Dispatch:
    """Addresses the notices of one tenant."""

    def __init__(
        self,
        *,
        store: Store,
        queue: Queue,
        clock: Clock,
        tenant: TenantId,
        routes: tuple[Route, ...],
        channels: Channels,
    ) -> None:
        self._store = store
        self._queue = queue
        self._clock = clock
        self._tenant = tenant
        self._routes = routes
        self._channels = channels

    async def run(self) -> int:
        """Address what is new and send again what was lost; returns how much that was."""
        outbox = keys.outbox(self._tenant)
        fresh = [row async for row in self._store.scan(outbox)]
        for some in batched(fresh, _AT_ONCE, strict=False):
            addressed = [Drop(outbox, row.key) for row in some if await self._address(row)]
            if addressed:
                await self._store.write(*addressed)
        lost = [delivery async for delivery in self._lost()]
        for delivery in lost:
            await self._send(delivery)
        await self._prune()
        return len(lost)

    async def _address(self, row: Row) -> bool:
        """Send a notice on its way; not yet where its case does not say the same."""
        notice = Notice.model_validate(row.body)
        case = await self._case(notice)
        if notice.case and case is None and self._clock() - notice.at < UNWRITTEN:
            return False
        for delivery in self._addressed(notice, case):
            try:
                new = await enter(self._store, delivery)
            except Exists:
                new = False
            if new:
                await self._send(delivery)
        return True

    def _addressed(self, notice: Notice, case: Case | None) -> list[Delivery]:
        """Say who is told, and when; each channel once, and as soon as one entry says so."""
        loud = notice.severity if case is None else case.severity
        now, found = self._clock(), dict[str, Delivery]()
        for route in self._routes:
            for channel in route.channels if route.fits(notice.what, loud) else ():
                due = route.due(notice.what, now)
                known = found.get(channel)
                if known is None or due < known.due:
                    collected = route.collects(notice.what)
                    found[channel] = Delivery(
                        notice=notice, channel=channel, due=due, collected=collected
                    )
        return [*found.values(), *self._called_back(notice, case)]

    def _called_back(self, notice: Notice, case: Case | None) -> list[Delivery]:
        if case is None or notice.what not in CALLED_BACK:
            return []
        sources = {origin.source for origin in case.origins}
        return [
            Delivery(notice=notice, channel=channel.name, due=self._clock())
            for channel in self._channels.callbacks
            if channel.source in sources
        ]

    async def _case(self, notice: Notice) -> Case | None:
        if notice.case is None:
            return None
        row = await self._store.read(keys.case(self._tenant, notice.case), keys.CASE)
        return Case.model_validate(row.body) if row else None

    async def _send(self, delivery: Delivery) -> None:
        # What waits for longer than a message can be on its way is brought back as lost.
        wait = min(max((delivery.due - self._clock()).total_seconds(), 0.0), _LONGEST)
        message = NotifyMessage(tenant=self._tenant, delivery=delivery.id)
        await self._queue.put(encode(message), delay=wait)

    async def _lost(self) -> AsyncIterator[Delivery]:
        latest = await lost_before(self._queue, self._clock())
        at = keys.deliveries(self._tenant)
        async for row in self._store.scan(at, prefix=keys.DUE):
            if due_of(row) < latest:
                yield Delivery.model_validate(row.body)

    async def _prune(self) -> None:
        """Forget what was told long ago."""
        at = keys.deliveries(self._tenant)
        first = keys.sent_row(self._clock() - timedelta(days=KEPT_DAYS), "")
        old: list[str] = []
        async for row in self._store.scan(at, prefix=keys.SENT):
            gone = (row.key, *row.body.get("kept", ()))
            if row.key >= first or len(old) + len(gone) > _AT_ONCE:
                break
            old += gone
        if old:
            await self._store.write(*(Drop(at, key) for key in old))
