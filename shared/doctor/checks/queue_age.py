"""Whether what came in is worked off in time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Final

from shared.diagnosis import Finding, Grade, Kind
from shared.doctor.check import RESTART, Check
from shared.doctor.deployment import Deployment
from shared.model import number_of
from shared.store.verbs import Partition
from shared.tasks import keys

LATE: Final = timedelta(minutes=5)
"""Longer than a queue that moves lets anything wait that is due."""
_MOST: Final = 1000


class QueueAge(Check):
    """See since when the oldest alert and the oldest case wait that are due.

    Taken from the rows that say what is unfinished: the platform tells nothing of its queue's age,
    and a message that was put off for days looks old when it becomes due.
    """

    kinds: ClassVar = {
        "moving": Kind(
            grade=Grade.OK,
            state="moving",
            means="Of the {subject} {due} due, and none waits too long.",
        ),
        "late": Kind(
            grade=Grade.BAD,
            state="late",
            means="Of the {subject} {due} due, and the oldest waits for {minutes}.",
            do="Look whether the function `remediate` runs and what it logs; `firebreak guards "
            "show` says whether somebody paused it",
            commands=(RESTART,),
        ),
    }

    async def look(self, at: Deployment) -> tuple[Finding, ...]:
        """Read what is unfinished."""
        alerts = await self._waiting(at, "alerts", keys.inbox(at.tenant_id))
        return (alerts, await self._waiting(at, "cases", keys.cases(at.tenant_id)))

    async def _waiting(self, at: Deployment, what: str, place: Partition) -> Finding:
        now = at.clock()
        rows = at.store.scan(place, prefix=keys.TODO, most=_MOST)
        due = [moment async for row in rows if (moment := _due(row.body["due"])) <= now]
        waits = now - min(due, default=now)
        minutes = number_of(int(waits.total_seconds() // 60), "minute")
        kind = "late" if waits > LATE else "moving"
        return self.found(kind, what, due=number_of(len(due), "is", "are"), minutes=minutes)


def _due(text: str) -> datetime:
    return datetime.fromisoformat(text)
