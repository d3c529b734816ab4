"""Listen to a queue and run its function, by the rules of the WebJobs SDK.

Source: Azure/azure-webjobs-sdk, QueueListener.cs, QueueProcessor.cs and
RandomizedExponentialBackoffStrategy.cs.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from lab.host_config import QueueRules
from lab.host_runtime import Answer, Function, Runtime
from lab.host_storage import Queues

if TYPE_CHECKING:
    from azure.storage.queue import QueueMessage
    from azure.storage.queue.aio import QueueClient

FIRST_PAUSE = 0.1
"""Seconds between two polls of an empty queue, at first."""

INVISIBLE = timedelta(minutes=10)
"""How long a message that is being worked on stays away; renewed at half time."""

_LOG = logging.getLogger("lab.host")


class Backoff:
    """How long an idle poller pauses: 100 ms times 2^n, give or take a fifth, up to the maximum."""

    def __init__(self, longest: timedelta, random: Random) -> None:
        self._longest = longest.total_seconds()
        self._random = random
        self._n = 0

    def reset(self) -> None:
        """Start over: a message was found."""
        self._n = 0

    def next(self) -> float:
        """Return the next pause in seconds."""
        pause = FIRST_PAUSE
        if self._n:
            pause += FIRST_PAUSE * 2 ** (self._n - 1) * self._random.uniform(0.8, 1.2)
        if pause >= self._longest:
            return self._longest
        self._n += 1
        return pause


@dataclass
class Work:
    """A message being worked on. Each renewal changes the receipt it is settled with."""

    message: QueueMessage
    receipt: str
    done: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def deliveries(self) -> int:
        """How often it was handed out, this time included."""
        return self.message.dequeue_count or 1


class QueueListener:
    """Polls one queue and runs one function for each message, several at a time."""

    def __init__(
        self,
        function: Function,
        *,
        runtime: Runtime,
        queues: Queues,
        rules: QueueRules,
        invisible: timedelta = INVISIBLE,
        random: Random | None = None,
    ) -> None:
        self.function = function
        self._runtime = runtime
        self._queues = queues
        self._rules = rules
        self._invisible = invisible.total_seconds()
        self._queue = queues.client(function.trigger)
        self._poison = queues.poison(function.trigger)
        self._backoff = Backoff(rules.max_polling_interval, random or Random())
        self._wake = asyncio.Event()
        self._stopping = False
        self._running: set[asyncio.Task[None]] = set()
        queues.wait_for(self._queue.queue_name, self._wake)

    def stop(self) -> None:
        """Ask for no more messages; `run` ends when those at work are done."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Poll until told to stop, then wait for what is at work."""
        while not self._stopping:
            # Cleared before the poll: what is put while we poll must not be slept over.
            self._wake.clear()
            if await self._poll():
                self._backoff.reset()
                await self._room()
            elif not self._stopping:
                await _set(self._wake, within=self._backoff.next())
        try:
            while self._running:
                await asyncio.wait(self._running)
        finally:
            for task in self._running:  # only where the host's patience is over
                task.cancel()

    async def _room(self) -> None:
        while len(self._running) > self._rules.new_batch_threshold:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)

    async def _poll(self) -> bool:
        """Fetch one batch and start on it; false where there was nothing, for whatever reason."""
        from azure.core.exceptions import AzureError, ResourceNotFoundError

        pages = self._queue.receive_messages(
            messages_per_page=self._rules.batch_size, visibility_timeout=int(self._invisible)
        ).by_page()
        found = False
        try:
            async for message in await anext(pages):
                found = True
                task = asyncio.create_task(self._process(message))
                self._running.add(task)
                task.add_done_callback(self._running.discard)
        except (ResourceNotFoundError, StopAsyncIteration):
            pass  # the queue does not exist until somebody puts a message into it
        except AzureError as error:
            _LOG.warning("%s: %s", self._queue.queue_name, type(error).__name__)
        return found

    async def _process(self, message: QueueMessage) -> None:
        from azure.core.exceptions import AzureError

        work = Work(message, message.pop_receipt or "")
        try:
            if work.deliveries > self._rules.max_dequeue_count and self._poison:
                await self._give_up(work, self._poison)
            elif await self._work(work):
                await self._queue.delete_message(message.id, work.receipt)
            else:
                await self._failed(work)
        except AzureError as error:
            # The message comes back when its time is over; somebody else may have it already.
            _LOG.warning("%s: message %s: %s", self.function.name, message.id, error)

    async def _work(self, work: Work) -> bool:
        renewing = asyncio.create_task(self._renew(work))
        try:
            text = self._queues.decode(work.message.content)
            await self._invoke(text, _metadata(work.message))
        except Exception as error:  # noqa: BLE001 - whatever it raises, the message stays
            _LOG.error("%s", error or type(error).__name__)
            return False
        finally:
            # Not cancelled: a renewal under way changes the receipt that we settle with.
            work.done.set()
            await renewing
        return True

    async def run_once(self, text: str, identity: str) -> None:
        """Run the function by hand, without a message on the queue."""
        from azure_functions_runtime.bindings.datumdef import Datum

        given = {"Id": Datum(identity, "string"), "DequeueCount": Datum(1, "int")}
        try:
            await self._invoke(text, given)
        except Exception as error:  # noqa: BLE001 - nobody waits for the answer
            _LOG.error("%s", error or type(error).__name__)

    async def _invoke(self, text: str, metadata: dict[str, Any]) -> None:
        """Run the function once and deliver its outputs."""
        from azure_functions_runtime.bindings.datumdef import Datum

        answer: Answer = await self._runtime.call(self.function, Datum(text, "string"), metadata)
        await self._queues.deliver(self.function, answer)

    async def _renew(self, work: Work) -> None:
        """Keep the message away from others while it is worked on."""
        from azure.core.exceptions import AzureError

        while not await _set(work.done, within=self._invisible / 2):
            try:
                work.receipt = await self._hide(work, self._invisible)
            except AzureError as error:
                _LOG.warning("%s: not renewed: %s", self.function.name, type(error).__name__)

    async def _hide(self, work: Work, seconds: float) -> str:
        hidden = await self._queue.update_message(
            work.message.id, work.receipt, visibility_timeout=int(seconds)
        )
        return hidden.pop_receipt or ""

    async def _failed(self, work: Work) -> None:
        """Put a failed message back, or away; one of a poison queue just waits out its time."""
        if self._poison is None:
            return
        if work.deliveries >= self._rules.max_dequeue_count:
            await self._give_up(work, self._poison)
        else:
            await self._hide(work, self._rules.visibility_timeout.total_seconds())

    async def _give_up(self, work: Work, poison: QueueClient) -> None:
        await self._queues.put(poison, work.message.content)
        await self._queue.delete_message(work.message.id, work.receipt)
        _LOG.error(
            "%s: message %s failed %s times and was moved to %s",
            self.function.name,
            work.message.id,
            self._rules.max_dequeue_count,
            poison.queue_name,
        )


async def _set(event: asyncio.Event, *, within: float) -> bool:
    """Wait for an event, but not longer than so many seconds."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within):
            await event.wait()
    return event.is_set()


def _metadata(message: QueueMessage) -> dict[str, Any]:
    """Build what the worker library makes a `QueueMessage` of."""
    from azure_functions_runtime.bindings.datumdef import Datum

    times = {
        "InsertionTime": message.inserted_on,
        "ExpirationTime": message.expires_on,
        "NextVisibleTime": message.next_visible_on,
    }
    return {
        "Id": Datum(message.id, "string"),
        "DequeueCount": Datum(message.dequeue_count, "int"),
        "PopReceipt": Datum(message.pop_receipt, "string"),
        **{name: Datum(moment.isoformat(), "string") for name, moment in times.items() if moment},
    }
