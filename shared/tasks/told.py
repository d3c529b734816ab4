"""What became of what was to be told: for the page, and to send again what was given up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping

from shared.model import TenantId
from shared.pages.channel_view import ChannelState
from shared.store.verbs import Drop, Put, Queue, Store
from shared.tasks import keys
from shared.tasks.delivery import Delivery
from shared.tasks.ledger import Clock
from shared.tasks.queue import NotifyMessage, encode


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
        return await states(self._store, self._tenant, kinds)

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
    store: Store, tenant: TenantId, kinds: Mapping[str, str]
) -> tuple[ChannelState, ...]:
    """Tell how each channel does; `kinds` are those that are configured, by name."""
    open_ = [d async for d in _deliveries(store, tenant, keys.DUE)]
    dead = [d async for d in _deliveries(store, tenant, keys.DEAD)]
    told: dict[str, list[str]] = defaultdict(list)
    async for row in store.scan(keys.deliveries(tenant), prefix=keys.SENT):
        told[row.body["channel"]].append(row.body["at"])
    names = dict.fromkeys((*kinds, *(d.channel for d in (*open_, *dead))))
    return tuple(
        _state(
            name,
            kinds.get(name, "not configured"),
            told.get(name, []),
            [d for d in open_ if d.channel == name],
            [d for d in dead if d.channel == name],
        )
        for name in names
    )


async def _deliveries(store: Store, tenant: TenantId, prefix: str) -> AsyncIterator[Delivery]:
    async for row in store.scan(keys.deliveries(tenant), prefix=prefix):
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
