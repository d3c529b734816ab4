"""Tell: one message off the queue, one channel, and the outcome on record."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from shared.channels.configured import Channel, Channels
from shared.channels.message import Message
from shared.errors import Conflict, FirebreakError, Gone, Transient
from shared.store.verbs import Drop, Put, Queue, Row, Store
from shared.tasks import delivery as deliveries
from shared.tasks import keys, tickets
from shared.tasks.delivery import Delivery
from shared.tasks.ledger import Clock
from shared.tasks.queue import NotifyMessage, encode
from shared.tasks.telling import Telling
from shared.tasks.tickets import Turn, is_ticketed
from shared.telemetry import Log

_EARLY: Final = timedelta(seconds=1)
_SOON: Final = timedelta(seconds=5)
"""Until a delivery comes back that let another one go first."""


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
            turn = await self._turn(found)
            row = await deliveries.lease(self._store, row, found, self._clock(), *turn.lease)
        except Conflict:
            await self._wait(row, found)
            return
        if found.collected:
            await self._tell_all(row, found)
        else:
            await self._tell(row, found, turn)

    async def test(self, channel: str, by: str) -> None:
        """Send a test. Raises `Gone` for an unknown channel, `Transient` where it fails."""
        await _send(self._named(channel), self._telling.test(by), self._clock())

    async def _turn(self, found: Delivery) -> Turn:
        """Take its turn. Raises `Conflict` where what goes to a case's ticket has to wait."""
        if not is_ticketed(self._channels.named(found.channel), found):
            return Turn()
        return await tickets.turn(self._store, found, self._clock())

    async def _wait(self, row: Row, found: Delivery) -> None:
        """Come back soon: the case's ticket is being opened. Nothing where it is sent right now."""
        with suppress(Conflict):
            await deliveries.wait(self._store, row, found, self._clock() + _SOON)
            await self._again(found, _SOON)

    async def _tell(self, row: Row, found: Delivery, turn: Turn) -> None:
        try:
            channel = self._named(found.channel)
            message = await self._telling.message(found.notice, channel)
            name = await _send(channel, message, self._clock(), turn.name) if message else ""
        except Exception as error:  # noqa: BLE001 - a library's defect must not lose what is told
            known = _known(error)
            also = await turn.failed(self._store, known, self._clock())
            await self._failed(row, found, known, *also)
        else:
            also = await turn.opened(self._store, name)
            await self._told(found, *also, overtaken=message is None)

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
            for each, one in taken:
                await self._failed(each, one, _known(error))
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

    async def _told(self, found: Delivery, *also: Put | Drop, overtaken: bool) -> None:
        if overtaken:
            await deliveries.forget(self._store, found, *also)
        else:
            await deliveries.end(self._store, found, self._clock(), *also)
        event = "notify.overtaken" if overtaken else "notify.told"
        self._log.info(event, channel=found.channel, what=found.notice.what)

    async def _failed(
        self, row: Row, found: Delivery, error: FirebreakError, *also: Put | Drop
    ) -> None:
        after = await deliveries.put_off(self._store, row, found, error, self._clock(), *also)
        facts = {"channel": found.channel, "what": found.notice.what, "reason": str(error)}
        if after.given_up_at is not None:
            self._log.error("notify.dead", tries=after.tries, **facts)
            return
        self._log.warning("notify.delayed", tries=after.tries, **facts)
        await self._again(found, after.due - self._clock())

    async def _again(self, found: Delivery, wait: timedelta) -> None:
        message = NotifyMessage(tenant=found.notice.tenant, delivery=found.id)
        await self._queue.put(encode(message), delay=wait.total_seconds())


def _known(error: Exception) -> FirebreakError:
    """Say what a library's defect is without its words, which may quote an address."""
    if isinstance(error, FirebreakError):
        return error
    return Transient(f"It failed ({type(error).__name__})")


async def _send(channel: Channel, message: Message, at: datetime, ticket: str = "") -> str:
    from shared.channels.send import send

    return await send(channel, message, at=at, ticket=ticket)
