"""Who sweeps a tenant now, how far each run is, and what was spent: one partition, one transaction.

One worker reads for a tenant at a time, so that budgets are kept by sum. A pass is short, and
sweeps take turns pass by pass: none waits for the end of a long one.

| dies after     | what is left                        | who goes on                               |
|----------------|-------------------------------------|-------------------------------------------|
| start          | a run without a message             | reconcile, once it is overdue             |
| claim, page    | a lease that runs out, a checkpoint | reconcile, from the checkpoint            |
| hand-over      | a turn without a message            | reconcile, once it is overdue             |
| history        | a run that still runs               | reconcile; the row in the history stands  |
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from pydantic import Field

from shared.errors import Conflict, Transient
from shared.model import TenantId, Utc, Value
from shared.posture import OVER, Budget, Run, RunId, RunState, SweepName
from shared.store.verbs import Exists, Put, Queue, Row, Store
from shared.tasks import keys
from shared.tasks.ledger import Clock
from shared.tasks.overdue import lost_before
from shared.tasks.queue import SweepMessage, encode

LEASE: Final = timedelta(seconds=150)
"""How long a worker that says nothing more keeps a tenant's sweeps to itself."""
BUSY: Final = 5.0
"""Seconds after which a message comes back while another sweep reads."""
_FEW: Final = 5
"""Runs among which there is mostly one that came to its end."""


class LeaseLost(Conflict):
    """Another worker goes on with the run: stop, and write nothing more."""


class Window(Value):
    """What was spent of one service's budget, and since when."""

    since: Utc
    spent: int


class Lease(Value):
    """Who reads now, for which sweep, until when; and the budgets of all sweeps."""

    owner: str
    sweep: SweepName
    until: Utc
    windows: dict[str, Window] = Field(default_factory=dict)


class Hold:
    """A run that this worker goes on with, until it hands it over or another took it away."""

    def __init__(self, floor: Floor, run: Run, lease: Lease, etags: tuple[str, str]) -> None:
        self.run = run
        self._floor = floor
        self._lease = lease
        self._etags = etags

    def pause(self, budget: Budget, calls: int, at: datetime) -> float:
        """Give the seconds until so many calls may be made; none if they may be now."""
        window = self._window(budget, at)
        if window.spent + calls <= budget.calls:
            return 0.0
        return (window.since + timedelta(seconds=budget.seconds) - at).total_seconds()

    def spend(self, budget: Budget, calls: int, at: datetime) -> None:
        """Count calls that were made, or may have been; stored with the next checkpoint."""
        window = self._window(budget, at)
        spent = window.model_copy(update={"spent": window.spent + calls})
        windows = {**self._lease.windows, budget.service: spent}
        self._lease = self._lease.model_copy(update={"windows": windows})

    async def save(self, run: Run, *, until: datetime) -> None:
        """Store a checkpoint and the lease, or raise `LeaseLost`."""
        self._lease = self._lease.model_copy(update={"until": until})
        try:
            self._etags = await self._floor.write(run, self._lease, self._etags)
        except Conflict as error:
            raise LeaseLost(f"Another worker goes on with {run.sweep}") from error
        self.run = run

    def _window(self, budget: Budget, at: datetime) -> Window:
        window = self._lease.windows.get(budget.service)
        if window is None or at >= window.since + timedelta(seconds=budget.seconds):
            return Window(since=at, spent=0)
        return window


class Floor:
    """The runs of one tenant and the lease over them."""

    def __init__(self, store: Store, clock: Clock, tenant: TenantId) -> None:
        self._store = store
        self._clock = clock
        self._tenant = tenant
        self._at = keys.sweeps(tenant)

    async def latest(self, sweep: SweepName) -> Run | None:
        """Read a sweep's latest run, whether it is over or not."""
        return (await self._latest(sweep))[0]

    async def history(self, sweep: SweepName, *, part: int = 100) -> AsyncIterator[Run]:
        """Read the runs that ended, newest first, some at a time: whoever stops early pays little.

        `part` is how many rows one request asks for.
        """
        at, last = keys.sweep(self._tenant, sweep), ""
        while True:
            scan = self._store.scan(at, prefix=keys.HISTORY, after=last, most=part)
            rows = [row async for row in scan]
            for row in rows:
                yield Run.model_validate(row.body)
            if len(rows) < part:
                return
            last = rows[-1].key

    async def last_ended(self, sweep: SweepName) -> Run | None:
        """Read the last run that came to its end, whole or partial."""
        async for run in self.history(sweep, part=_FEW):
            if run.state in OVER:
                return run
        return None

    async def put_back(self, queue: Queue) -> int:
        """Send again the messages of runs that are overdue; returns how many that were."""
        latest = await lost_before(queue, self._clock())
        rows = [row async for row in self._store.scan(self._at, prefix=keys.RUN)]
        runs = [Run.model_validate(row.body) for row in rows]
        late = [run for run in runs if run.state is RunState.RUNNING and run.due < latest]
        for run in late:
            await queue.put(message_of(run))
        return len(late)

    async def open(self, sweep: SweepName, by: str) -> tuple[Run, bool]:
        """Begin a run, unless one is under way: that one then. Says whether it is a new one."""
        run, etag = await self._latest(sweep)
        if run is not None and run.state is RunState.RUNNING:
            return run, False
        at = self._clock()
        new = Run(
            id=RunId(uuid.uuid4().hex[:16]),
            tenant=self._tenant,
            sweep=sweep,
            asked_by=by,
            started_at=at,
            due=at,
        )
        await self._store.write(self._put(new, etag))
        return new, True

    async def claim(self, message: SweepMessage) -> Hold | None:
        """Take a run up, or find that this message has nothing to go on with.

        Raises `Transient` where another sweep reads now.
        """
        run, etag = await self._latest(message.sweep)
        if run is None or etag is None or not _current(run, message):
            return None
        row = await self._store.read(self._at, keys.LEASE)
        lease = None if row is None else Lease.model_validate(row.body)
        now = self._clock()
        if lease is not None and now < lease.until:
            if lease.sweep == message.sweep:
                # A duplicate; and if that worker is dead, reconcile finds the run overdue.
                return None
            raise Transient(f"Sweep {lease.sweep} reads now", retry_after=BUSY)
        taken = Lease(
            owner=uuid.uuid4().hex,
            sweep=message.sweep,
            until=now + LEASE,
            windows=lease.windows if lease else {},
        )
        kept = run.model_copy(update={"due": now + LEASE})
        etags = await self.write(kept, taken, (etag, row.etag if row else None))
        return Hold(self, kept, taken, etags)

    async def write(self, run: Run, lease: Lease, etags: tuple[str, str | None]) -> tuple[str, str]:
        """Store run and lease together; raises `Conflict` where either is not what was read."""
        put = Put(self._at, keys.LEASE, lease.model_dump(mode="json"), etags[1])
        first, second = await self._store.write(self._put(run, etags[0]), put)
        return first, second

    async def remember(self, run: Run) -> None:
        """Add a run that ended to the history; the first word about it stands."""
        put = Put(
            keys.sweep(self._tenant, run.sweep), keys.history_row(run), run.model_dump(mode="json")
        )
        with suppress(Exists):
            await self._store.write(put)

    async def abandon(self, message: SweepMessage, reason: str) -> Run | None:
        """Give up a run whose message cannot be dealt with; raises `Conflict` where it moved."""
        run, etag = await self._latest(message.sweep)
        if run is None or not _current(run, message):
            return None
        ended = run.model_copy(
            update={"state": RunState.FAILED, "finished_at": self._clock(), "reason": reason}
        )
        await self.remember(ended)
        await self._store.write(self._put(ended, etag))
        return ended

    async def _latest(self, sweep: SweepName) -> tuple[Run | None, str | None]:
        row: Row | None = await self._store.read(self._at, keys.run_row(sweep))
        return (None, None) if row is None else (Run.model_validate(row.body), row.etag)

    def _put(self, run: Run, etag: str | None) -> Put:
        return Put(self._at, keys.run_row(run.sweep), run.model_dump(mode="json"), etag)


def message_of(run: Run) -> str:
    """Write the message that goes on with a run."""
    return encode(SweepMessage(tenant=run.tenant, sweep=run.sweep, run=run.id, turn=run.turn))


def _current(run: Run, message: SweepMessage) -> bool:
    return run.state is RunState.RUNNING and run.id == message.run and run.turn == message.turn
