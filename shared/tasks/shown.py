"""The alerts that opened no case: listed newest first, and answered again when a person asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Final

from pydantic import StringConstraints

from shared.alerts.carrier import Carrier, Unreadable
from shared.alerts.catalogue import carriers
from shared.alerts.source import Sources
from shared.errors import Gone, Refused
from shared.model import ALERTS_FOR_PEOPLE, Alert, AlertId, AlertState, TenantId, Utc, Value
from shared.pages.lists import Tally
from shared.store.verbs import Put, Queue, Row, Store
from shared.tasks import keys
from shared.tasks.alert_lines import for_people, relisted
from shared.tasks.inbox import Delivery, Inbox
from shared.tasks.ledger import Clock
from shared.tasks.queue import TriageMessage, encode

_PART: Final = 26
"""Alerts that are read at once: a page, and whether there is another."""
_LOOKS: Final = 500
"""Lines of the list that are looked at for one page; the next one goes on there."""
_TRIAGED_AGAIN: Final = frozenset({AlertState.UNRESOLVED, AlertState.POISONED})


class Wanted(Value):
    """Which of them: nothing given means all."""

    state: AlertState | None = None
    people: bool = False
    """Only those that wait for a person."""
    source: str | None = None
    since: Utc | None = None
    """Received at this time or later."""
    after: Annotated[str, StringConstraints(pattern=r"^shown:\d{14}:[0-9a-f]{8,64}$")] | None = None
    """Where the page before ended."""

    def fits(self, alert: Alert) -> bool:
        """Whether an alert is one of those."""
        return (
            self.state in {None, alert.state}
            and (not self.people or alert.state in ALERTS_FOR_PEOPLE)
            and self.source in {None, alert.source}
        )

    @property
    def lines(self) -> str:
        """How the keys begin of the lines among which they are."""
        return keys.PERSON if self.people or self.state in ALERTS_FOR_PEOPLE else keys.SHOWN


class Shown:
    """What a person should see of a tenant's alerts."""

    def __init__(
        self, *, store: Store, queue: Queue, clock: Clock, tenant: TenantId, sources: Sources
    ) -> None:
        self._store = store
        self._queue = queue
        self._clock = clock
        self._tenant = tenant
        self._sources = sources
        self._inbox = Inbox(store, queue, tenant)

    async def page(self, wanted: Wanted, *, most: int) -> tuple[list[Alert], str | None]:
        """List the newest that fit, and where the next page begins, if there is one."""
        found: list[Alert] = []
        looked, last = 0, ""
        async for key, alert in self._rows(wanted):
            if looked == _LOOKS or len(found) == most:
                return found, last
            looked, last = looked + 1, key
            if alert and wanted.fits(alert):
                found.append(alert)
        return found, None

    async def for_people(self) -> Tally:
        """Count those that wait for a person."""
        return await for_people(self._store, keys.inbox(self._tenant))

    async def one(self, alert: AlertId) -> Alert:
        """Read one alert, whatever became of it. Raises `Gone` where there is none."""
        return Alert.model_validate((await self._row(alert)).body)

    async def body(self, alert: Alert) -> bytes:
        """Read what came in; empty where it is not kept any more."""
        return (await self._store.fetch(alert.raw) if alert.raw else None) or b""

    def carrier(self, alert: Alert) -> Carrier | None:
        """Find who reads its body: its source as configured now, else its carrier."""
        source = self._sources.named(alert.source)
        return source.reader() if source else carriers().get(alert.carrier)

    async def again(self, alert_id: AlertId) -> Alert:
        """Answer an alert once more. Raises `Refused` with the reason where that changes nothing.

        One that was triaged in vain is triaged again; one that could not be read is read again,
        by its source as it is configured now.
        """
        row = await self._row(alert_id)
        alert = Alert.model_validate(row.body)
        if alert.state is AlertState.UNREADABLE:
            await self._read_again(row, alert)
        elif alert.state in _TRIAGED_AGAIN and self.carrier(alert):
            due = {"due": self._clock().isoformat()}
            todo = keys.todo_row(alert.id)
            before = await self._store.read(row.partition, todo)
            await self._store.write(Put(row.partition, todo, due, before.etag if before else None))
            await self._queue.put(encode(TriageMessage(tenant=self._tenant, alert=alert.id)))
        else:
            raise Refused(f"It is {alert.state}, and reading it again would change nothing")
        return alert

    async def _read_again(self, row: Row, alert: Alert) -> None:
        carrier, body = self.carrier(alert), await self.body(alert)
        readings = carrier.read(body) if carrier else ()
        readable = [each for each in readings if not isinstance(each, Unreadable)]
        if not readable:
            raise Refused(f"It still cannot be read: {_why(readings) or 'its body is gone'}")
        delivery = Delivery(
            source=alert.source, carrier=alert.carrier, raw=alert.raw, at=alert.received_at
        )
        alerts = self._inbox.alerts(readable, delivery)
        await self._inbox.keep(alerts)
        await self._inbox.announce(alerts)
        if len(readable) == len(readings):
            reason = f"Read again; it is now {', '.join(each.id for each in alerts)}"
            marked = alert.model_copy(update={"state": AlertState.IGNORED, "reason": reason})
            await self._store.write(
                Put(row.partition, row.key, marked.model_dump(mode="json"), row.etag),
                *relisted(row.partition, alert.state, marked),
            )

    async def _row(self, alert: AlertId) -> Row:
        row = await self._store.read(keys.inbox(self._tenant), keys.alert_row(alert))
        if row is None:
            raise Gone("There is no such alert")
        return row

    async def _rows(self, wanted: Wanted) -> AsyncIterator[tuple[str, Alert | None]]:
        """Walk the list, newest first, a part at a time; what cannot fit is not read."""
        at, lines = keys.inbox(self._tenant), wanted.lines
        last = keys.in_list(lines, wanted.after) if wanted.after else ""
        # Keys count backwards: what is older sorts after.
        since = keys.shown_row(wanted.since, AlertId("~")) if wanted.since else "~"
        oldest = keys.in_list(lines, since)
        while True:
            scan = self._store.scan(at, prefix=lines, after=last, most=_PART)
            rows = [row async for row in scan]
            new = [row for row in rows if row.key <= oldest]
            found = await asyncio.gather(*(self._behind(row, wanted) for row in new))
            for row, alert in zip(new, found, strict=True):
                yield keys.in_list(keys.SHOWN, row.key), alert
            if len(rows) < _PART or rows[-1].key > oldest:
                return
            last = rows[-1].key

    async def _behind(self, line: Row, wanted: Wanted) -> Alert | None:
        """Read the alert of a line, unless the line says that another source sent it."""
        if wanted.source and line.body.get("source", wanted.source) != wanted.source:
            return None
        row = await self._store.read(line.partition, keys.alert_row(AlertId(line.body["alert"])))
        return Alert.model_validate(row.body) if row else None


def _why(readings: tuple[object, ...]) -> str:
    return next((each.reason for each in readings if isinstance(each, Unreadable)), "")
