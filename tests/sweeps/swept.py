"""The app's own sweeps over an organisation of the lab: run after run, worker after worker."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from lab.clock import Clock
from lab.mortal import Fuse, Killed, MortalBench
from lab.organisation import Organisation
from lab.tenant import SimulatedTenant, TenantSettings
from shared.model import Json
from shared.posture import Certainty, Held, Run, RunState, SweepName
from shared.store.memory import MemoryQueue, MemoryStore
from shared.sweeps.floor import LEASE
from shared.sweeps.posture import sweeps
from shared.tasks import keys
from shared.tasks.overdue import GRACE
from tests.tasks.benches import NOON


class Swept:
    """One organisation, and what our sweeps have found in it."""

    def __init__(
        self,
        size: int,
        *names: str,
        page_size: int = 1000,
        tenant: Json | None = None,
        **wishes: Any,
    ) -> None:
        self.clock = Clock.frozen(NOON)
        settings = {"page_size": page_size, **(tenant or {})}
        self.lab = SimulatedTenant(clock=self.clock, settings=TenantSettings.instant(**settings))
        self.organisation = Organisation(self.lab, size, **wishes)
        self.store = MemoryStore()
        self.messages = MemoryQueue(self.clock.now)
        self.settings: Json = {}
        everything = sweeps()
        self.sweeps = {SweepName(name): everything[SweepName(name)] for name in names}

    def bench(self, fuse: Fuse | None = None) -> MortalBench:
        """Make one life of the app."""
        return MortalBench(
            self.lab,
            store=self.store,
            messages=self.messages,
            fuse=fuse or Fuse(),
            sweeps=self.sweeps,
            settings=self.settings,
        )

    async def run(self) -> None:
        """Run every sweep to its end."""
        async with self.bench() as bench:
            await bench.app.start_sweeps()
            await bench.settle(within=timedelta(days=2))

    async def day(self) -> None:
        """Let some days pass, and run again."""
        self.clock.advance(8 * 86_400)
        await self.run()

    async def die_at(self, at: int) -> bool:
        """Run until the worker is killed at a point; says whether it got so far."""
        fuse = Fuse(at)
        async with self.bench(fuse) as bench:
            try:
                await bench.app.start_sweeps()
                await bench.settle(within=timedelta(days=2))
            except Killed:
                bench.bury()
        return fuse.blown_at is not None

    async def go_on(self) -> None:
        """Let workers that live bring everything to its end."""
        for _ in range(20):
            self.clock.advance((LEASE + GRACE).total_seconds() + 1)
            async with self.bench() as bench:
                await bench.app.reconcile()
                await bench.app.start_sweeps()
                await bench.settle(within=timedelta(days=1))
            if all(self.last(name).state is not RunState.RUNNING for name in self.sweeps):
                return
        raise AssertionError("A run did not come to its end")

    def last(self, name: str) -> Run:
        """Read the latest run of a sweep."""
        row = keys.run_row(SweepName(name))
        (body,) = [found.body for found in self.store.rows() if found.key == row]
        return Run.model_validate(body)

    def held(self, name: str) -> list[Held]:
        """Read all findings of a sweep."""
        at = keys.findings(self.last(name).tenant, SweepName(name))
        return [Held.model_validate(row.body) for row in self.store.rows() if row.partition == at]

    def found(self, name: str) -> set[tuple[str, str]]:
        """Read what a sweep says is so, as kind and subject: seen, and not fixed."""
        return {
            (held.finding.kind, held.finding.subject)
            for held in self.held(name)
            if held.finding.certainty is Certainty.SEEN and held.fixed_at is None
        }

    def unknown(self, name: str) -> set[str]:
        """Read the kinds of what a sweep could not look at."""
        return {held.finding.kind for held in self.held(name) if held.unknown_at is not None}

    def truth(self, name: str) -> set[tuple[str, str]]:
        """Tell what it must find."""
        return self.organisation.truth.get(name, set())

    def outcome(self, name: str) -> Json:
        """What a run came to, without what names it or says how often it was interrupted."""
        counted = {"state", "pages", "subjects", "tally", "counts", "worst", "gaps"}
        run = self.last(name).model_dump(mode="json", include=counted)
        said = {"id", "finding", "last_seen", "unknown_at", "fixed_at"}
        held = {one.id: one.model_dump(mode="json", include=said) for one in self.held(name)}
        return {"run": run, "findings": held}

    def busiest(self, seconds: float) -> int:
        """Count the calls to Exchange in the fullest window of so many seconds."""
        times = [call.at for call in self.lab.calls if not call.path.startswith("/")]
        span = timedelta(seconds=seconds)
        return max(sum(start <= at < start + span for at in times) for start in times)
