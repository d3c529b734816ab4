"""Approvals that nobody gives: first somebody else is told, in the end a person has to look."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from shared.model import TaskState
from shared.store.verbs import Store
from shared.tasks.approval_steps import lapsed
from shared.tasks.ledger import CaseFile, Clock
from shared.tasks.outbox import Told, announce

_EARLY: Final = timedelta(seconds=1)
"""A message may come this much before its time, by another machine's clock."""


class Lapse:
    """Sees, at the start of a pass, whose time has come. The queue woke it; nothing sleeps."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def look(self, file: CaseFile) -> None:
        """Escalate or give up what has waited long enough."""
        at = self._clock()
        found = [(task, lapsed(task, at + _EARLY)) for task in file.tasks.values()]
        steps = [(task, step) for task, step in found if step is not None]
        for task, (after, _) in steps:
            what = Told.ESCALATED if after.state is TaskState.WAITING else Told.EXPIRED
            if task.wait is not None:
                await announce(self._store, task, what, task.wait.next_at)
        if steps:
            await file.record(
                *(line for _, (_, line) in steps), tasks=[after for _, (after, _) in steps]
            )
