"""The crash matrix: one case, a worker killed at each of its awaits, and how each run ended.

After a death a new worker starts on the same store, queue and tenant; the sender sends again what
was not acknowledged, the queue delivers again what was not deleted, and the reconcile timer runs.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from lab.clock import Clock
from lab.mortal import Fuse, Killed, MortalBench
from lab.scenarios import Story, token_thief
from lab.tenant import SimulatedTenant, TenantSettings
from lab.tenant.records import Write
from shared.model import Alert, AlertState, Entry, Json, Task
from shared.store.memory import MemoryQueue, MemoryStore, Message
from shared.tasks.journal import Journal
from shared.tasks.overdue import GRACE

_NOON: Final = datetime(2026, 11, 23, 12, 0, 0, 250_000, tzinfo=UTC)
_SOON: Final = timedelta(minutes=11)
"""A message hidden by a dead worker is back by then; the first later look is not."""
_ROUNDS: Final = 12
"""Turns of the reconcile timer until everything must have come to its end."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended, in what can be compared with another run."""

    trail: tuple[str, ...]
    """The points at which the last worker could have died."""
    died: tuple[str, ...]
    """Where the workers died."""
    tenant: Json
    states: Mapping[str, str]
    effects: int
    """Writes that changed the tenant; a second write of the same is none."""
    writes: int
    cases: int
    alerts: int
    faults: tuple[str, ...]
    """What must never be, whatever happened."""

    @property
    def points(self) -> int:
        """How many points there are."""
        return len(self.trail)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One run beside the one in which nobody died."""

    kills: tuple[int, ...]
    died: tuple[str, ...]
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    repeated: int
    """Writes made again that changed nothing."""


class Run:
    """One case from the alert to its end. Makes its own event loops: a dead one is thrown away."""

    def __init__(
        self,
        *,
        story: Story = token_thief,
        settings: Mapping[str, Any] | None = None,
        store: MemoryStore | None = None,
        queue: Callable[[Callable[[], datetime]], MemoryQueue] = MemoryQueue,
    ) -> None:
        self._settings = settings
        self._clock = Clock.frozen(_NOON)
        self._lab = SimulatedTenant(clock=self._clock, settings=TenantSettings.instant())
        self._scenario = story(self._lab)
        self._before = self._lab.snapshot()
        # A write at the very moment of the story would not show as one.
        self._clock.advance(1)
        self._seen = self._in_effect()
        self._effects = self._writes = 0
        self._lab.on_write(self._watch)
        self._store = store or MemoryStore()
        self._messages = queue(self._clock.now)
        self._acknowledged = False

    def until_the_end(self, *kills: int) -> Ending:
        """Kill one worker after the other at these points, and let the last one finish."""
        died = []
        for at in (*kills, None):
            fuse = Fuse(at)
            self._live(fuse)
            if fuse.blown_at is not None:
                died.append(fuse.blown_at)
        return self._ending(tuple(fuse.trail), tuple(died))

    def _live(self, fuse: Fuse) -> None:
        with asyncio.Runner() as runner:
            # What a dying loop says about the tasks it takes along is of no interest.
            runner.get_loop().set_exception_handler(lambda _loop, _context: None)
            bench = MortalBench(
                self._lab,
                store=self._store,
                messages=self._messages,
                fuse=fuse,
                settings=self._settings,
            )
            try:
                runner.run(self._work(bench))
            except Killed:
                # Longer than a lease, and than a message may be on its way.
                self._clock.advance(GRACE.total_seconds() + 31)
        bench.bury()

    async def _work(self, bench: MortalBench) -> None:
        async with bench:
            if not self._acknowledged:
                for alert in self._scenario.alerts:
                    await bench.post(alert.source, alert.body)
                self._acknowledged = True
            await bench.settle()
            for _ in range(_ROUNDS):
                self._clock.advance(60)
                await bench.app.reconcile()
                if not self._due_messages():
                    return
                await bench.settle()

    def _watch(self, write: Write) -> None:
        if write.actor != self._lab.own_object_id:
            return
        now = self._in_effect()
        self._writes += 1
        self._effects += now != self._seen
        self._seen = now

    def _in_effect(self) -> str:
        plain = in_effect(self._before, self._lab.snapshot())
        return json.dumps(plain, sort_keys=True, default=str)

    def _ending(self, trail: tuple[str, ...], died: tuple[str, ...]) -> Ending:
        tasks = [Task.model_validate(body) for body in self._rows("task:")]
        return Ending(
            trail=trail,
            died=died,
            tenant=in_effect(self._before, self._lab.snapshot()),
            states={task.responder: task.state.value for task in tasks},
            effects=self._effects,
            writes=self._writes,
            cases=sum(row.key == "case" for row in self._store.rows()),
            alerts=len(self._rows("alert:")),
            faults=tuple(self._faults()),
        )

    def _faults(self) -> Iterator[str]:
        soon = (self._clock.now() + _SOON).isoformat()
        left = (row for row in self._rows("todo:") if row["due"] < soon)
        yield from (f"left to do: {row}" for row in left)
        yield from (f"left on the queue: {m.text}" for m in self._due_messages())
        yield from (f"open: {f.label}" for f in self._scenario.intruder.open_doors())
        yield from (f"the owner lost {thing}" for thing in self._scenario.losses())
        alerts = [Alert.model_validate(body) for body in self._rows("alert:")]
        answered = {AlertState.TRIAGED, AlertState.IGNORED}
        yield from (f"alert {a.id} is {a.state}" for a in alerts if a.state not in answered)
        journal = Journal(Entry.model_validate(body) for body in self._rows("journal:"))
        if (line := journal.broken_at()) is not None:
            yield f"the journal is broken at line {line}"

    def _due_messages(self) -> list[Message]:
        """List the messages that are not about a later look."""
        soon = self._clock.now() + _SOON
        return [m for m in self._messages.messages() if m.visible_at < soon]

    def _rows(self, prefix: str) -> list[Json]:
        return [row.body for row in self._store.rows() if row.key.startswith(prefix)]


def kill(reference: Ending, *kills: int, run: Run) -> Verdict:
    """Run with these deaths and compare: what was lost, what was done twice."""
    end = run.until_the_end(*kills)
    lost = list(end.faults)
    if end.tenant != reference.tenant:
        lost.append("the tenant ended otherwise")
    lost += [
        f"{name} ended as {end.states.get(name)}, not as {state}"
        for name, state in reference.states.items()
        if end.states.get(name) != state
    ]
    doubled = [
        f"{mine} {what} instead of {theirs}"
        for what, mine, theirs in (
            ("cases", end.cases, reference.cases),
            ("alerts", end.alerts, reference.alerts),
            ("changes", end.effects, reference.effects),
        )
        if mine > theirs
    ]
    again = (end.writes - end.effects) - (reference.writes - reference.effects)
    return Verdict(kills, end.died, tuple(lost), tuple(doubled), max(again, 0))


def in_effect(before: Any, now: Any, key: str = "") -> Any:
    """Show the tenant with moments and passwords told only as moved or not since `before`.

    Which second a session ended in, and how often a password nobody knows was set, is no matter.
    """
    if isinstance(now, dict):
        known = before if isinstance(before, dict) else {}
        return {name: in_effect(known.get(name), value, name) for name, value in now.items()}
    if isinstance(now, list) and isinstance(before, list) and len(now) == len(before):
        return [in_effect(old, new, key) for old, new in zip(before, now, strict=True)]
    if isinstance(now, str) and _is_moment(now):
        return "as before" if now == before else "moved"
    if key in {"password_version", "password_resets"}:
        return "as before" if now == before else "moved"
    return now


def _is_moment(text: str) -> bool:
    if "T" not in text:
        return False
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
