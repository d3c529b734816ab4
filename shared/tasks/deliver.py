"""Tell: one message off the queue, one channel, and the outcome on record."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from shared.channels.configured import Channel, Channels
from shared.channels.message import Message
from shared.errors import Conflict, FirebreakError, Gone, Transient
from shared.store.verbs import Queue, Row, Store
from shared.tasks import delivery as deliveries
from shared.tasks import keys
from shared.tasks.delivery import Delivery
from shared.tasks.ledger import Clock
from shared.tasks.queue import NotifyMessage, encode
from shared.tasks.telling import Telling
from shared.telemetry import Log

_EARLY: Final = timedelta(seconds=1)


class Deliver:
    """Sends what is due."""

    def __init__(
        self,
        *,
        store: Store,
        queue: Queue,
        clock: Clock,
        channels: Channels,
        telling: Telling,
        log: Log,
    ) -> None:
        self._store = store
        self._queue = queue
        self._clock = clock
        self._channels = channels
        self._telling = telling
        self._log = log

    async def run(self, message: NotifyMessage) -> None:
        """Tell, unless it was told, is not due yet, or another worker has it in hand."""
        at = keys.deliveries(message.tenant)
        row = await self._store.read(at, f"{keys.DUE}{message.delivery}")
        if row is None:
            return
        found = Delivery.model_validate(row.body)
        if found.due > self._clock() + _EARLY:
            return
        try:
            row = await deliveries.lease(self._store, row, found, self._clock())
        except Conflict:
            return
        if found.collected:
            await self._tell_all(row, found)
        else:
            await self._tell(row, found)

    async def test(self, channel: str, by: str) -> None:
        """Send a test. Raises `Gone` for an unknown channel, `Transient` where it fails."""
        await _send(self._named(channel), self._telling.test(by), self._clock())

    async def _tell(self, row: Row, found: Delivery) -> None:
        try:
            channel = self._named(found.channel)
            message = await self._telling.message(found.notice, channel)
            if message is not None:
                await _send(channel, message, self._clock())
        except FirebreakError as error:
            await self._failed(row, found, error)
        except Exception as error:  # noqa: BLE001 - a library's defect must not lose what is told
            await self._failed(row, found, Transient(f"It failed ({type(error).__name__})"))
        else:
            await self._told(found, overtaken=message is None)

    async def _tell_all(self, row: Row, found: Delivery) -> None:
        """Tell all that is collected for a channel and due, in one message."""
        taken = [(row, found), *await self._others(found)]
        try:
            channel = self._named(found.channel)
            made = [(one, await self._telling.message(one.notice, channel)) for _, one in taken]
            said = [message for _, message in made if message is not None]
            if said:
                digest = self._telling.digest([one for one, _ in made], said)
                await _send(channel, digest, self._clock())
        except Exception as error:  # noqa: BLE001 - a library's defect must not lose what is told
            known = isinstance(error, FirebreakError)
            why = error if known else Transient(f"It failed ({type(error).__name__})")
            for each, one in taken:
                await self._failed(each, one, why)
            return
        for one, message in made:
            await self._told(one, overtaken=message is None)

    async def _others(self, found: Delivery) -> list[tuple[Row, Delivery]]:
        at, taken = keys.deliveries(found.notice.tenant), list[tuple[Row, Delivery]]()
        async for row in self._store.scan(at, prefix=keys.DUE):
            one = Delivery.model_validate(row.body)
            mine = one.collected and one.channel == found.channel and one.id != found.id
            if mine and one.due <= self._clock() + _EARLY:
                try:
                    leased = await deliveries.lease(self._store, row, one, self._clock())
                except Conflict:
                    continue
                taken.append((leased, one))
        return taken

    def _named(self, name: str) -> Channel:
        channel = self._channels.named(name)
        if channel is None:
            raise Gone(f"There is no channel {name!r}: it is not in FIREBREAK_CHANNELS")
        return channel

    async def _told(self, found: Delivery, *, overtaken: bool) -> None:
        if overtaken:
            await deliveries.forget(self._store, found)
        else:
            await deliveries.end(self._store, found, self._clock())
        event = "notify.overtaken" if overtaken else "notify.told"
        self._log.info(event, channel=found.channel, what=found.notice.what)

    async def _failed(self, row: Row, found: Delivery, error: Exception) -> None:
        wait = getattr(error, "retry_after", None)
        after = await deliveries.put_off(self._store, row, found, str(error), self._clock(), wait)
        facts = {"channel": found.channel, "what": found.notice.what, "reason": str(error)}
        if after.given_up_at is not None:
            self._log.error("notify.dead", tries=after.tries, **facts)
            return
        self._log.warning("notify.delayed", tries=after.tries, **facts)
        seconds = (after.due - self._clock()).total_seconds()
        message = NotifyMessage(tenant=found.notice.tenant, delivery=found.id)
        await self._queue.put(encode(message), delay=seconds)


async def _send(channel: Channel, message: Message, at: datetime) -> None:
    from shared.channels.send import send

    await send(channel, message, at=at)
