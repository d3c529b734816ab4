"""The ledger: one case's rows, read in one scan and written in transactions.

Every write names the version it read: a worker whose lock ran out without its noticing meets a
`Conflict` at its next step, before anything is done to the tenant; see shared.tasks.lock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from pydantic import Field

from shared.errors import Conflict, Gone
from shared.model import (
    PHASES,
    Case,
    CaseId,
    Entry,
    Event,
    Json,
    ResponderName,
    Task,
    TenantId,
    Value,
)
from shared.store.rules import MAX_CHANGES, MAX_WRITE
from shared.store.verbs import Put, Store
from shared.tasks import keys
from shared.tasks.case_seal import CaseSeal
from shared.tasks.chain import erased
from shared.tasks.erased import refuse_erased
from shared.tasks.journal import WORKER, Journal
from shared.tasks.together import Together

_PORTION: Final = 100
"""Lines that are erased in one write."""

type Clock = Callable[[], datetime]


class Superseded(Conflict):
    """Another worker wrote to the case: this pass is over, the other one goes on."""


class Line(Value):
    """What a journal line will say; its place in the chain is found when it is stored."""

    event: Event
    text: str
    responder: ResponderName | None = None
    actor: str = WORKER
    data: Json = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Record:
    """What one step of a case stores."""

    lines: tuple[Line, ...]
    tasks: tuple[Task, ...]
    case: Case | None


class CaseFile:
    """All rows of one case, read in one scan and written in transactions.

    Several tasks of a case run side by side, so writes queue up behind one lock, which keeps the
    journal one chain; what queues up there is written together.
    """

    def __init__(self, store: Store, clock: Clock, tenant: TenantId, case_id: CaseId) -> None:
        self.id = case_id
        self._store = store
        self._clock = clock
        self._at = keys.case(tenant, case_id)
        self._etags: dict[str, str] = {}
        self._writing = asyncio.Lock()
        self._together = Together(self._record, share=_share, turn=self._writing)
        self._case: Case | None = None
        self._seal = CaseSeal()
        self.tasks: dict[ResponderName, Task] = {}
        self.journal = Journal()

    @classmethod
    async def load(cls, store: Store, clock: Clock, tenant: TenantId, case_id: CaseId) -> Self:
        """Read a case, or find that there is nothing under its id yet."""
        file = cls(store, clock, tenant, case_id)
        entries: list[Entry] = []
        bodies: list[tuple[str, Json]] = []
        async for row in store.scan(file._at):
            file._etags[row.key] = row.etag
            if row.key == keys.CASE:
                file._case = Case.model_validate(row.body)
                bodies.append((row.key, row.body))
            elif row.key.startswith(keys.TASK):
                task = Task.model_validate(row.body)
                file.tasks[task.responder] = task
                bodies.append((row.key, row.body))
            elif row.key.startswith(keys.JOURNAL):
                entries.append(Entry.model_validate(row.body))
            elif row.key == keys.SEAL:
                file._seal = CaseSeal.model_validate(row.body)
        file.journal = Journal(entries)
        if keys.SEAL not in file._etags and file.journal.unsalted:
            # The first version made no seals: its cases get one with their next write.
            file._seal = CaseSeal().after(entries, bodies)
        return file

    @classmethod
    async def to_act_on(cls, store: Store, clock: Clock, tenant: TenantId, case_id: CaseId) -> Self:
        """Read a case that somebody wants something of.

        Raises `Gone` where there is none, `Refused` where it was erased.
        """
        file = await cls.load(store, clock, tenant, case_id)
        refuse_erased(file.case)
        return file

    @property
    def exists(self) -> bool:
        """Whether the case was opened."""
        return self._case is not None

    @property
    def last_line(self) -> int:
        """The number of the journal's last line that was read or written."""
        return self.journal.entries[-1].seq if self.journal.entries else 0

    @property
    def case(self) -> Case:
        """The case; raises `Gone` where it was never opened."""
        if self._case is None:
            raise Gone("There is no such case")
        return self._case

    async def record(
        self, *lines: Line, tasks: Iterable[Task] = (), case: Case | None = None
    ) -> None:
        """Store new states and the lines about them together, or not at all.

        Raises `Superseded` where somebody else wrote to the case since it was read.
        """
        await self._together.add(_Record(lines, tuple(tasks), case))

    async def _record(self, records: Sequence[_Record]) -> None:
        entries = self._chained(line for record in records for line in record.lines)
        tasks = {task.responder: task for record in records for task in record.tasks}
        case = next((record.case for record in reversed(records) if record.case), None)
        puts = [self._put(keys.task_row(name), task) for name, task in tasks.items()]
        if case is not None:
            puts.append(self._put(keys.CASE, case))
        seal = self._seal.after(entries, [(put.key, put.body) for put in puts])
        puts += [self._put(keys.journal_row(entry.seq), entry) for entry in entries]
        puts.append(self._put(keys.SEAL, seal))
        await self._write(puts)
        for entry in entries:
            self.journal.add(entry)
        self.tasks.update(tasks)
        self._case, self._seal = case or self._case, seal

    async def erase(self, numbers: Collection[int]) -> None:
        """Take out what some lines say; their hashes stay. What is out already is left alone.

        Raises `Superseded` where somebody else does the same.
        """
        after = [erased(e) if e.seq in numbers else e for e in self.journal.entries]
        changed = [new for new in after if new not in self.journal.entries]
        async with self._writing:
            for start in range(0, len(changed), _PORTION):
                portion = changed[start : start + _PORTION]
                puts = [self._put(keys.journal_row(entry.seq), entry) for entry in portion]
                await self._write(puts)
            self.journal = Journal(after)

    async def _write(self, puts: list[Put]) -> None:
        try:
            etags = await self._store.write(*puts)
        except Conflict as error:
            raise Superseded(f"Case {self._at} was written to by another worker") from error
        self._etags.update({put.key: etag for put, etag in zip(puts, etags, strict=True)})

    def _chained(self, lines: Iterable[Line]) -> list[Entry]:
        ahead = Journal(self.journal.entries)
        for line in lines:
            entry = ahead.line(
                line.event,
                line.text,
                at=self._clock(),
                actor=line.actor,
                responder=line.responder,
                data=line.data,
            )
            ahead.add(entry)
        return list(ahead.entries[len(self.journal.entries) :])

    def _put(self, key: str, value: Value) -> Put:
        return Put(self._at, key, value.model_dump(mode="json"), self._etags.get(key))


def _share(record: _Record) -> float:
    """Tell how much of a whole transaction a record takes up."""
    values = (*record.lines, *record.tasks, *((record.case,) if record.case else ()))
    letters = sum(len(value.model_dump_json()) for value in values)
    return max(letters / MAX_WRITE, len(values) / MAX_CHANGES)


def in_order(tasks: Iterable[Task]) -> list[Task]:
    """Order tasks as doors close: by phase, then by name."""
    return sorted(tasks, key=lambda task: (PHASES.index(task.phase), task.responder))
