"""Take an alert in: authenticate → parse → store → enqueue → answer. Nothing else, nothing slow.

raw body ┐
├─► queue message ─► 202        a crash before the 202: the sender sends again, and the
rows     ┘                               rows it finds make the second delivery the first one
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final

from shared.alerts.authenticate import Unauthorized, redacted
from shared.alerts.call import Call, Greeting
from shared.alerts.carrier import Carrier, Incomplete, NotForUs, Reading, Recognised, Unreadable
from shared.alerts.source import Source
from shared.model import (
    Alert,
    AlertDraft,
    AlertId,
    AlertKind,
    AlertState,
    Json,
    Severity,
    TenantId,
    Value,
    digest,
)
from shared.store.verbs import Exists, Put, Queue, Store
from shared.tasks import keys
from shared.tasks.gate import Gate
from shared.tasks.ledger import Clock
from shared.tasks.queue import TriageMessage, encode

LARGEST: Final = 1024 * 1024
"""Bytes a body may have; carriers send a few kilobytes."""


class Reply(Value):
    """What the sender is told: an HTTP status and a JSON body, or words for a greeting."""

    status: int
    body: Json
    words: Greeting | None = None


class Intake:
    """The door that alerts come in by."""

    def __init__(
        self,
        *,
        store: Store,
        queue: Queue,
        clock: Clock,
        tenant: TenantId,
        public_url: str,
        gate: Gate,
    ) -> None:
        self._store = store
        self._queue = queue
        self._clock = clock
        self._tenant = tenant
        self._gate = gate
        self._public_url = public_url.rstrip("/")

    async def receive(self, source: str, call: Call) -> Reply:
        """Answer one delivery. What is answered with 202 or 422 is stored."""
        known = self._gate.source(source)
        if known is None:
            return _refusal(404, f"No source named {source!r} is configured here")
        if len(call.body) > LARGEST:
            size = len(call.body)
            return _refusal(413, f"The body has {size} bytes; at most {LARGEST} are taken")
        carrier = known.reader()
        greeting = carrier.greet(call)
        if greeting and not greeting.proven:
            return Reply(status=200, body={}, words=greeting)
        if refusal := _misshapen(carrier, call) or await self._turned_away(known, call):
            return refusal
        if greeting:
            return Reply(status=200, body={}, words=greeting)
        return await self._take_in(known, carrier, redacted(known.auth, carrier.compose(call)))

    async def _turned_away(self, source: Source, call: Call) -> Reply | None:
        try:
            await self._gate.admit(source.auth, call)
        except Unauthorized as error:
            return _refusal(401, str(error))
        return None

    async def _take_in(self, source: Source, carrier: Carrier, body: bytes) -> Reply:
        at = self._clock()
        raw = f"raw/{self._tenant}/{digest(body.hex(), length=64)}"
        readings = carrier.read(body)
        alerts = [self._alert(reading, source, raw, at) for reading in readings]
        # Both before the answer and side by side: neither means anything without the other.
        await asyncio.gather(
            self._store.keep(raw, body), *(self._keep_row(alert) for alert in alerts)
        )
        new = [alert for alert in alerts if alert.state is AlertState.RECEIVED]
        await asyncio.gather(*(self._enqueue(alert) for alert in new))
        if all(isinstance(reading, Unreadable) for reading in readings):
            return _refusal(422, alerts[0].reason, kept=alerts[0].id)
        return Reply(status=202, body={"alerts": [self._told(alert) for alert in alerts]})

    async def _keep_row(self, alert: Alert) -> None:
        at = keys.inbox(self._tenant)
        puts = [Put(at, keys.alert_row(alert.id), alert.model_dump(mode="json"))]
        if alert.state is AlertState.RECEIVED:
            since = {"due": alert.received_at.isoformat()}
            puts.append(Put(at, keys.todo_row(alert.id), since))
        else:
            puts.append(Put(at, keys.shown_row(alert.received_at, alert.id), {"alert": alert.id}))
        try:
            await self._store.write(*puts)
        except Exists:
            # The same alert again is one alert. It is enqueued again, because nobody knows whether
            # the first delivery lived to do it; triage does nothing the second time.
            return

    async def _enqueue(self, alert: Alert) -> None:
        await self._queue.put(encode(TriageMessage(tenant=self._tenant, alert=alert.id)))

    def _alert(self, reading: Reading, source: Source, raw: str, at: datetime) -> Alert:
        match reading:
            case Recognised(draft=draft):
                return self._from_draft(draft, source, raw, at)
            case Incomplete(draft=draft, awaits=awaits):
                alert = self._from_draft(draft, source, raw, at)
                return alert.model_copy(update={"awaits": awaits})
            case NotForUs(reason=reason, native_id=native):
                state = AlertState.IGNORED
            case Unreadable(reason=reason):
                state, native = AlertState.UNREADABLE, ""
        nothing = AlertDraft(
            native_id=native or digest(raw, reason),
            kind=AlertKind.UNSUPPORTED,
            title="",
            severity=Severity.UNKNOWN,
        )
        alert = self._from_draft(nothing, source, raw, at)
        return alert.model_copy(update={"state": state, "reason": reason})

    def _from_draft(self, draft: AlertDraft, source: Source, raw: str, at: datetime) -> Alert:
        who = draft.account.model_dump_json().lower() if draft.account else ""
        known = draft.model_dump(exclude={"occurred_at"})
        return Alert(
            **known,
            id=AlertId(digest(self._tenant, source.carrier, draft.native_id, draft.kind, who)),
            tenant=self._tenant,
            source=source.name,
            carrier=source.carrier,
            # An intruder is not seen in the future; a clock that runs ahead is not believed.
            occurred_at=min(draft.occurred_at or at, at),
            occurred_at_is_receipt=draft.occurred_at is None,
            received_at=at,
            raw=raw,
        )

    def _told(self, alert: Alert) -> Json:
        told: Json = {"id": alert.id, "kind": alert.kind, "state": alert.state}
        if alert.reason:
            told["reason"] = alert.reason
        if alert.state is AlertState.RECEIVED:
            told["case"] = f"{self._public_url}/api/alert/{alert.id}"
        return told


def _misshapen(carrier: Carrier, call: Call) -> Reply | None:
    if call.method != "POST":
        return _refusal(405, f"Alerts come by POST, not {call.method}")
    media = call.header("content-type").partition(";")[0].strip().lower()
    if media in carrier.content_types:
        return None
    takes = ", ".join(sorted(carrier.content_types))
    return _refusal(415, f"Content-Type {media or 'is missing'!r}; this source takes {takes}")


def _refusal(status: int, reason: str, **more: str) -> Reply:
    return Reply(status=status, body={"error": reason, **more})
