"""When a message counts as lost: it is overdue, and whatever waits in the queue is younger.

Under load a message may wait for minutes behind others. Sent again each time somebody looks, the
waiting would feed on itself: a storm of five thousand alerts would become one of ten thousand
messages a minute.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from shared.store.verbs import Queue, Row

GRACE: Final = timedelta(seconds=30)
"""How long a message may be on its way before it counts as lost."""


def due_of(row: Row) -> datetime:
    """Tell when what a row stands for is to go on."""
    return datetime.fromisoformat(row.body["due"])


async def lost_before(queue: Queue, now: datetime) -> datetime:
    """Say before when something must have been due for its message to count as lost.

    The queue gives the oldest first, near enough: what was put after the message at its front has
    not had its turn. One message too many does nothing, so "near enough" is enough.
    """
    front = await queue.front()
    return (now if front is None else min(front, now)) - GRACE
