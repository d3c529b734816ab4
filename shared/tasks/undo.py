"""The way back: what a case changed is put back from its journal, newest change first.

What was asked stands in the journal before anything is put back, and each change is marked when it
is begun and when it is done, so that a crash half-way goes on where it was. A change that is no
longer in force is not put back: somebody, or the intruder, moved the account since, and undoing
would write an old state over it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from shared.clients.precedence import Rank, calls_are
from shared.clients.tenant import Tenant
from shared.errors import FirebreakError, Gone, Refused, Transient
from shared.model import (
    UNFINISHED,
    Account,
    Actor,
    CaseId,
    Difference,
    Entry,
    Event,
    Phase,
    ResponderName,
    Task,
    TaskId,
    TaskState,
    TenantId,
    Value,
    in_force,
)
from shared.responder import Responder
from shared.signals.table import Fact, Seen
from shared.signals.trace import span
from shared.store.verbs import Queue, Store
from shared.tasks.conclusion import Conclusion
from shared.tasks.ledger import CaseFile, Clock, Line, Superseded
from shared.tasks.lock import Lock
from shared.tasks.milestones import in_its_trace
from shared.tasks.party import refuse_own
from shared.tasks.planning import plan
from shared.tasks.queue import UndoMessage, encode
from shared.telemetry import Log

_BUSY = 3.0

type Catalogue = Mapping[ResponderName, Responder[Any]]


class UndoStep(Value):
    """One task's changes as they would be put back; `obstacle` says why they cannot be."""

    task: TaskId
    responder: ResponderName
    summary: str
    differences: tuple[Difference, ...]
    obstacle: str = ""


class Undo:
    """Shows and does the way back of a case."""

    def __init__(
        self,
        *,
        store: Store,
        queue: Queue,
        clock: Clock,
        tenant: Tenant,
        catalogue: Catalogue,
        log: Log,
    ) -> None:
        self._store = store
        self._queue = queue
        self._clock = clock
        self._tenant = tenant
        self._catalogue = catalogue
        self._log = log
        self._lock = Lock(store, clock)
        self._conclusion = Conclusion(store, queue, clock)

    async def plan(
        self, tenant: TenantId, case: CaseId, only: ResponderName | None = None
    ) -> tuple[Account, tuple[UndoStep, ...]]:
        """Show whose account a case is about, and what would be put back, in order.

        Raises `Gone` where there is no such case, `Refused` where it was erased.
        """
        file = await self._load(tenant, case)
        steps = tuple(self._step(file, task) for task in _offered(file, only))
        return file.case.account, steps

    async def ask(
        self, tenant: TenantId, case: CaseId, *, actor: Actor, only: ResponderName | None = None
    ) -> tuple[UndoStep, ...]:
        """Write down that somebody asked, and put it on the queue; returns what will be put back.

        Raises `Refused` where nothing can be put back.
        """
        file = await self._load(tenant, case)
        refuse_own(file.case, actor)
        found = [(task, self._step(file, task)) for task in _offered(file, only)]
        free = [(task, step) for task, step in found if not step.obstacle]
        if not free:
            reasons = " ".join(step.obstacle for _, step in found)
            raise Refused(reasons or "Nothing in this case was changed, so nothing is put back")
        named = tuple(task.id for task, _ in free)
        text = f"Asked to put back: {', '.join(task.responder for task, _ in free)}"
        data = {"tasks": list(named), "by": actor.model_dump()}
        await self._conclusion.foretell(file, 1)
        await file.record(Line(event=Event.UNDO_ASKED, text=text, actor=actor.name, data=data))
        await self._conclusion.draw(file)
        return tuple(step for _, step in free)

    async def run(self, message: UndoMessage) -> None:
        """Put back what was asked for; what cannot be done now comes back through the queue."""
        file = await self._load(message.tenant, message.case)
        in_its_trace(file)
        oid = file.case.account.object_id
        async with self._lock.hold(message.tenant, oid, uuid.uuid4().hex) as lost:
            if lost is not None:
                try:
                    await self._put_back(file, message.tasks)
                except Superseded as error:
                    self._log.warning("undo.superseded", case=message.case, reason=str(error))
                else:
                    return
        await self._queue.put(encode(message), delay=_BUSY)

    async def _put_back(self, file: CaseFile, tasks: tuple[TaskId, ...]) -> None:
        for task in _to_undo(file, None):
            if task.id in tasks:
                try:
                    # In the case's name, so that a write that waits for its turn keeps what was
                    # read before it: Identity Protection takes one request a second.
                    with calls_are(Rank.AFTER, file.case.id):
                        await self._undo(file, task)
                except (Refused, Gone) as error:
                    said = f"Not put back: {error}"
                    line = Line(event=Event.REFUSED, text=said, responder=task.responder)
                    await file.record(line, tasks=[task.model_copy(update={"reason": said})])
        await self._conclusion.draw(file)

    async def _undo(self, file: CaseFile, task: Task) -> None:
        responder = self._catalogue[task.responder]
        left = in_force(file.journal.entries, task.responder)
        if not any(entry.event is Event.UNDOING for entry in _since(file, left[0])):
            await self._still_ours(file, task)
        for entry in reversed(left):
            data = {"seq": entry.seq}
            if not _begun(file, entry):
                said = "Putting it back"
                begin = Line(event=Event.UNDOING, text=said, responder=task.responder, data=data)
                await file.record(begin)
            with span(Seen.APPLY, {Fact.RESPONDER: task.responder, Fact.PHASE: task.phase}):
                await responder.undo(responder.revive(entry.data["change"]), self._tenant)
            said = f"{task.summary}: put back"
            last = entry is left[0]
            done = Line(
                event=Event.UNDONE,
                text=said,
                responder=task.responder,
                data={**data, "last": last},
            )
            undone = {"state": TaskState.UNDONE, "finished_at": self._clock(), "reason": ""}
            await file.record(done, tasks=[task.model_copy(update=undone)] if last else [])
        self._log.info("undone", case=task.case, task=task.id, responder=task.responder)

    async def _still_ours(self, file: CaseFile, task: Task) -> None:
        """See that the tenant is as we left it; whatever a new plan finds has moved since.

        What was left to a person when the task ended, and is left still, has not moved.
        """
        try:
            moved = await plan(self._catalogue[task.responder], file.case, task, self._tenant)
        except Transient:
            raise
        except Refused as error:
            if _left_before(file, task, str(error)):
                return
            raise Refused(f"It cannot be seen whether it moved since: {error}") from error
        except FirebreakError as error:
            raise Refused(f"It cannot be seen whether it moved since: {error}") from error
        if moved is not None:
            lines = "; ".join(f"{d.what} is {d.was}" for d in moved.differences())
            raise Refused(f"It moved since it was changed: {lines}")

    def _step(self, file: CaseFile, task: Task) -> UndoStep:
        responder = self._catalogue[task.responder]
        changes = in_force(file.journal.entries, task.responder)
        known = [entry for entry in changes if "change" in entry.data]
        back = tuple(
            Difference(what=d.what, was=d.becomes, becomes=d.was)
            for entry in reversed(known)
            for d in responder.revive(entry.data["change"]).differences()
        )
        obstacle = "" if responder.reversible else f"{task.responder} cannot be undone."
        if len(known) < len(changes):
            obstacle = f"What {task.responder} changed was erased for another person's sake."
        if task.state in UNFINISHED:
            obstacle = f"{task.responder} is still at work."
        return UndoStep(
            task=task.id,
            responder=task.responder,
            summary=task.summary,
            differences=back,
            obstacle=obstacle,
        )

    async def _load(self, tenant: TenantId, case: CaseId) -> CaseFile:
        return await CaseFile.to_act_on(self._store, self._clock, tenant, case)


def _to_undo(file: CaseFile, only: ResponderName | None) -> list[Task]:
    """Tasks with changes in force, the one that changed last first."""
    held = [
        (changes[-1].seq, task)
        for task in file.tasks.values()
        if (only is None or task.responder == only)
        and (changes := in_force(file.journal.entries, task.responder))
    ]
    return [task for _, task in sorted(held, key=lambda pair: pair[0], reverse=True)]


def _offered(file: CaseFile, only: ResponderName | None) -> list[Task]:
    """Pick what is put back when somebody asks; what the sources of a false alarm were told stays.

    That is put back where it is named.
    """
    found = _to_undo(file, only)
    if not file.case.false_alarm or only is not None:
        return found
    return [task for task in found if task.phase is not Phase.CLOSE]


def _left_before(file: CaseFile, task: Task, reason: str) -> bool:
    """Whether the task ended with leaving just this to a person."""
    ours = (e for e in file.journal.entries if e.responder == task.responder)
    return any(e.event is Event.REFUSED and e.text == reason for e in ours)


def _begun(file: CaseFile, change: Entry) -> bool:
    """Whether it was begun to put a change back: whatever holds that up writes no second line."""
    undoing = (e for e in file.journal.entries if e.event is Event.UNDOING)
    return any(e.data.get("seq") == change.seq for e in undoing)


def _since(file: CaseFile, first: Entry) -> Iterable[Entry]:
    ours = (entry for entry in file.journal.entries if entry.responder == first.responder)
    return (entry for entry in ours if entry.seq > first.seq)
