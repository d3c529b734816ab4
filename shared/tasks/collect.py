"""Take in what nobody waits for an answer to: streamed records and pulled ones.

As at the webhook, the body and a row for each alert are stored before anything else happens, and
the same record again is the same alert. What is no alert at all comes here by the thousand and is
passed over, not listed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import Final

from shared.alerts.carrier import Carrier, NotForUs, Reading
from shared.alerts.catalogue import carriers
from shared.model import TenantId, digest
from shared.store.verbs import Store
from shared.tasks.inbox import Delivery, Inbox
from shared.tasks.ledger import Clock
from shared.tasks.pieces import Pieces

STREAM: Final = "event-hub"
"""The name under which what was streamed is shown as a source."""
_DEFENDER: Final = b"AdvancedHunting-"


class Collector:
    """The other door that alerts come in by; who may use it is decided before it."""

    def __init__(self, *, store: Store, inbox: Inbox, clock: Clock, tenant: TenantId) -> None:
        self._store = store
        self._inbox = inbox
        self._pieces = Pieces(store, tenant)
        self._clock = clock
        self._tenant = tenant
        self._carriers = carriers()

    async def take(self, source: str, carrier: str, body: bytes) -> int:
        """Take in one body; returns how many alerts it is kept as. Twice the same changes nothing.

        Raises where storage is away; then the body has to come again.
        """
        reader = self._carriers[carrier]
        raw = f"raw/{self._tenant}/{digest(body.hex(), length=64)}"
        at = self._clock()
        delivery = Delivery(source=source, carrier=carrier, raw=raw, at=at)
        if foreign := self._inbox.refused(reader.tenants(body), delivery):
            await self._inbox.keep([foreign])
            return 0
        alerts = self._inbox.alerts(_worth_keeping(reader.read(body)), delivery)
        if not alerts:
            return 0
        # The pieces before the alerts: whoever completes an alert must find what came with it.
        await self._pieces.keep(reader.pieces(body))
        await asyncio.gather(self._store.keep(raw, body), self._inbox.keep(alerts))
        await self._inbox.announce(alerts)
        return len(alerts)

    async def stream(self, events: Iterable[bytes]) -> int:
        """Take in a batch of events of an Event Hub, each by itself: a bad one costs no other."""
        taken = [await self.take(STREAM, _spoken_in(event).name, event) for event in events]
        return sum(taken)


def _worth_keeping(readings: Iterable[Reading]) -> Iterator[Reading]:
    for reading in readings:
        if not (isinstance(reading, NotForUs) and reading.routine):
            yield reading


def _spoken_in(event: bytes) -> Carrier:
    """Tell Defender's rows from Entra's records; an exporter writes one sort into one event."""
    known = carriers()
    return known["defender_streaming" if _DEFENDER in event else "entra_diagnostics"]
