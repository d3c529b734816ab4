"""Take an alert in: authenticate → parse → store → enqueue → answer. Nothing else, nothing slow.

raw body ┐
├─► queue message ─► 202        a crash before the 202: the sender sends again, and the
rows     ┘                               rows it finds make the second delivery the first one
"""

from __future__ import annotations

import asyncio
from typing import Final

from shared.alerts.authenticate import Unauthorized, redacted
from shared.alerts.call import Call, Greeting
from shared.alerts.carrier import Carrier, Unreadable
from shared.alerts.source import Source
from shared.model import Alert, AlertState, Json, TenantId, Value, digest
from shared.store.verbs import Queue, Store
from shared.tasks.gate import Gate
from shared.tasks.inbox import Delivery, Inbox
from shared.tasks.ledger import Clock
from shared.tasks.pieces import Pieces
from shared.tasks.rates import Rates

LARGEST: Final = 1024 * 1024
"""Bytes a body may have; carriers send a few kilobytes."""


class Reply(Value):
    """What the sender is told: an HTTP status and a JSON body, or words for a greeting."""

    status: int
    body: Json
    words: Greeting | None = None
    retry_after: int | None = None
    """Seconds after which the sender is to send again."""


class Intake:
    """The door that alerts come in by."""

    def __init__(
        self,
        *,
        store: Store,
        queue: Queue,
        clock: Clock,
        tenant: TenantId,
        pages: str,
        gate: Gate,
    ) -> None:
        self._store = store
        self._inbox = Inbox(store, queue, tenant)
        self._pieces = Pieces(store, tenant)
        self._rates = Rates(store, clock, tenant)
        self._clock = clock
        self._tenant = tenant
        self._gate = gate
        self._pages = pages

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
        wait = await self._rates.wait(source)
        if not wait:
            return None
        said = f"More than {source.per_minute} deliveries in a minute; send it again in {wait} s"
        return _refusal(429, said).model_copy(update={"retry_after": wait})

    async def _take_in(self, source: Source, carrier: Carrier, body: bytes) -> Reply:
        raw = f"raw/{self._tenant}/{digest(body.hex(), length=64)}"
        delivery = Delivery(source=source.name, carrier=source.speaks, raw=raw, at=self._clock())
        if foreign := self._inbox.refused(carrier.tenants(body), delivery):
            await self._inbox.keep([foreign])
            return _refusal(422, foreign.reason, kept=foreign.id)
        readings = carrier.read(body)
        alerts = self._inbox.alerts(readings, delivery)
        # Pieces before alerts: whoever completes an alert must find what came with it.
        await self._pieces.keep(carrier.pieces(body))
        # Both before the answer and side by side: neither means anything without the other.
        await asyncio.gather(self._store.keep(raw, body), self._inbox.keep(alerts))
        await self._inbox.announce(alerts)
        if all(isinstance(reading, Unreadable) for reading in readings):
            return _refusal(422, alerts[0].reason, kept=alerts[0].id)
        return Reply(status=202, body={"alerts": [self._told(alert) for alert in alerts]})

    def _told(self, alert: Alert) -> Json:
        told: Json = {"id": alert.id, "kind": alert.kind, "state": alert.state}
        if alert.reason:
            told["reason"] = alert.reason
        if alert.state is AlertState.RECEIVED:
            told["case"] = f"{self._pages}/alert/{alert.id}"
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
