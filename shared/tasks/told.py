"""What became of what was to be told: for the page, and to send again what was given up."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from itertools import chain
from typing import Final

from shared.model import TenantId
from shared.pages.channel_view import ChannelState
from shared.store.verbs import Drop, Put, Queue, Row, Store
from shared.tasks import keys
from shared.tasks.delivery import KEPT_DAYS, Delivery
from shared.tasks.ledger import Clock
from shared.tasks.queue import NotifyMessage, encode

_COUNTED: Final = 200
"""Rows of a kind, or of a day, that are counted for the page."""


class Ledger:
    """Reads the deliveries of one tenant."""

    def __init__(self, store: Store, queue: Queue, clock: Clock, tenant: TenantId) -> None:
        self._store = store
        self._queue = queue
        self._clock = clock
        self._tenant = tenant
        self._at = keys.deliveries(tenant)

    async def states(self, kinds: Mapping[str, str]) -> tuple[ChannelState, ...]:
        """Tell how each channel does, those included that are not configured any more."""
        return await states(self._store, self._tenant, kinds, at=self._clock())

    async def again(self, channel: str) -> int:
        """Send again what a channel never took; returns how much that is."""
        dead = [
            d
            async for d in _deliveries(self._store, self._tenant, keys.DEAD)
            if d.channel == channel
        ]
        for delivery in dead:
            fresh = delivery.model_copy(
                update={"due": self._clock(), "tries": 0, "given_up_at": None}
            )
            body = fresh.model_dump(mode="json")
            await self._store.write(
                Drop(self._at, f"{keys.DEAD}{delivery.id}"), Put(self._at, fresh.row, body)
            )
            message = NotifyMessage(tenant=self._tenant, delivery=fresh.id)
            await self._queue.put(encode(message))
        return len(dead)


async def states(
    store: Store, tenant: TenantId, kinds: Mapping[str, str], *, at: datetime
) -> tuple[ChannelState, ...]:
    """Tell how each channel does; `kinds` are those that are configured, by name.

    After a storm there is more than a page can count: then it says "at least".
    """
    open_, dead, sent = await asyncio.gather(
        _first(store, tenant, keys.DUE), _first(store, tenant, keys.DEAD), _sent(store, tenant, at)
    )
    told: dict[str, list[str]] = defaultdict(list)
    for row in sent:
        told[row.body["channel"]].append(row.body["at"])
    cut = max(len(open_), len(dead), len(sent)) >= _COUNTED
    names = dict.fromkeys((*kinds, *(d.channel for d in (*open_, *dead))))
    return tuple(
        _state(
            name,
            kinds.get(name, "not configured"),
            told.get(name, []),
            [d for d in open_ if d.channel == name],
            [d for d in dead if d.channel == name],
        ).model_copy(update={"cut": cut})
        for name in names
    )


async def _sent(store: Store, tenant: TenantId, at: datetime) -> list[Row]:
    """Read what was told in the last week: today, then the days before side by side."""

    async def day(days: int) -> list[Row]:
        prefix = keys.sent_row(at - timedelta(days=days), "")
        scan = store.scan(keys.deliveries(tenant), prefix=prefix, most=_COUNTED)
        return [row async for row in scan]

    today = await day(0)
    if len(today) == _COUNTED:
        return today
    before = await asyncio.gather(*map(day, range(1, KEPT_DAYS + 1)))
    return [*today, *chain.from_iterable(before)]


async def _first(store: Store, tenant: TenantId, prefix: str) -> list[Delivery]:
    return [d async for d in _deliveries(store, tenant, prefix, most=_COUNTED)]


async def _deliveries(
    store: Store, tenant: TenantId, prefix: str, *, most: int | None = None
) -> AsyncIterator[Delivery]:
    async for row in store.scan(keys.deliveries(tenant), prefix=prefix, most=most):
        yield Delivery.model_validate(row.body)


def _state(
    name: str, kind: str, told: list[str], open_: list[Delivery], dead: list[Delivery]
) -> ChannelState:
    failing = [d for d in open_ if d.tries]
    last = max((*failing, *dead), key=lambda d: d.due, default=None)
    return ChannelState.model_validate(
        {
            "name": name,
            "kind": kind,
            "told": len(told),
            "last_told_at": max(told, default=None),
            "under_way": len(open_),
            "failing": len(failing),
            "dead": len(dead),
            "reason": last.reason if last else "",
        }
    )
