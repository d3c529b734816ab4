"""Look again at a contained case: plan what was proven once more, and open what came back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from shared.clients.tenant import Tenant
from shared.errors import FirebreakError, Gone, Refused
from shared.model import Event, ResponderName, Task
from shared.responder import Change, Responder
from shared.tasks import looks, steps
from shared.tasks.ledger import CaseFile, Clock, Line
from shared.tasks.planning import plan

_LATER: Final = timedelta(minutes=10)
"""When a look is tried again that could not be made."""
_EARLY: Final = timedelta(seconds=1)


class Watch:
    """Makes the later looks of cases."""

    def __init__(
        self, *, clock: Clock, tenant: Tenant, catalogue: Mapping[ResponderName, Responder[Any]]
    ) -> None:
        self._clock = clock
        self._tenant = tenant
        self._catalogue = catalogue

    async def look(self, file: CaseFile) -> None:
        """Look, if it is time; tasks whose foothold came back are queued again."""
        due = looks.next_look(file.case)
        if due is None or due > self._clock() + _EARLY:
            return
        tasks = looks.watched(tuple(file.tasks.values()))
        view = self._tenant.remembering()
        try:
            found = await asyncio.gather(*(self._again(file, task, view) for task in tasks))
        except FirebreakError as error:
            await self._postpone(file, error)
            return
        everything = tuple(file.tasks.values())
        back = [(t, c) for t, c in zip(tasks, found, strict=True) if c]
        await self._record(file, [(t, c) for t, c in back if not looks.stands(t, everything)])

    async def _record(self, file: CaseFile, back: list[tuple[Task, Change]]) -> None:
        at, lasting = self._clock(), not looks.provisional(tuple(file.tasks.values()))
        changes = tuple(change for _, change in back)
        case, line = looks.looked(file.case, changes, at=at, lasting=lasting)
        opened = [steps.still_there(steps.afresh(task), change, at) for task, change in back]
        known, came = tuple(file.tasks.values()), tuple(task for task, _ in back)
        tasks = [*(task for task, _ in opened), *looks.beside(came, known)]
        case = looks.in_again(case, came, at)
        await file.record(line, *(said for _, said in opened), tasks=tasks, case=case)

    async def _again(self, file: CaseFile, task: Task, view: Tenant) -> Change | None:
        responder = self._catalogue[task.responder]
        try:
            return await plan(responder, file.case, task, view)
        except FirebreakError as error:
            # A person was told before, or the mailbox or the licence is gone: nothing came back.
            if isinstance(error, (Refused, Gone)) or steps.unavailable(error):
                return None
            raise

    async def _postpone(self, file: CaseFile, error: FirebreakError) -> None:
        """Look later: what could not be seen is unknown, and proves nothing. Said once."""
        case = file.case.model_copy(update={"look_after": self._clock() + _LATER})
        said = Line(event=Event.DELAYED, text=f"Could not look again: {error}; trying again")
        await file.record(*(() if file.case.look_after else (said,)), case=case)
