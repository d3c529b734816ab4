"""Look again at a contained case: plan what was proven once more, and open what came back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from shared.clients.tenant import Tenant
from shared.errors import FirebreakError, Gone, Refused, Throttled
from shared.model import Case, CaseStatus, Event, ResponderName, Task
from shared.responder import Change, Responder
from shared.signals.table import Seen
from shared.signals.trace import span
from shared.store.verbs import Store
from shared.tasks import looks, steps, turns
from shared.tasks.ledger import CaseFile, Clock, Line
from shared.tasks.outbox import Told, announce_case
from shared.tasks.planning import plan

LATER: Final = timedelta(minutes=10)
"""When a look is tried again that could not be made."""
IN_VAIN: Final = 24
"""How often a look does again what something else undoes; with the sync's cycle some 14 hours."""
_EARLY: Final = timedelta(seconds=1)


class Watch:
    """Makes the later looks of cases."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        tenant: Tenant,
        catalogue: Mapping[ResponderName, Responder[Any]],
    ) -> None:
        self._store = store
        self._clock = clock
        self._tenant = tenant
        self._catalogue = catalogue

    async def look(self, file: CaseFile) -> None:
        """Look, if it is time; tasks whose foothold came back are queued again."""
        due = looks.next_look(file.case)
        if due is None or due > self._clock() + _EARLY:
            return
        try:
            with span(Seen.LOOK):
                back = await self.found(file, turns.watched(file))
        except FirebreakError as error:
            await self._postpone(file, error)
            return
        everything = tuple(file.tasks.values())
        await self._record(file, [(t, c) for t, c in back if not looks.stands(t, everything)])

    async def found(self, file: CaseFile, tasks: tuple[Task, ...]) -> list[tuple[Task, Change]]:
        """Plan these tasks again and give what came back; raises where it could not be seen."""
        view = self._tenant.remembering()
        plans = await asyncio.gather(*(self._again(file, task, view) for task in tasks))
        return [(task, plan) for task, plan in zip(tasks, plans, strict=True) if plan]

    async def _record(self, file: CaseFile, found: list[tuple[Task, Change]]) -> None:
        at, lasting = self._clock(), not looks.provisional(tuple(file.tasks.values()))
        left = {task.id: _for_owner(c) for task, c in found if self._may_be_owners(file, task)}
        given_up = {t.id: error for t, c in found if (error := _in_vain(file, t, c))}
        back = [(t, c) for t, c in found if t.id not in left | given_up]
        changes = tuple(change for _, change in back)
        still_open = tuple(change for task, change in found if task.id in given_up)
        case, line = looks.looked(file.case, changes, at=at, lasting=lasting, left_open=still_open)
        await self._tell(file, case, came_back=bool(back or given_up))
        opened = [steps.still_there(steps.afresh(task), change, at) for task, change in back]
        stopped = left | given_up
        opened += [steps.stopped_by(stopped[t.id], t, at) for t, _ in found if t.id in stopped]
        tasks = [task for task, _ in opened]
        if file.case.restored_at is None:
            # Once the owner is back, nothing that came before shuts the doors again.
            came = tuple(task for task, _ in back)
            tasks += looks.beside(came, tuple(file.tasks.values()))
            case = looks.in_again(case, came, at)
        await file.record(line, *(said for _, said in opened), tasks=tasks, case=case)

    async def _tell(self, file: CaseFile, after: Case, *, came_back: bool) -> None:
        """Leave word of what the look found, before the case says it."""
        before, occasion = file.case, f"{file.case.contained_at}:{file.case.looks}"
        # Where a person is still needed, what was done has held, but not all was done.
        whole = after.status is CaseStatus.CONTAINED
        proven = whole and before.proven_at is None and after.proven_at is not None
        told = [Told.CAME_BACK] * came_back + [Told.PROVEN] * proven
        for what in told:
            await announce_case(self._store, before, what, self._clock(), occasion=occasion)

    def _may_be_owners(self, file: CaseFile, task: Task) -> bool:
        """Whether it may have been made by the owner since the return: no time tells."""
        return file.case.restored_at is not None and not self._catalogue[task.responder].dated

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
        case = file.case.model_copy(update={"look_after": self._clock() + again_in(error)})
        said = Line(event=Event.DELAYED, text=f"Could not look again: {error}; trying again")
        await file.record(*(() if file.case.look_after else (said,)), case=case)


def again_in(error: FirebreakError) -> timedelta:
    """Tell when a look is tried again: at its turn, where a limit holds it up."""
    said = error.retry_after if isinstance(error, Throttled) else None
    return LATER if said is None else timedelta(seconds=said)


def _for_owner(change: Change) -> Refused:
    return Refused(
        f"Found since the owner is back, and left alone: {change.summary()}",
        steps=(
            *(f"Ask the owner, not by e-mail, about this: {d.what}" for d in change.differences()),
            "If the owner does not know it, open a new case for the account",
        ),
    )


def _in_vain(file: CaseFile, task: Task, change: Change) -> Refused | None:
    """Say that it is not done once more: whatever undoes it has done so at look after look.

    Counted since the last alert: with a new one it is worth trying again.
    """
    left = change.leftover()
    if left is None:
        return None
    tries = 0
    for entry in file.journal.entries:
        if entry.event is Event.JOINED:
            tries = 0
        elif entry.event is Event.REAPPEARED and entry.responder == task.responder:
            tries += 1
    if tries < IN_VAIN:
        return None
    return Refused(
        f"Not contained: it was done again {tries} times and undone every time ({left.reason}), so"
        " Firebreak has stopped; what lasts is up to a person",
        steps=left.steps,
        unless=left.unless,
    )
