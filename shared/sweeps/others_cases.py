"""Take a person out of other people's cases: the lines, evidence and tasks that name them.

    line in the journal: these lines, this evidence ─► blobs ─► lines ─► tasks

A line that says where else an intruder was names other accounts. It goes as a whole, with its salt;
its hash stays. Such a case stays what it is, but what it can no longer say of a change it cannot
put back. So nothing is touched while it is not settled: the order waits for it.
"""

from __future__ import annotations

import json
from typing import Final

from shared.model import Actor, CaseId, Event, Json, Task, TenantId
from shared.store.verbs import Queue, Store
from shared.sweeps.case_erasure import CaseErasure
from shared.sweeps.person import Sought
from shared.tasks.conclusion import Conclusion
from shared.tasks.erased import (
    EVIDENCE,
    LINES,
    bare_task,
    erased_evidence,
    erased_lines,
    erasures,
)
from shared.tasks.ledger import CaseFile, Clock, Line
from shared.tasks.sealed import VOUCHING

_WHY: Final = "What it said of another person is erased"


class OthersCases:
    """Goes through cases that are not the person's own."""

    def __init__(self, store: Store, queue: Queue, clock: Clock, tenant: TenantId) -> None:
        self._store = store
        self._clock = clock
        self._tenant = tenant
        self._cases = CaseErasure(store, queue, clock, tenant)
        self._conclusion = Conclusion(store, queue, clock)

    async def run(self, case: CaseId, sought: Sought, *, by: Actor, order: str) -> bool:
        """Take the person out of a case; false where that has to wait until it is settled.

        Raises `Superseded` where somebody writes to it meanwhile.
        """
        file = await CaseFile.load(self._store, self._clock, self._tenant, case)
        if not file.exists or file.case.erased_at is not None:
            return True
        entries = file.journal.entries
        said, gone = erased_lines(entries), erased_evidence(entries)
        named = (e.seq for e in entries if sought.named_in([e.text, e.data]))
        lines = [seq for seq in named if seq not in said]
        kept = [(seq, name) for seq, name in _kept(file) if seq not in gone]
        evidence = [seq for seq, name in kept if await self._names(name, sought)]
        tasks = [task for task in file.tasks.values() if _named(task, sought)]
        if not (lines or evidence or tasks):
            await self._finish(file, order)
            return True
        if await self._cases.obstacle(file):
            return False
        data: Json = {LINES: lines, EVIDENCE: evidence, "order": order, "by": by.model_dump()}
        line = Line(event=Event.ERASED, text=_WHY, actor=by.name, data=data)
        await self._conclusion.foretell(file, 1)
        await file.record(line, tasks=map(_silent, tasks))
        await self._conclusion.list(file, due=None)
        await self._finish(file, order)
        return True

    async def _finish(self, file: CaseFile, order: str) -> None:
        """Carry out what a line of this order says; after a crash, what is left of that."""
        ours = [e for e in erasures(file.journal.entries) if e.data.get("order") == order]
        gone = erased_evidence(ours)
        for seq, name in _kept(file):
            if seq in gone:
                await self._cases.held.erase(name, of=file.id)
        await file.erase(erased_lines(ours))

    async def _names(self, name: str, sought: Sought) -> bool:
        data = await self._store.fetch(name)
        try:
            return data is not None and sought.named_in(json.loads(data))
        except ValueError:
            # Altered evidence: nobody can say whom it names.
            return False


def _kept(file: CaseFile) -> list[tuple[int, str]]:
    lines = (e for e in file.journal.entries if e.event in VOUCHING and "kept" in e.data)
    return [(entry.seq, str(entry.data["kept"])) for entry in lines]


def _named(task: Task, sought: Sought) -> bool:
    return sought.named_in(task.model_dump(mode="json"))


def _silent(task: Task) -> Task:
    """Leave of a task how it ended; it stays its own account's, so it keeps its id."""
    return bare_task(task).model_copy(update={"id": task.id})
