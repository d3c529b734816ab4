"""The worker's pass over a case: claim → guards → plan → journal → apply by phase, then the proof.

| dies after | what the next pass sees | what it does                                    |
|------------|-------------------------|-------------------------------------------------|
| claim      | a claimed task          | takes it over                                   |
| plan       | a claimed task          | plans again: nothing was written                |
| journal    | a change without an end | plans again, journals what is left, applies it  |
| apply      | a change without an end | nothing left to plan: records the proof         |
| record     | the task's end          | nothing                                         |

Tasks of one wave run side by side on one reading of the account, so no more than two round trips
lie between the decision and a wave's last closed door. Proof is made when all doors are closed.
"""

from __future__ import annotations

import asyncio
import uuid
from asyncio import Event as Flag
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from shared.clients.precedence import Rank, calls_are
from shared.clients.tenant import Tenant
from shared.errors import Defect, Denied, FirebreakError, Gone, Refused, Transient
from shared.model import UNFINISHED, Event, Mode, ResponderName, Task, TaskState
from shared.policy.guards import Guard, GuardSubject
from shared.policy.limits import Approvals, Guards
from shared.responder import Change, Responder
from shared.signals.table import Fact, Seen
from shared.signals.trace import span
from shared.store.verbs import Queue, Store
from shared.tasks import acquaint, evidence, four_eyes, steps, turns
from shared.tasks.admission import Admission
from shared.tasks.brakes import Brakes
from shared.tasks.clearance import Clearance
from shared.tasks.conclusion import Conclusion
from shared.tasks.inquiries import Inquiries
from shared.tasks.lapse import Lapse
from shared.tasks.ledger import CaseFile, Clock, Superseded, in_order
from shared.tasks.lock import Lock
from shared.tasks.milestones import Milestones, count, in_its_trace
from shared.tasks.outbox import Told, announce
from shared.tasks.planning import last_change, may_go, plan
from shared.tasks.queue import WorkMessage, encode
from shared.tasks.watch import Watch
from shared.tasks.waves import WAVES, Wave
from shared.telemetry import Log

BUSY: Final = 3.0
"""Seconds after which a message comes back whose account another worker holds."""
STRAGGLERS: Final = 3.0
"""Seconds after which the next phase begins, whatever of the last one still waits for an answer."""
PLANS_AT_ONCE: Final = 8
"""Plans that a worker makes side by side for people to judge. A storm opens hundreds of cases that
wait for a person, and what is to act now must not stand behind all they read, nor must the pages.
"""
_EARLY: Final = timedelta(seconds=1)
"""A message may come this much before its time, by another machine's clock."""

type Catalogue = Mapping[ResponderName, Responder[Any]]


class Runner:
    """Runs the tasks of cases; holds nothing between two passes."""

    def __init__(  # noqa: PLR0913 - everything it touches comes in here
        self,
        *,
        store: Store,
        queue: Queue,
        clock: Clock,
        tenant: Tenant,
        catalogue: Catalogue,
        guards: Iterable[Guard],
        brakes: Brakes,
        terms: Approvals,
        limits: Guards,
        log: Log,
    ) -> None:
        self._store = store
        self._queue = queue
        self._clock = clock
        self._tenant = tenant
        self._catalogue = catalogue
        self._clearance = Clearance(guards, brakes, clock, limits)
        self._terms = terms
        self._log = log
        self._lock = Lock(store, clock)
        self._unhurried = asyncio.Semaphore(PLANS_AT_ONCE)
        self._conclusion = Conclusion(store, queue, clock)
        self._lapse = Lapse(store, clock)
        self._inquiries = Inquiries(store=store, clock=clock, tenant=tenant)
        self._watch = Watch(store=store, clock=clock, tenant=tenant, catalogue=catalogue)
        self._admission = Admission(clock, self._watch)

    async def work(self, message: WorkMessage) -> None:
        """Go on with a case; whatever cannot go on now comes back through the queue."""
        file = await CaseFile.load(self._store, self._clock, message.tenant, message.case)
        if not file.exists:
            self._log.warning("case.unknown", case=message.case)
            return
        if file.case.erased_at is not None:
            # A message from before; what is left of the case goes on by itself no more.
            await self._conclusion.list(file, due=None)
            return
        in_its_trace(file)
        owner = uuid.uuid4().hex
        async with self._lock.hold(message.tenant, file.case.account.object_id, owner) as lost:
            if lost is not None:
                try:
                    await self._pass(file, message, owner, lost)
                except Superseded as error:
                    self._log.warning("case.superseded", case=message.case, reason=str(error))
                else:
                    return
        await self._queue.put(encode(message), delay=BUSY)

    async def _pass(self, file: CaseFile, message: WorkMessage, owner: str, lost: Flag) -> None:
        before = Milestones.of(file)
        with calls_are(Rank.LATER, file.case.id):
            await self._watch.look(file)
            await self._lapse.look(file)
            await self._admission.look(file)
        view = self._tenant.remembering(Rank.EVICT)
        with calls_are(Rank.CONTAIN, file.case.id):
            unread = await self._clearance.relearn(file, self._to_act(file, message), view)
        acting = self._gather_evidence(file, message, view.anew())
        try:
            for wave in WAVES:
                room = _Room(view=view.anew(), owner=owner, lost=lost, unread=unread)
                with span(Seen.PHASE, {Fact.PHASE: wave.phase}) as note:
                    begun = await self._begin(file, message, wave, room)
                    acting += begun
                    note.kept = note.kept and bool(begun)
                    if acting and (begun or not wave.hunts):
                        # One service that hangs must not keep the next doors open.
                        await asyncio.wait(acting, timeout=STRAGGLERS)
        finally:
            await _ended(acting)
        applied = [t for t in self._ready(file, message) if t.state is TaskState.APPLIED]
        with calls_are(Rank.AFTER, file.case.id):
            await _ended(
                [asyncio.ensure_future(self._prove(file, t, view.anew())) for t in applied]
            )
        with calls_are(Rank.LATER, file.case.id):
            await self._inquiries.go_on(file)
        await self._conclusion.draw(file)
        await before.passed(file, self._store)

    def _gather_evidence(
        self, file: CaseFile, message: WorkMessage, view: Tenant
    ) -> list[asyncio.Task[None]]:
        """Start to read, once, what the account looks like before its footholds are removed."""
        # The organisation has no mailbox, sign-ins or methods to keep: the change says what it was.
        # In a false alarm nothing of the account is changed any more, only its alert's source.
        none = file.case.account.is_organisation or file.case.false_alarm
        kept = none or any(entry.event is Event.EVIDENCE for entry in file.journal.entries)
        acts = any(task.mode is Mode.ENFORCE or task.release for task in self._ready(file, message))
        if kept or not acts:
            return []
        # What is about to be removed is read in front of that, in the same line.
        with calls_are(Rank.EVICT, file.case.id):
            return [asyncio.ensure_future(self._keep_evidence(file, view))]

    async def _keep_evidence(self, file: CaseFile, view: Tenant) -> None:
        found, case = await asyncio.gather(
            evidence.collect(file.case, view, at=self._clock()),
            acquaint.acquainted(file.case, view),
        )
        await file.record(await evidence.keep(found, self._store, case=file.case), case=case)

    async def _begin(
        self, file: CaseFile, message: WorkMessage, wave: Wave, room: _Room
    ) -> list[asyncio.Task[None]]:
        """Claim what is ready in a wave and start all of it, on one reading of the account."""
        to_act = [
            task
            for task in self._to_act(file, message)
            if wave.takes(task, self._catalogue.get(task.responder))
        ]
        if not to_act:
            return []
        claimed = [steps.claim(task, room.owner) for task in to_act]
        # The kill switch is read anew for each phase, so that it is in force within seconds.
        subject, _ = await asyncio.gather(
            self._clearance.subject(file.case.account), file.record(tasks=claimed)
        )
        with calls_are(wave.rank, file.case.id):
            return [asyncio.ensure_future(self._in_turn(file, t, room, subject)) for t in claimed]

    def _to_act(self, file: CaseFile, message: WorkMessage) -> list[Task]:
        begun = {TaskState.QUEUED, TaskState.CLAIMED}
        return [task for task in self._ready(file, message) if task.state in begun]

    def _ready(self, file: CaseFile, message: WorkMessage) -> list[Task]:
        latest = self._clock() + _EARLY
        return [
            task
            for task in in_order(file.tasks.values())
            if task.state in UNFINISHED
            and (task.not_before is None or task.not_before <= latest)
            and (not message.tasks or task.id in message.tasks)
            and turns.has_turn(file, task)
        ]

    async def _in_turn(
        self, file: CaseFile, task: Task, room: _Room, subject: GuardSubject
    ) -> None:
        """Go on with a task: at once where it acts, and a few at a time where it only plans."""
        acts = task.mode is Mode.ENFORCE or task.release
        async with nullcontext() if acts else self._unhurried:
            await self._act(file, task, room, subject)

    async def _act(self, file: CaseFile, task: Task, room: _Room, subject: GuardSubject) -> None:
        begun = False
        try:
            responder = self._responder(task)
            task, why = self._braked(task, room, subject)
            change = await self._change(file, task, room.view)
            task, why_now = await self._clearance.braked_since(task, subject)
            why = why_now or why
            why = why or await self._clearance.doubt(file, task, change, responder, room.view)
            if change is None:
                step = steps.nothing_left(task, self._clock(), changed=last_change(file, responder))
            elif why or not may_go(responder, task, change):
                step = self._held_back(file, task, change, why)
            else:
                task, line = steps.about_to(task, change)
                await file.record(line, tasks=[task])
                begun = not room.lost.is_set()
                await self._apply(responder, change, room.lost)
                step = steps.applied(task, self._clock())
        except Superseded:
            raise
        except Exception as error:  # noqa: BLE001 - the runner's last line: each task has an end
            explained = await acquaint.with_its_kind(error, file.case.account, self._tenant)
            step = self._stopped(explained, task, begun=begun)
        await self._store_step(file, step)

    def _braked(self, task: Task, room: _Room, subject: GuardSubject) -> tuple[Task, str]:
        if task.release and room.unread:
            raise room.unread
        return self._clearance.braked(task, subject)

    def _held_back(self, file: CaseFile, task: Task, change: Change, why: str) -> steps.Step:
        consents = four_eyes.kept(file, task, change)
        return steps.held_back(task, change, self._clock(), self._terms, why=why, consents=consents)

    async def _change(self, file: CaseFile, task: Task, view: Tenant) -> Change | None:
        """Plan, unless the change was begun a moment ago and is known not to have happened."""
        responder = self._responder(task)
        if task.resume and task.change is not None:
            resumed: Change = responder.revive(task.change)
            return resumed
        refused = await responder.refuse(file.case, view)
        if refused:
            raise refused
        return await plan(responder, file.case, task, view)

    async def _apply(self, responder: Responder[Any], change: Change, lost: Flag) -> None:
        if lost.is_set():
            raise Superseded("The account's lock was lost")
        with span(Seen.APPLY, {Fact.RESPONDER: responder.name, Fact.PHASE: responder.phase}):
            await responder.apply(change, self._tenant)

    async def _prove(self, file: CaseFile, task: Task, view: Tenant) -> None:
        try:
            responder = self._responder(task)
            changed = last_change(file, responder)
            with span(Seen.PROVE, {Fact.RESPONDER: task.responder, Fact.PHASE: task.phase}):
                left = await plan(responder, file.case, task, view)
            step = self._proof(task, left, changed)
        except Exception as error:  # noqa: BLE001 - the runner's last line: each task has an end
            explained = await acquaint.with_its_kind(error, file.case.account, self._tenant)
            step = self._stopped(explained, task)
        await self._store_step(file, step)

    def _proof(self, task: Task, left: Change | None, changed: Change | None) -> steps.Step:
        at = self._clock()
        if left is None:
            return steps.nothing_left(task, at, changed=changed)
        since = at - (task.applied_at or at)
        if left.fingerprint() == task.fingerprint and since < steps.DIRECTORY_LAG:
            return steps.not_seen_yet(task, at)
        return steps.still_there(task, left, at)

    def _responder(self, task: Task) -> Responder[Any]:
        if task.responder not in self._catalogue:
            raise Defect("this version does not have it")
        return self._catalogue[task.responder]

    def _stopped(self, error: Exception, task: Task, *, begun: bool = False) -> steps.Step:
        if not isinstance(error, (Refused, Gone, Transient, Denied)):
            kind = type(error).__name__ if not isinstance(error, FirebreakError) else str(error)
            self._log.error("task.defect", case=task.case, task=task.id, error=kind)
        return steps.stopped_by(error, task, self._clock(), begun=begun)

    async def _store_step(self, file: CaseFile, step: steps.Step) -> None:
        task, line = step
        if task.wait is not None:
            await announce(self._store, task, Told.APPROVAL_WANTED, task.wait.since)
        await file.record(line, tasks=[task])
        count(task)
        self._log.info(
            "task",
            case=task.case,
            task=task.id,
            responder=task.responder,
            phase=task.phase,
            mode=task.mode,
            state=task.state,
            attempts=task.attempts,
        )


@dataclass(frozen=True, slots=True)
class _Room:
    """What the tasks of one wave share: one reading of the account, and the lock it is under."""

    view: Tenant
    owner: str
    lost: Flag
    unread: Exception | None
    """Why nobody could tell what the account holds now; what people released waits for that."""


async def _ended(running: list[asyncio.Task[None]]) -> None:
    """Wait for the end of each; a failure is raised when all have ended."""
    results = await asyncio.gather(*running, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
