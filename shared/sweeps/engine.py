"""The engine of the sweeps: page → findings → checkpoint, again and again, then the closing.

A run goes from message to message: each works for a while, stores where it is and hands over. The
queue does all waiting. A run that could not look at everything ends as partial, and calls fixed
only what it could judge; one that is given up calls nothing fixed.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Final

from shared.clients.tenant import Tenant
from shared.errors import Defect, Denied, Gone, Refused, Transient
from shared.policy.limits import Sweeping
from shared.posture import Run, RunState, Step, SweepName, added
from shared.store.verbs import Put, Queue, Store
from shared.sweeps.findings import SHARDS, Findings, heaviest
from shared.sweeps.floor import LEASE, Floor, Hold, LeaseLost, message_of
from shared.sweeps.posture import Sweeps
from shared.sweeps.sweep import Alarm, Kept, Look, Page, Record, Sweep
from shared.tasks import keys
from shared.tasks.ledger import Clock
from shared.tasks.outbox import Told, announce_plainly
from shared.tasks.queue import SweepMessage
from shared.telemetry import Log

PASS: Final = timedelta(seconds=60)
"""How long one message works before it hands over; the platform ends a function after minutes."""
PAGE: Final = 90.0
"""Seconds that one page may take; with a pass well below a lease's and a function's time."""
PATIENCE: Final = 30
"""How often in a row the far side may not answer before a run is given up: some five hours."""
_FIRST_PAUSE: Final = 5.0
_LONGEST_PAUSE: Final = 600.0


class Engine:
    """Starts runs and goes on with them; holds nothing between two passes."""

    def __init__(  # noqa: PLR0913 - everything it touches comes in here
        self,
        *,
        store: Store,
        queue: Queue,
        clock: Clock,
        tenant: Tenant,
        sweeps: Sweeps,
        log: Log,
        protected: frozenset[str] = frozenset(),
        terms: Sweeping = Sweeping(),  # noqa: B008 - frozen
    ) -> None:
        self._store = store
        self._queue = queue
        self._clock = clock
        self._tenant = tenant
        self.sweeps = sweeps
        self._log = log
        self._protected = protected
        self._terms = terms
        self.floor = Floor(store, clock, tenant.id)

    async def start(self, name: SweepName, by: str) -> Run:
        """Begin a run of a sweep, or give the one that is under way. Raises `Gone` for no sweep."""
        if name not in self.sweeps:
            raise Gone(f"There is no sweep {name!r}; there are {', '.join(self.sweeps)}")
        run, new = await self.floor.open(name, by)
        if new:
            await self._put(run)
            self._log.info("sweep.started", sweep=name, run=run.id, by=by)
        return run

    async def start_due(self) -> tuple[Run, ...]:
        """Begin every sweep whose time has come; what is under way goes on by itself."""
        started = []
        for sweep in self.sweeps.values():
            last = await self.floor.latest(sweep.name)
            if last is None or last.started_at + sweep.every <= self._clock():
                started.append(await self.start(sweep.name, "timer"))
        return tuple(started)

    async def go_on(self, message: SweepMessage) -> None:
        """Go on with a run; a message that has nothing to go on with does nothing.

        Raises `Transient` where another sweep reads now, and whatever is a bug of ours.
        """
        sweep = self.sweeps.get(message.sweep)
        if sweep is None:
            await self.floor.abandon(message, "This version of Firebreak has no such sweep")
            return
        hold = await self.floor.claim(message)
        if hold is None:
            return
        try:
            await self._go_on(sweep, hold)
        except LeaseLost as error:
            self._log.warning("sweep.superseded", sweep=sweep.name, reason=str(error))
        except BaseException:
            # Another try, or another sweep, need not wait until the lease runs out.
            with suppress(LeaseLost):
                await hold.save(hold.run, until=self._clock())
            raise

    async def abandon(self, message: SweepMessage, reason: str) -> None:
        """Give up a run whose message failed too often."""
        if run := await self.floor.abandon(message, reason):
            self._log.error("sweep.abandoned", sweep=run.sweep, run=run.id, reason=reason)

    async def _go_on(self, sweep: Sweep, hold: Hold) -> None:
        try:
            pause = await self._pass(sweep, hold)
        except LeaseLost:
            raise
        except Transient as error:
            await self._set_back(sweep, hold, error)
        except (Denied, Refused, Gone) as error:
            await self._end(hold, RunState.FAILED, str(error))
        else:
            if pause is not None:
                await self._hand_over(hold, hold.run, pause)

    async def _pass(self, sweep: Sweep, hold: Hold) -> float | None:
        """Work for a while; returns the seconds until the next pass, or `None` at the end."""
        before = await self.floor.last_ended(sweep.name)
        until = self._clock() + PASS
        while self._clock() < until:
            if hold.run.step is Step.READ:
                pause = hold.pause(sweep.budget, sweep.calls_per_page, self._clock())
                if pause > 0:
                    return pause
                await self._read(sweep, hold, before)
            elif hold.run.shard < len(SHARDS):
                await self._close(sweep, hold)
            else:
                state = RunState.PARTIAL if hold.run.gaps else RunState.COMPLETE
                await self._end(hold, state, "; ".join(gap.reason for gap in hold.run.gaps))
                return None
        return 0.0

    async def _read(self, sweep: Sweep, hold: Hold, before: Run | None) -> None:
        began = self._clock()
        # Counted before they are made: a page that fails half-way has spent them.
        hold.spend(sweep.budget, sweep.calls_per_page, began)
        page = await self._page(sweep, hold.run, before)
        spent = page.calls if page.units is None else page.units
        hold.spend(sweep.budget, spent - sweep.calls_per_page, began)
        await self.findings(sweep).see(page.findings, hold.run)
        await self._remember(sweep, page.records)
        for alarm in page.alarms:
            await self._sound(hold.run, alarm)
        await self._checkpoint(hold, after(hold.run, page))

    async def _page(self, sweep: Sweep, run: Run, before: Run | None) -> Page:
        kept = Kept(self._store, keys.sweep(self._tenant.id, sweep.name))
        look = Look(
            tenant=self._tenant,
            run=run,
            before=before,
            kept=kept,
            protected=self._protected,
            terms=self._terms,
        )
        try:
            async with asyncio.timeout(PAGE):
                page = await sweep.read(look)
        except TimeoutError as error:
            raise Transient(f"A page took longer than {PAGE:.0f} s") from error
        if page.calls > sweep.calls_per_page:
            raise Defect(f"{sweep.name} made {page.calls} calls for one page, not its most")
        if page.next is not None and page.next == run.cursor:
            raise Defect(f"{sweep.name} would read the same page for ever")
        if unknown := {finding.kind for finding in page.findings} - set(sweep.kinds):
            raise Defect(f"{sweep.name} does not say what {', '.join(sorted(unknown))} is")
        return page

    async def _close(self, sweep: Sweep, hold: Hold) -> None:
        run = hold.run
        part = await self.findings(sweep).close(SHARDS[run.shard], run)
        changes = {
            "shard": run.shard + 1,
            "counts": run.counts.plus(part.counts),
            "worst": heaviest((*run.worst, *part.worst)),
        }
        await self._checkpoint(hold, run.model_copy(update=changes))

    async def _checkpoint(self, hold: Hold, run: Run) -> None:
        until = self._clock() + LEASE
        await hold.save(run.model_copy(update={"due": until}), until=until)

    async def _hand_over(self, hold: Hold, run: Run, pause: float) -> None:
        now = self._clock()
        due = now + timedelta(seconds=pause)
        await hold.save(run.model_copy(update={"turn": run.turn + 1, "due": due}), until=now)
        await self._put(hold.run, delay=pause)

    async def _set_back(self, sweep: Sweep, hold: Hold, error: Transient) -> None:
        times = hold.run.setbacks + 1
        if times > PATIENCE:
            await self._end(hold, RunState.FAILED, f"Given up after {times} tries: {error}")
            return
        pause = min(_FIRST_PAUSE * 2 ** (times - 1), _LONGEST_PAUSE)
        pause = max(error.retry_after or pause, pause if times > 1 else 0.0)
        self._log.warning("sweep.delayed", sweep=sweep.name, reason=str(error), seconds=pause)
        await self._hand_over(hold, hold.run.model_copy(update={"setbacks": times}), pause)

    async def _end(self, hold: Hold, state: RunState, reason: str) -> None:
        now = self._clock()
        run = hold.run.model_copy(update={"state": state, "finished_at": now, "reason": reason})
        await self._tell(run)
        await self.floor.remember(run)
        await hold.save(run, until=now)
        self._log.info("sweep.ended", sweep=run.sweep, run=run.id, state=state, reason=reason)

    async def _tell(self, run: Run) -> None:
        """Leave word where it is worse than before; a first run has nothing to compare with."""
        worse = run.counts.new + run.counts.returned
        first = await self.floor.last_ended(run.sweep) is None
        if first or not worse or run.state is RunState.FAILED:
            return
        counts = run.counts
        said = f"The sweep {run.sweep} found {counts.new} new and {counts.returned} returned"
        await announce_plainly(
            self._store,
            run.tenant,
            Told.SWEEP_REGRESSION,
            f"{said}; {counts.open} are open.",
            self._clock(),
            occasion=run.id,
        )

    async def _remember(self, sweep: Sweep, records: tuple[Record, ...]) -> None:
        at = keys.sweep(self._tenant.id, sweep.name)
        for record in {record.key: record for record in records}.values():
            key = f"{keys.KEPT}{record.key}"
            row = await self._store.read(at, key)
            if row is None or row.body != record.body:
                await self._store.write(Put(at, key, record.body, row.etag if row else None))

    async def _sound(self, run: Run, alarm: Alarm) -> None:
        """Announce an alarm once for a run, however often its page is read."""
        self._log.warning("sweep.alarm", sweep=run.sweep, what=alarm.what, text=alarm.text)
        at, occasion = run.started_at, f"{run.id}-{alarm.what}"
        await announce_plainly(
            self._store, run.tenant, Told.SWEEP_REGRESSION, alarm.text, at, occasion=occasion
        )

    async def _put(self, run: Run, *, delay: float = 0.0) -> None:
        await self._queue.put(message_of(run), delay=delay)

    def findings(self, sweep: Sweep) -> Findings:
        """Open what is kept of a sweep's findings."""
        return Findings(self._store, self._tenant.id, sweep.name)


def after(run: Run, page: Page) -> Run:
    """Say where a run is once a page is read: the only place where its counters move."""
    return run.model_copy(
        update={
            "cursor": page.next if page.next is not None else run.cursor,
            "step": Step.READ if page.next is not None else Step.CLOSE,
            "pages": run.pages + 1,
            "calls": run.calls + page.calls,
            "subjects": run.subjects + page.subjects,
            "expected": page.expected if page.expected is not None else run.expected,
            "tally": added(run.tally, page.tally),
            "gaps": run.gaps + tuple(gap for gap in page.gaps if gap not in run.gaps),
            "setbacks": 0,
        }
    )
