"""The alerts that came in: one row each, and a message for each that is to be answered."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from shared.alerts.carrier import Incomplete, NotForUs, Reading, Recognised, Unreadable
from shared.errors import Conflict
from shared.model import (
    Alert,
    AlertDraft,
    AlertId,
    AlertKind,
    AlertState,
    Severity,
    TenantId,
    Value,
    digest,
)
from shared.signals.trace import received
from shared.store.verbs import Drop, Exists, Put, Queue, Store
from shared.tasks import keys
from shared.tasks.alert_lines import relisted
from shared.tasks.queue import TriageMessage, encode

_HEARD_EVERY: Final = timedelta(minutes=1)
"""How exactly the page of health says when a source was heard last."""


class Delivery(Value):
    """What came in together: who sent it, what it speaks, when, and where its body is kept."""

    source: str
    carrier: str
    raw: str
    at: datetime


class Inbox:
    """Keeps alerts and says that they are there; the same one twice is one."""

    def __init__(self, store: Store, queue: Queue, tenant: TenantId) -> None:
        self._store = store
        self._queue = queue
        self._tenant = tenant
        self._heard: dict[str, datetime] = {}

    def alerts(self, readings: Iterable[Reading], delivery: Delivery) -> list[Alert]:
        """Give each reading its id, which says what it is and about whom."""
        return [self._alert(reading, delivery) for reading in readings]

    def refused(self, named: frozenset[str], delivery: Delivery) -> Alert | None:
        """Make the line that says a delivery is another tenant's; `None` where it is not.

        Nothing of its body is kept: it is not this tenant's to look at.
        """
        strangers = sorted(named - {self._tenant})
        if not strangers:
            return None
        reason = (
            f"Refused: what source {delivery.source} sent says that it is of tenant "
            f"{', '.join(strangers[:3])}, and this source is of tenant {self._tenant}. Nothing of "
            "it was taken in or kept; send each tenant's alerts to a source of its own"
        )
        nothing = delivery.model_copy(update={"raw": ""})
        (alert,) = self.alerts((Unreadable(reason=reason),), nothing)
        return alert

    async def keep(self, alerts: Iterable[Alert]) -> None:
        """Write a row for each. The same alert again is one alert and stays as it is."""
        alerts = tuple(alerts)
        latest = {alert.source: alert.received_at for alert in alerts}
        heard = (self._hear(source, at) for source, at in latest.items())
        await asyncio.gather(*(self._keep(alert) for alert in alerts), *heard)

    async def _hear(self, source: str, at: datetime) -> None:
        """Note that a source was heard, once a minute at most: every alert would contend for it."""
        last = self._heard.get(source)
        if last is not None and at - last < _HEARD_EVERY:
            return
        self._heard[source] = at
        home, key = keys.inbox(self._tenant), keys.heard_row(source)
        row = await self._store.read(home, key)
        with suppress(Conflict):
            # Another instance has noted it in this moment.
            body = {"at": at.isoformat()}
            await self._store.write(Put(home, key, body, row.etag if row else None))

    async def announce(self, alerts: Iterable[Alert]) -> None:
        """Send a message for each that is to be answered.

        For one that was there before as well: nobody knows whether the first delivery lived to do
        it, and triage does nothing the second time.
        """
        new = (alert for alert in alerts if alert.state is AlertState.RECEIVED)
        await asyncio.gather(*(self._announce(alert) for alert in new))

    async def _keep(self, alert: Alert) -> None:
        at = keys.inbox(self._tenant)
        puts: list[Put | Drop] = [Put(at, keys.alert_row(alert.id), alert.model_dump(mode="json"))]
        if alert.state is AlertState.RECEIVED:
            since = {"due": alert.received_at.isoformat()}
            puts.append(Put(at, keys.todo_row(alert.id), since))
        else:
            puts += relisted(at, AlertState.RECEIVED, alert)
        try:
            await self._store.write(*puts)
        except Exists:
            received(alert.id, new=False)
        else:
            received(alert.id, new=True)

    async def _announce(self, alert: Alert) -> None:
        await self._queue.put(encode(TriageMessage(tenant=self._tenant, alert=alert.id)))

    def _alert(self, reading: Reading, delivery: Delivery) -> Alert:
        match reading:
            case Recognised(draft=draft):
                return self._from_draft(draft, delivery)
            case Incomplete(draft=draft, awaits=awaits):
                alert = self._from_draft(draft, delivery)
                return alert.model_copy(update={"awaits": awaits})
            case NotForUs(reason=reason, native_id=native):
                state = AlertState.IGNORED
            case Unreadable(reason=reason):
                state, native = AlertState.UNREADABLE, ""
        nothing = AlertDraft(
            native_id=native or digest(delivery.raw, reason),
            kind=AlertKind.UNSUPPORTED,
            title="",
            severity=Severity.UNKNOWN,
        )
        alert = self._from_draft(nothing, delivery)
        return alert.model_copy(update={"state": state, "reason": reason})

    def _from_draft(self, draft: AlertDraft, delivery: Delivery) -> Alert:
        who = draft.account.model_dump_json().lower() if draft.account else ""
        known = draft.model_dump(exclude={"occurred_at"})
        return Alert(
            **known,
            id=AlertId(digest(self._tenant, delivery.carrier, draft.native_id, draft.kind, who)),
            tenant=self._tenant,
            source=delivery.source,
            carrier=delivery.carrier,
            # An intruder is not seen in the future; a clock that runs ahead is not believed.
            occurred_at=min(draft.occurred_at or delivery.at, delivery.at),
            occurred_at_is_receipt=draft.occurred_at is None,
            received_at=delivery.at,
            raw=delivery.raw,
        )
