"""Whether messages failed too often."""

from __future__ import annotations

import asyncio
from itertools import batched
from typing import ClassVar, Final

from shared.diagnosis import Finding, Grade, Kind
from shared.doctor.check import RESTART, Check
from shared.doctor.deployment import Deployment
from shared.model import AlertId, AlertState, number_of
from shared.tasks import keys
from shared.tasks.queue import POISON_QUEUE_NAME

_MOST: Final = 200
"""Of the newest alerts for people, how many are looked at."""
_AT_ONCE: Final = 20


class Poison(Check):
    """See whether messages failed too often: each is an alert or a case that nobody answered."""

    kinds: ClassVar = {
        "none": Kind(grade=Grade.OK, state="none", means="{subject}: nothing failed too often."),
        "left": Kind(
            grade=Grade.BAD,
            state="not taken care of",
            means="{left} in the queue {subject}: the function `poison`, which keeps "
            "and shows them, does not run.",
            do="Look at the log of the function `poison` and start the app again",
            commands=(RESTART,),
        ),
        "shown": Kind(
            grade=Grade.BAD,
            state="to be looked at",
            means="Alerts that failed again and again, so that nobody has answered them: {count}.",
            do="Open each under Alerts, mend what its reason says and have it read again, or act "
            "by hand",
            commands=("firebreak alerts --state poisoned",),
        ),
    }

    async def look(self, at: Deployment) -> tuple[Finding, ...]:
        """Count what lies in the poison queue, and the alerts that ended there."""
        left = await at.queues(POISON_QUEUE_NAME).count()
        lie = number_of(left, "message lies", "messages lie")
        shown = await self._alerts(at)
        return (
            self.found("left" if left else "none", POISON_QUEUE_NAME, left=lie),
            self.found("shown" if shown else "none", "alerts", count=shown),
        )

    async def _alerts(self, at: Deployment) -> int:
        place, count = keys.inbox(at.tenant_id), 0
        scan = at.store.scan(place, prefix=keys.PERSON, most=_MOST)
        names = [keys.alert_row(AlertId(row.body["alert"])) async for row in scan]
        for some in batched(names, _AT_ONCE, strict=False):
            rows = await asyncio.gather(*(at.store.read(place, name) for name in some))
            count += sum(
                row is not None and row.body["state"] == AlertState.POISONED for row in rows
            )
        return count
