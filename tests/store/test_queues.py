from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from shared.errors import Defect
from shared.store.account import Account, StorageConnection
from shared.store.memory import MemoryQueue
from shared.store.queues import StorageQueue
from shared.store.rules import MAX_DELAY, MAX_MESSAGE


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def ahead(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Far:
    """A queue of either kind and what somebody else finds in it."""

    def __init__(
        self, queue: MemoryQueue | StorageQueue, account: Account | None, name: str
    ) -> None:
        self.queue = queue
        self._account = account
        self._name = name

    async def texts(self) -> list[str]:
        """Receive all that is visible now, as it lies there."""
        found = []
        while (text := await self._receive()) is not None:
            found.append(text)
        return found

    async def _receive(self) -> str | None:
        if isinstance(self.queue, MemoryQueue):
            message = await self.queue.receive()
            return message.text if message else None
        assert self._account is not None
        raw = await self._account.queue(self._name).receive_message()
        return b64decode(raw.content, validate=True).decode() if raw else None


@pytest.fixture
async def far(where: str) -> AsyncIterator[Far]:
    name = f"queue-{uuid4().hex}"
    if where == "memory":
        yield Far(MemoryQueue(), None, name)
        return
    account = Account(StorageConnection(connection_string=where))
    yield Far(StorageQueue(account, name), account, name)
    await account.aclose()


async def test_the_front_is_the_message_that_is_next(far: Far) -> None:
    assert await far.queue.front() is None
    before = datetime.now(UTC) - timedelta(seconds=2)
    await far.queue.put("later", delay=100)
    assert await far.queue.front() is None
    await far.queue.put("first")
    front = await far.queue.front()
    assert front is not None
    assert before < front < datetime.now(UTC) + timedelta(seconds=2)
    assert await far.texts() == ["first"]


async def test_a_message_arrives_as_the_host_reads_it(far: Far) -> None:
    await far.queue.put('{"task":"a1"}')
    await far.queue.put("<&> Grüße \U0001f525 \x00")
    assert sorted(await far.texts()) == ["<&> Grüße \U0001f525 \x00", '{"task":"a1"}']
    assert await far.texts() == []


async def test_the_first_ten_messages_may_come_at_once(far: Far) -> None:
    await asyncio.gather(*(far.queue.put(f"{n}") for n in range(10)))
    assert sorted(await far.texts()) == [f"{n}" for n in range(10)]


async def test_a_delayed_message_does_not_come_early(far: Far) -> None:
    await far.queue.put("later", delay=0.6)
    await far.queue.put("now")
    assert await far.texts() == ["now"]
    await asyncio.sleep(1.1)
    assert await far.texts() == ["later"]


async def test_the_longest_delay_is_seven_days_and_the_message_outlives_it(
    far: Far,
) -> None:
    await far.queue.put("next week", delay=1e9)
    assert await far.texts() == []


async def test_a_delay_that_is_over_is_none(far: Far) -> None:
    await far.queue.put("overdue", delay=-5)
    assert await far.texts() == ["overdue"]


async def test_the_largest_message_fits_and_one_more_byte_does_not(far: Far) -> None:
    await far.queue.put("ü" * (MAX_MESSAGE // 2))
    assert await far.texts() == ["ü" * (MAX_MESSAGE // 2)]
    with pytest.raises(Defect, match=str(MAX_MESSAGE)):
        await far.queue.put("x" * (MAX_MESSAGE + 1))


@pytest.mark.parametrize("text", ["", "\ud800"])
async def test_a_message_that_is_no_text_is_refused(far: Far, text: str) -> None:
    await far.queue.put("good")
    with pytest.raises(Defect):
        await far.queue.put(text)
    assert await far.texts() == ["good"]


@pytest.mark.azurite
async def test_a_message_never_expires(account: Account) -> None:
    name = f"queue-{uuid4().hex}"
    await StorageQueue(account, name).put("for ever")
    raw = await account.queue(name).receive_message()
    assert raw is not None
    assert raw.expires_on is not None
    assert raw.expires_on.year >= 9000


async def test_a_received_message_is_hidden_until_the_host_gives_up_on_it() -> None:
    clock = Clock()
    queue = MemoryQueue(clock)
    await queue.put("task")
    first = await queue.receive()
    clock.ahead(599)
    assert await queue.receive() is None
    clock.ahead(1)
    second = await queue.receive()
    assert first is not None
    assert second is not None
    assert (first.id, first.dequeues, second.dequeues) == (second.id, 1, 2)


async def test_a_released_message_comes_again_and_a_deleted_one_does_not() -> None:
    clock = Clock()
    queue = MemoryQueue(clock)
    await queue.put("task")
    message = await queue.receive()
    assert message is not None
    await queue.release(message, delay=30)
    assert await queue.receive() is None
    clock.ahead(30)
    again = await queue.receive()
    assert again is not None
    await queue.delete(again)
    await queue.release(again)
    assert queue.messages() == ()


async def test_the_message_that_waited_longest_comes_first() -> None:
    clock = Clock()
    queue = MemoryQueue(clock)
    await queue.put("third", delay=3)
    await queue.put("first")
    await queue.put("second", delay=2)
    await queue.put("in a week", delay=2 * MAX_DELAY)
    assert [message.text for message in queue.messages()][:3] == ["first", "second", "third"]
    clock.ahead(MAX_DELAY)
    received = [await queue.receive() for _ in range(4)]
    assert [message and message.text for message in received] == [
        "first",
        "second",
        "third",
        "in a week",
    ]


async def test_a_queue_is_counted_and_a_message_taken_off_it_is_gone(far: Far) -> None:
    assert await far.queue.count() == 0
    for text in ("one", "two"):
        await far.queue.put(text)
    await far.queue.put("later", delay=600)
    assert await far.queue.count() == 3
    assert await far.queue.take()
    assert await far.queue.take()
    assert not await far.queue.take()
    assert await far.queue.count() == 1
