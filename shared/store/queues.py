"""The storage queue that the Functions host polls."""

from __future__ import annotations

from datetime import datetime
from math import ceil
from typing import TYPE_CHECKING, Final

from shared.store.account import Account
from shared.store.faults import Absent, Act, Effect, Missing, created_once, translated
from shared.store.rules import MAX_DELAY, check_message

if TYPE_CHECKING:
    from azure.storage.queue.aio import QueueClient

_ROLE: Final = "Storage Queue Data Contributor"
_PUT: Final = Act("put a message", _ROLE, Effect.WRITES)
_LOOK: Final = Act("look at the messages", _ROLE, Effect.READS)
_TAKE: Final = Act("take a message", _ROLE, Effect.WRITES)
_CREATE: Final = Act("create the queue", _ROLE, Effect.WRITES)
_NEVER: Final = -1


class StorageQueue:
    """One queue, which is created when it is first missed; messages are base64, as the host reads.

    Messages never expire: the default, seven days, is also the longest delay, and a message must
    outlive its delay.
    """

    def __init__(self, account: Account, name: str) -> None:
        self._account = account
        self._name = name

    async def put(self, text: str, *, delay: float = 0) -> None:
        """Put a message that becomes visible after `delay` seconds, at most seven days."""
        check_message(text)
        # Whole seconds, rounded up: a message that comes early breaks somebody's Retry-After.
        seconds = ceil(min(max(delay, 0), MAX_DELAY))
        await created_once(lambda: self._send(text, seconds), self._create)

    async def count(self) -> int:
        """Count the messages, hidden ones too; Azure calls the number approximate."""
        try:
            with translated(_LOOK):
                return (await self._client.get_queue_properties()).approximate_message_count or 0
        except (Absent, Missing):
            return 0

    async def front(self) -> datetime | None:
        """Tell when the message that is next was put; `None` where none is to be seen.

        Source: Peek Messages; the answer names no time at which a message became visible.
        """
        try:
            with translated(_LOOK):
                messages = await self._client.peek_messages(max_messages=1)
        except (Absent, Missing):
            return None
        return messages[0].inserted_on if messages else None

    async def take(self) -> bool:
        """Take a message off the queue for good; says whether one was to be seen."""
        with translated(_TAKE):
            message = await self._client.receive_message()
            if message is not None:
                await self._client.delete_message(message)
            return message is not None

    @property
    def _client(self) -> QueueClient:
        return self._account.queue(self._name)

    async def _create(self) -> None:
        with translated(_CREATE):
            await self._client.create_queue()

    async def _send(self, text: str, seconds: int) -> None:
        with translated(_PUT):
            await self._client.send_message(text, visibility_timeout=seconds, time_to_live=_NEVER)
