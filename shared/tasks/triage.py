"""Triage: who is it about, what do we know, what does the policy say; then tasks.

Every step can be done twice: ids are made of what they name, rows are inserted first, and the alert
is marked last. Until it is marked, its todo row brings it back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from shared.alerts.carrier import FEEDBACK
from shared.alerts.mapping import ASKED_FOR
from shared.clients.tenant import Tenant
from shared.errors import Conflict, Denied, Gone, Refused, Transient
from shared.model import (
    Account,
    AccountRef,
    Alert,
    AlertKind,
    AlertState,
    CaseId,
    Event,
    ResponderName,
    TenantId,
    digest,
)
from shared.policy.decide import Decision
from shared.policy.document import Policy
from shared.policy.guards import Guard
from shared.signals.trace import joins
from shared.store.verbs import Drop, Put, Queue, Row, Store
from shared.tasks import keys
from shared.tasks.alert_lines import relisted
from shared.tasks.answer import Moment, answer
from shared.tasks.brakes import Brakes
from shared.tasks.casebook import joined, opened
from shared.tasks.completion import Completion, readers
from shared.tasks.conclusion import Conclusion
from shared.tasks.crowd import Crowd
from shared.tasks.inbox import Inbox
from shared.tasks.ledger import CaseFile, Clock
from shared.tasks.outbox import Told, announce_case
from shared.tasks.overdue import due_of
from shared.tasks.pieces import Pieces
from shared.tasks.queue import TriageMessage, encode
from shared.tasks.resolve import organisation, resolve
from shared.tasks.starts import refuse_start
from shared.tasks.steps import backoff
from shared.telemetry import Log

_UNANSWERED: Final = frozenset({AlertState.RECEIVED, AlertState.UNRESOLVED, AlertState.POISONED})
"""States from which an alert is answered: one that failed may be sent again once that is mended."""
AT_ONCE: Final = 6
"""Alerts that a worker answers side by side: cases and pages need room beside a storm of them."""
_OWN_VERDICT: Final = ResponderName("confirm_compromised")


class Triage:
    """Turns alerts into cases and tasks."""

    def __init__(  # noqa: PLR0913 - everything it touches comes in here
        self,
        *,
        store: Store,
        queue: Queue,
        clock: Clock,
        tenant: Tenant,
        policy: Policy,
        guards: Iterable[Guard],
        brakes: Brakes,
        log: Log,
    ) -> None:
        self._store = store
        self._queue = queue
        self._clock = clock
        self._tenant = tenant
        self._policy = policy
        self._guards = tuple(guards)
        self._brakes = brakes
        self._log = log
        self._room = asyncio.Semaphore(AT_ONCE)
        self._crowd = Crowd(store=store, clock=clock, brakes=brakes, log=log)
        self._conclusion = Conclusion(store, queue, clock)
        self._completion = Completion(
            readers=readers(tenant, Pieces(store, tenant.id)),
            inbox=Inbox(store, queue, tenant.id),
            clock=clock,
        )

    async def triage(self, message: TriageMessage) -> None:
        """Answer one alert; where the tenant cannot be read now, the alert comes back later."""
        async with self._room:
            await self._triage(message)

    async def _triage(self, message: TriageMessage) -> None:
        at, todo_key = keys.inbox(message.tenant), keys.todo_row(message.alert)
        row, todo = await asyncio.gather(
            self._store.read(at, keys.alert_row(message.alert)), self._store.read(at, todo_key)
        )
        if row is None:
            self._log.warning("alert.unknown", alert=message.alert)
            return
        alert = Alert.model_validate(row.body)
        if alert.state not in _UNANSWERED or self._early(todo):
            return
        todo = todo or Row(at, todo_key, {}, "")
        try:
            await self._take(row, alert, looks=int(todo.body.get("tries", 0)))
        except (Gone, Denied, Refused) as error:
            await self._mark(row, alert, AlertState.UNRESOLVED, reason=str(error))
        except Transient as error:
            await self._later(message, todo, error)

    async def _take(self, row: Row, alert: Alert, *, looks: int) -> None:
        """Answer an alert, once it says who it is about."""
        if alert.awaits:
            alert = await self._completion.complete(alert, alert.awaits, looks=looks)
        if alert.state is AlertState.IGNORED:
            called_off = alert.model_copy(update={"state": AlertState.RECEIVED})
            await self._mark(row, called_off, AlertState.IGNORED, reason=alert.reason)
            return
        if alert.kind in ASKED_FOR:
            refuse_start(alert.occurred_at, alert.received_at)
        await self._answer(row, alert, await self._subject(alert))

    async def _subject(self, alert: Alert) -> Account:
        """Find whom an alert is about; only a person's request can be about the organisation."""
        ref = alert.account or AccountRef()
        asked = alert.kind is AlertKind.HARDENING_REQUEST and ref.object_id is not None
        if asked and str(ref.object_id).lower() == alert.tenant.lower():
            return organisation(alert.tenant)
        return await resolve(ref, self._tenant)

    def _early(self, todo: Row | None) -> bool:
        """Whether another message is on its way for a later time; this one is one too many."""
        return todo is not None and due_of(todo) > self._clock() + timedelta(seconds=1)

    async def _later(self, message: TriageMessage, todo: Row, error: Transient) -> None:
        """Move the alert's wake-up, then send it: whatever comes before that time is dropped."""
        tries = int(todo.body.get("tries", 0)) + 1
        wait = error.retry_after if error.retry_after is not None else backoff(tries)
        self._log.warning("triage.delayed", alert=message.alert, seconds=wait, reason=str(error))
        due = (self._clock() + timedelta(seconds=wait)).isoformat()
        body = {**todo.body, "due": due, "tries": tries}
        await self._store.write(Put(todo.partition, todo.key, body, todo.etag or None))
        await self._queue.put(encode(message), delay=wait)

    async def _answer(self, row: Row, alert: Alert, account: Account) -> None:
        file = await self._episode(alert, account)
        if alert.evidence.get(FEEDBACK) and _told_microsoft(file):
            reason = "Our own confirmation coming back; nothing new happened"
            await self._mark(row, alert, AlertState.IGNORED, reason=reason, case=file.case.id)
            return
        decision = await self._decide(file, alert, account)
        file = await self._enter(file, alert, account, decision)
        await self._conclusion.enter(file)
        await self._mark(row, alert, AlertState.TRIAGED, case=file.case.id)
        joins(file.case.alerts[0])
        self._log.info(
            "triaged", alert=alert.id, case=file.case.id, kind=alert.kind, rule=decision.rule
        )

    async def _episode(self, alert: Alert, account: Account) -> CaseFile:
        """Find the case this alert belongs to: the account's open one, or a new one."""
        at = keys.account(alert.tenant, account.object_id)
        while True:
            row = await self._store.read(at, keys.EPISODE)
            if row is not None:
                file = await self._load(alert.tenant, CaseId(row.body["case"]))
                if not file.exists or self._running(file, alert):
                    return file
            case = CaseId(digest(alert.tenant, account.object_id, alert.id, length=16))
            try:
                put = Put(at, keys.EPISODE, {"case": case}, row.etag if row else None)
                await self._store.write(put)
            except Conflict:
                continue
            return await self._load(alert.tenant, case)

    def _running(self, file: CaseFile, alert: Alert) -> bool:
        """Whether it is the same episode: what happens after the owner's return is a new one.

        So is whatever comes after the case was erased.
        """
        lasts = self._clock() - file.case.opened_at < self._policy.episode
        over = file.case.erased_at is not None or file.case.owners(alert.occurred_at)
        return lasts and not over

    async def _load(self, tenant: TenantId, case: CaseId) -> CaseFile:
        return await CaseFile.load(self._store, self._clock, tenant, case)

    async def _decide(self, file: CaseFile, alert: Alert, account: Account) -> Decision:
        """Answer the alert; one that would act by itself has to find room in the counters first."""
        moment = Moment(at=self._clock(), pause=await self._brakes.pause())

        def answered(now: Moment) -> Decision:
            return answer(alert, account, policy=self._policy, guards=self._guards, moment=now)

        if calm := _calm(file, alert):
            return answered(moment.model_copy(update={"crowded": (calm,)}))
        decision = answered(moment)
        crowded = await self._crowd.stops(file, alert, decision)
        if not crowded:
            return decision
        return answered(moment.model_copy(update={"crowded": crowded}))

    async def _enter(
        self, file: CaseFile, alert: Alert, account: Account, decision: Decision
    ) -> CaseFile:
        """Write the alert into its case; a case that moved meanwhile is read again."""
        if not file.exists:
            case, tasks, lines = opened(file.id, alert, account, decision, at=self._clock())
            await announce_case(self._store, case, Told.CASE_OPENED, case.opened_at)
        elif alert.id in file.case.alerts:
            return file
        else:
            case, tasks, lines = joined(
                file.case, file.tasks, alert, account, decision, at=self._clock()
            )
        await file.record(*lines, tasks=tasks, case=case)
        return file

    async def _mark(
        self,
        row: Row,
        alert: Alert,
        state: AlertState,
        *,
        reason: str = "",
        case: CaseId | None = None,
    ) -> None:
        marked = alert.model_copy(update={"state": state, "reason": reason, "case": case})
        changes: list[Put | Drop] = [
            Put(row.partition, row.key, marked.model_dump(mode="json"), row.etag),
            Drop(row.partition, keys.todo_row(alert.id)),
            *relisted(row.partition, alert.state, marked),
        ]
        try:
            await self._store.write(*changes)
        except Conflict:
            # The same message twice at once: the other one marked it.
            self._log.info("alert.marked_already", alert=alert.id)


def _calm(file: CaseFile, alert: Alert) -> str:
    """Say why an alert only asks: a person has just judged what it belongs to."""
    if not file.exists or not file.case.false_alarm or alert.kind in ASKED_FOR:
        return ""
    return f"a person called this case a false alarm at {file.case.judged_at:%Y-%m-%d %H:%M} UTC"


def _told_microsoft(file: CaseFile) -> bool:
    return any(
        entry.event is Event.CHANGE and entry.responder == _OWN_VERDICT
        for entry in file.journal.entries
    )
