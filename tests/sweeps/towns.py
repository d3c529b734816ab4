"""A sweep of a town that a test lays out: who lives there, what is wrong, and who asked when."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from lab.clock import Clock
from lab.mortal import Fuse, Killed, MortalBench
from lab.tenant import SimulatedTenant, TenantSettings
from lab.workbench import Workbench, as_operator
from shared.errors import FirebreakError
from shared.model import Json, Severity
from shared.posture import Budget, Certainty, Finding, Gap, Held, Run, RunState, SweepName
from shared.store.memory import MemoryQueue, MemoryStore
from shared.sweeps.floor import LEASE
from shared.sweeps.sweep import Look, Page, Record, Sweep
from shared.tasks import keys
from shared.tasks.overdue import GRACE
from tests.tasks.benches import NOON

BUDGET = Budget(service="town hall", calls=4, seconds=60)


class Door(StrEnum):
    """What a look at a house shows."""

    SHUT = "shut"
    OPEN = "open"
    HIDDEN = "hidden"
    """It cannot be seen."""


@dataclass
class Town:
    """The far side: houses by name, and whatever goes wrong there."""

    houses: dict[str, Door] = field(default_factory=dict)
    page_size: int = 3
    closed_streets: str = ""
    """Why the whole town could not be looked at, where it could not."""
    errors: list[Exception] = field(default_factory=list)
    """What the next calls raise, first one first."""
    calls: list[datetime] = field(default_factory=list)


class Streets(Sweep):
    """See which doors stand open."""

    every = timedelta(days=1)
    budget = BUDGET
    kinds: ClassVar[Mapping[str, str]] = {"open_door": "Shut it", "gate": "Shut the gate"}

    def __init__(self, town: Town, clock: Clock, name: str = "streets") -> None:
        self._town = town
        self._clock = clock
        self._name = name

    @property
    def name(self) -> SweepName:
        return SweepName(self._name)

    async def read(self, look: Look) -> Page:
        self._town.calls.append(self._clock.now())
        if self._town.errors:
            raise self._town.errors.pop(0)
        start = int(look.cursor.get("house", 0))
        names = sorted(self._town.houses)
        mine = names[start : start + self._town.page_size]
        later = start + self._town.page_size
        gap = Gap(kinds=frozenset({"open_door"}), reason=self._town.closed_streets)
        return Page(
            findings=tuple(f for name in mine if (f := _finding(name, self._town.houses[name]))),
            gaps=(gap,) if self._town.closed_streets else (),
            records=tuple(Record(key=f"house:{name}", body={"seen": name}) for name in mine),
            tally={"open": sum(self._town.houses[name] is Door.OPEN for name in mine)},
            subjects=len(mine),
            expected=len(names),
            next={"house": later} if later < len(names) else None,
        )


def _finding(name: str, door: Door) -> Finding | None:
    if door is Door.SHUT:
        return None
    certainty = Certainty.SEEN if door is Door.OPEN else Certainty.UNKNOWN
    return Finding(
        kind="open_door",
        subject=name,
        title=f"The door of {name} stands open",
        severity=Severity.HIGH if name.startswith("bank") else Severity.LOW,
        weight=len(name),
        evidence={"door": door},
        certainty=certainty,
    )


class Visit:
    """The app over one town: run after run, worker after worker."""

    def __init__(self, town: Town, **settings: Any) -> None:
        self.town = town
        self.clock = Clock.frozen(NOON)
        self.lab = SimulatedTenant(clock=self.clock, settings=TenantSettings.instant())
        self.store = MemoryStore()
        self.messages = MemoryQueue(self.clock.now)
        self.streets = Streets(town, self.clock)
        self.sweeps = {self.streets.name: self.streets}
        self.settings = settings

    def bench(self, fuse: Fuse | None = None) -> Workbench:
        """Make one life of the app."""
        return MortalBench(
            self.lab,
            store=self.store,
            messages=self.messages,
            fuse=fuse or Fuse(),
            sweeps=self.sweeps,
            settings=self.settings,
        )

    async def run(self) -> Run:
        """Begin a run and let it go on until the queue is empty."""
        async with self.bench() as bench:
            await bench.app.start_sweeps()
            await bench.settle(within=timedelta(days=2))
        return self.last

    async def day(self) -> Run:
        """Let a day pass, and run again."""
        self.clock.advance(86_400)
        return await self.run()

    async def die_at(self, *points: int) -> list[str]:
        """Let one worker after another be killed at those points; returns where they died."""
        died = []
        for at in points:
            fuse = Fuse(at)
            async with self.bench(fuse) as bench:
                try:
                    await bench.app.start_sweeps()
                    await bench.settle(within=timedelta(hours=12))
                except Killed:
                    died.append(str(fuse.blown_at))
            self.clock.advance((LEASE + GRACE).total_seconds() + 1)
            await self.wake()
        return died

    async def begin(self) -> None:
        """Begin a run and do nothing about it yet."""
        async with self.bench() as bench:
            await bench.app.start_sweeps()

    async def ask(self, what: str, **request: Any) -> Json:
        """Ask something of the sweep as the command line does, signed."""
        body = json.dumps({"by": "Nia", **request}).encode()
        headers = as_operator(f"sweeps/{self.name}/{what}", body, self.clock.now())
        async with self.bench() as bench:
            page = await bench.app.move_sweep(self.name, what, headers, body)
        found: Json = json.loads(page.body)
        return {"status": page.status, **found}

    async def wake(self) -> None:
        """Let the timers run and the queue be emptied by a worker that lives."""
        async with self.bench() as bench:
            await bench.app.reconcile()

    async def go_on(self) -> Run:
        """Let a worker that lives bring the run to its end."""
        for _ in range(20):
            async with self.bench() as bench:
                await bench.settle(within=timedelta(hours=12))
                if self.has_run and self.last.state is not RunState.RUNNING:
                    return self.last
                self.clock.advance((LEASE + GRACE).total_seconds() + 1)
                await bench.app.reconcile()
                if not self.has_run:
                    await bench.app.start_sweeps()
        raise AssertionError("The run did not come to its end")

    async def step(self) -> bool:
        """Deal with one message that is due; says whether there was one."""
        message = await self.messages.receive()
        if message is None:
            return False
        async with self.bench() as bench:
            try:
                await bench.app.work(message.text)
            except FirebreakError:
                await self.messages.release(message)
                return True
        await self.messages.delete(message)
        return True

    @property
    def has_run(self) -> bool:
        """Whether a run was ever begun."""
        return any(row.key.startswith(keys.RUN) for row in self.store.rows())

    @property
    def last(self) -> Run:
        """The latest run."""
        (body,) = [row.body for row in self.store.rows() if row.key == keys.run_row(self.name)]
        return Run.model_validate(body)

    @property
    def history(self) -> list[Run]:
        """The runs that ended, newest first."""
        rows = [row.body for row in self.store.rows() if row.key.startswith(keys.HISTORY)]
        return [Run.model_validate(body) for body in rows]

    @property
    def name(self) -> SweepName:
        """The sweep's name."""
        return self.streets.name

    @property
    def held(self) -> dict[str, Held]:
        """The findings by house."""
        at = keys.findings(self.last.tenant, self.name)
        rows = [Held.model_validate(row.body) for row in self.store.rows() if row.partition == at]
        return {held.finding.subject: held for held in rows}

    def outcome(self) -> Json:
        """What a run came to, without what names the run or says how often it was interrupted."""
        last = self.last
        counted = {"state", "pages", "calls", "subjects", "expected", "tally", "counts", "worst"}
        kept = {r.key: r.body for r in self.store.rows() if r.key.startswith(keys.KEPT)}
        findings = {
            name: held.model_dump(mode="json", exclude={"run", "first_run"})
            | {"of this run": held.run == last.id, "first": held.first_run == last.id}
            for name, held in self.held.items()
        }
        run = last.model_dump(mode="json", include=counted)
        return {"run": run, "findings": findings, "kept": kept, "runs": len(self.history)}
