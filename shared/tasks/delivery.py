"""One event for one channel, from the moment it is due until it is told or given up.

due ─► sending (leased) ─► sent, kept for a week so that the event is not told twice
▲            │
└─ back-off ─┴─► dead after TRIES, shown until a person sends it again
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from shared.model import Utc, Value
from shared.store.verbs import Drop, Put, Row, Store
from shared.tasks import keys
from shared.tasks.outbox import Notice
from shared.tasks.steps import backoff

TRIES: Final = 16
"""Tries before it is given up and shown; with the waits between them some forty minutes."""
LEASE: Final = timedelta(seconds=60)
"""How long a worker that says nothing more keeps a delivery to itself."""
KEPT_DAYS: Final = 7


class Delivery(Value):
    """One event on its way to one channel."""

    notice: Notice
    channel: str
    due: Utc
    tries: int = 0
    reason: str = ""
    """Why it was not taken the last time; never an address."""
    collected: bool = False
    """It is sent with others in one message."""
    given_up_at: Utc | None = None

    @property
    def id(self) -> str:
        """Its name: the event and the channel."""
        return f"{self.notice.event}:{self.channel}"

    @property
    def row(self) -> str:
        """The key of its row while it is under way."""
        return f"{keys.DUE}{self.id}"


async def enter(store: Store, delivery: Delivery) -> bool:
    """Write down what is to be told; says whether it is new."""
    at, today = keys.deliveries(delivery.notice.tenant), delivery.due
    days = (today + timedelta(days=n) for n in range(-KEPT_DAYS, 2))
    told = [keys.sent_row(day, delivery.id) for day in days]
    for key in (delivery.row, f"{keys.DEAD}{delivery.id}", *told):
        if await store.read(at, key) is not None:
            return False
    await store.write(Put(at, delivery.row, delivery.model_dump(mode="json")))
    return True


async def lease(store: Store, row: Row, delivery: Delivery, now: datetime, *also: Put) -> Row:
    """Keep it to ourselves for a while. Raises `Conflict` where another worker was faster."""
    return await wait(store, row, delivery, now + LEASE, *also)


async def wait(store: Store, row: Row, delivery: Delivery, due: datetime, *also: Put) -> Row:
    """Come back later; it is no try. Raises `Conflict` where another worker has it in hand."""
    body = delivery.model_copy(update={"due": due}).model_dump(mode="json")
    etag, *_ = await store.write(Put(row.partition, row.key, body, row.etag), *also)
    return Row(row.partition, row.key, body, etag)


async def end(store: Store, delivery: Delivery, now: datetime, *also: Put | Drop) -> None:
    """Record that it was told; what is put with it is kept as long."""
    at, key = keys.deliveries(delivery.notice.tenant), keys.sent_row(now, delivery.id)
    body = {
        "at": now.isoformat(),
        "channel": delivery.channel,
        "what": delivery.notice.what,
        "kept": [put.key for put in also if isinstance(put, Put)],
    }
    known = await store.read(at, key)
    put = Put(at, key, body, known.etag if known else None)
    await store.write(Drop(at, delivery.row), put, *also)


async def forget(store: Store, delivery: Delivery, *also: Put | Drop) -> None:
    """Drop what was overtaken: it need not be told any more."""
    await store.write(Drop(keys.deliveries(delivery.notice.tenant), delivery.row), *also)


async def put_off(
    store: Store, row: Row, delivery: Delivery, error: Exception, now: datetime, *also: Put | Drop
) -> Delivery:
    """Note a failure: it is tried again later, or given up."""
    tries, reason = delivery.tries + 1, str(error)
    seconds = max(getattr(error, "retry_after", None) or 0.0, backoff(tries))
    after = delivery.model_copy(
        update={"tries": tries, "reason": reason, "due": now + timedelta(seconds=seconds)}
    )
    if tries < TRIES:
        body = after.model_dump(mode="json")
        await store.write(Put(row.partition, row.key, body, row.etag), *also)
        return after
    after = after.model_copy(update={"given_up_at": now})
    dead = f"{keys.DEAD}{delivery.id}"
    known = await store.read(row.partition, dead)
    body = after.model_dump(mode="json")
    await store.write(
        Drop(row.partition, row.key),
        Put(row.partition, dead, body, known.etag if known else None),
        *also,
    )
    return after
