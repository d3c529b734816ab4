"""Let the owner back in: what a person asks for and confirms, written down before it is done."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from shared.errors import Refused
from shared.model import (
    UNFINISHED,
    Actor,
    AlertKind,
    Case,
    CaseId,
    Event,
    Mode,
    Phase,
    ResponderName,
    Task,
    TaskState,
    TenantId,
    task_id,
)
from shared.policy.checklist import CheckLine, Light, checklist
from shared.store.verbs import Queue, Store
from shared.tasks.asked import RESTORE, return_asked
from shared.tasks.conclusion import Conclusion
from shared.tasks.ledger import CaseFile, Clock, Line
from shared.tasks.party import refuse_own
from shared.tasks.turns import UNBLOCK

_LOUDEST: Final = 3
"""Open lines that a refusal names; the checklist itself shows all of them."""


class Restore:
    """Takes a person's word on the checklist, and the request to let the owner back in."""

    def __init__(self, store: Store, queue: Queue, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._conclusion = Conclusion(store, queue, clock)

    async def confirm(self, tenant: TenantId, case: CaseId, *, by: Actor, check: str) -> None:
        """Write down that a person did or judged what a line asks for.

        Raises `Refused` where there is no such line, or where it is not for a person to say.
        """
        file = await self.load(tenant, case)
        refuse_own(file.case, by)
        found = [line for line in _lines(file) if line.name == check]
        if not found:
            names = ", ".join(line.name for line in _lines(file))
            raise Refused(f"The checklist has no line {check!r}; it has: {names}")
        (line,) = found
        if not line.confirmable:
            raise Refused(f"“{line.title}” is not for a person to confirm. {line.todo}".strip())
        said = Line(
            event=Event.CONFIRMED,
            text=f"Confirmed: {line.title}",
            actor=by.name,
            data={"check": check, "was": line.todo, "by": by.model_dump()},
        )
        await self._conclusion.foretell(file, 1)
        await file.record(said)
        await self._conclusion.draw(file)

    async def ask(
        self, tenant: TenantId, case: CaseId, *, by: Actor, override: str = ""
    ) -> tuple[CheckLine, ...]:
        """Write down who wants the owner back in, and put it on the queue; gives the checklist.

        `override` is the reason why that is right although the checklist is not green. Raises
        `Refused` without one where it is not, and where it was asked for before.
        """
        file = await self.load(tenant, case)
        refuse_own(file.case, by)
        _refuse_again(file)
        lines = _lines(file)
        left = [line for line in lines if line.light is not Light.GREEN]
        if left and not override.strip():
            raise _not_green(left)
        tasks = _tasks(file, at=self._clock())
        why = f", although {len(left)} of the checklist is open: {override.strip()}" if left else ""
        said = Line(
            event=Event.RESTORE_ASKED,
            text=f"Asked to let the owner back in{why}",
            actor=by.name,
            data={
                "override": override.strip() if left else "",
                "open": [line.name for line in left],
                "by": by.model_dump(),
            },
        )
        await self._conclusion.foretell(file, 1)
        await file.record(said, tasks=tasks)
        await self._conclusion.draw(file)
        return lines

    async def load(self, tenant: TenantId, case: CaseId) -> CaseFile:
        """Read a case. Raises `Gone` where there is none, `Refused` where it was erased."""
        return await CaseFile.to_act_on(self._store, self._clock, tenant, case)


def _lines(file: CaseFile) -> tuple[CheckLine, ...]:
    return checklist(file.case, file.tasks.values(), file.journal.entries)


def _refuse_again(file: CaseFile) -> None:
    case = file.case
    if case.account.is_organisation:
        raise Refused("This case is about the organisation: nobody was kept out")
    if case.restored_at is not None and not _failed(file):
        raise Refused(f"The owner was let back in at {case.restored_at:%Y-%m-%d %H:%M} UTC")
    if return_asked(file) is not None:
        raise Refused("It was asked for already and is under way; look at the case")
    if case.dry_run:
        raise Refused("This case is a dry run: nothing keeps the owner out")
    busy = [t.responder for t in file.tasks.values() if t.state in UNFINISHED and _closes(t)]
    if busy:
        raise Refused(f"Doors are still being closed ({', '.join(busy)}); ask again after that")


def _failed(file: CaseFile) -> bool:
    """Whether the door was to be opened and was not, so that it may be tried again."""
    task = file.tasks.get(RESTORE)
    return task is not None and task.finished_at is not None and not task.applied_at


def _closes(task: Task) -> bool:
    return task.phase is Phase.CONTAIN


def _not_green(left: list[CheckLine]) -> Refused:
    said = "; ".join(f"{line.title}: {line.todo}" for line in left[:_LOUDEST])
    more = f"; and {len(left) - _LOUDEST} more" if len(left) > _LOUDEST else ""
    return Refused(f"The checklist is not green. {said}{more}. Or say why you override it")


def _tasks(file: CaseFile, *, at: datetime) -> list[Task]:
    """Make the task, and the one that lets a restricted sender send, in Microsoft's order."""
    known = file.tasks.get(UNBLOCK)
    restricted = known is None and AlertKind.OUTBOUND_SPAM in file.case.kinds
    again = known is not None and known.state in {TaskState.REFUSED, TaskState.FAILED}
    names = (RESTORE, UNBLOCK) if restricted or again else (RESTORE,)
    return [_task(file.case, name, at=at) for name in names]


def _task(case: Case, responder: ResponderName, *, at: datetime) -> Task:
    return Task(
        id=task_id(case.tenant, case.account.object_id, case.id, responder),
        tenant=case.tenant,
        case=case.id,
        responder=responder,
        phase=Phase.RECOVER,
        mode=Mode.ENFORCE,
        created_at=at,
    )
