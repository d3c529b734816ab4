"""Read an alert again that came before those it is about, until it names somebody.

Sentinel creates an incident first and attaches its entities minutes later; whoever sends it at once
sends it without them.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Final

from shared.alerts.carrier import Incomplete, NotForUs, Reading, Recognised, Unreadable
from shared.alerts.catalogue import carriers
from shared.clients import alert_sources, graph, sentinel
from shared.clients.activity import ACTIVITY_FEED_READ, alerts_in
from shared.clients.tenant import Tenant
from shared.errors import Refused, Transient
from shared.model import Alert, AlertState, Awaited, Json, Place
from shared.needs import Needs
from shared.tasks.inbox import Delivery, Inbox
from shared.tasks.ledger import Clock
from shared.tasks.pieces import Pieces

NEEDS: Final = (
    Needs(
        what="Read an incident of Defender again that named nobody",
        permissions=frozenset({alert_sources.SECURITY_INCIDENT_READ_ALL}),
        option=Place.GRAPH_INCIDENT,
    ),
    Needs(
        what="Read an alert of Defender that was only announced",
        permissions=frozenset({alert_sources.SECURITY_ALERT_READ_ALL}),
        option=Place.GRAPH_ALERT,
    ),
    Needs(
        what="Read a user's risk that was only announced",
        permissions=frozenset({graph.RISKY_USER_READ_ALL}),
        option=Place.GRAPH_RISKY_USER,
    ),
    Needs(
        what="Fetch content of the activity feed that was only announced",
        permissions=frozenset({ACTIVITY_FEED_READ}),
        option=Place.O365_CONTENT,
    ),
    Needs(
        what="Read an incident of Sentinel again whose entities came late",
        azure_roles=frozenset({sentinel.ROLE}),
        option=Place.SENTINEL_INCIDENT,
    ),
)
"""By where alerts come from: a right is for who has such a sender."""
PATIENCE: Final = timedelta(minutes=30)
"""After this a person is asked: entities that took longer have not been seen."""
_WAITS: Final = (30.0, 60.0, 120.0, 240.0)
"""Seconds between the first looks; later ones are as far apart as the last two."""
_AT_ONCE: Final = timedelta(seconds=1)


type Read = Callable[[str], Awaitable[object]]
"""Fetches what is named, as JSON that the alert's carrier reads."""


def readers(tenant: Tenant, pieces: Pieces) -> Mapping[Place, Read]:
    """Say how each place is read; an alert from a place that is not here needs a person."""

    async def content(content_id: str) -> list[Json]:
        return alerts_in(await tenant.activity.content(content_id))

    return {
        Place.SENTINEL_INCIDENT: tenant.sentinel.incident,
        Place.GRAPH_INCIDENT: tenant.alert_sources.incident,
        Place.GRAPH_ALERT: tenant.alert_sources.alert,
        Place.GRAPH_RISKY_USER: tenant.alert_sources.risky_user,
        Place.O365_CONTENT: content,
        Place.PIECES: pieces.of,
    }


class Completion:
    """Finds out who an incomplete alert is about."""

    def __init__(self, *, readers: Mapping[Place, Read], inbox: Inbox, clock: Clock) -> None:
        self._readers = readers
        self._inbox = inbox
        self._clock = clock

    async def complete(self, alert: Alert, awaits: Awaited, *, looks: int) -> Alert:
        """Give the alert as its source tells it now; `looks` is how often it was read in vain.

        Where it turns out to be about several accounts, the others become alerts of their own.
        Where its source calls it off, it comes back as ignored. Raises `Transient` while there is
        hope, and `Refused` with the reason where a person is to be asked.
        """
        try:
            body = await self._read(awaits)
        except Transient as error:
            raise self._not_yet(alert, looks, f"could not be read ({error})", error) from error
        readings = carriers()[alert.carrier].read_again(body)
        if any(isinstance(reading, Recognised) for reading in readings):
            return await self._named(alert, readings)
        if any(isinstance(reading, Incomplete) for reading in readings):
            raise self._not_yet(alert, looks, "named nobody")
        return _settled(alert, _worst(readings))

    async def _read(self, awaits: Awaited) -> bytes:
        read = self._readers.get(awaits.place)
        if read is None:
            raise Refused("It does not say who it is about, and its source is not read again here")
        return json.dumps(await read(awaits.id)).encode()

    def _not_yet(
        self, alert: Alert, looks: int, why: str, error: Transient | None = None
    ) -> Transient | Refused:
        left = alert.received_at + PATIENCE - self._clock()
        minutes = PATIENCE // timedelta(minutes=1)
        if left < _AT_ONCE:
            return Refused(f"Its source {why} for {minutes} minutes: find out who it is about")
        wait = max(_WAITS[min(looks, len(_WAITS) - 1)], (error and error.retry_after) or 0.0)
        return Transient(f"Its source {why}", retry_after=min(wait, left.total_seconds()))

    async def _named(self, alert: Alert, readings: Sequence[Reading]) -> Alert:
        """Fill in the first account; the others are announced before, so that none is lost.

        What could not be understood beside them is kept for a person.
        """
        delivery = Delivery(
            source=alert.source, carrier=alert.carrier, raw=alert.raw, at=alert.received_at
        )
        named = [reading for reading in readings if isinstance(reading, Recognised)]
        unread = [reading for reading in readings if isinstance(reading, Unreadable)]
        first, *others = self._inbox.alerts([*named, *unread], delivery)
        await self._inbox.keep(others)
        await self._inbox.announce(others)
        kept = {"id": alert.id, "state": alert.state}
        return first.model_copy(update=kept)


def _worst(readings: Sequence[Reading]) -> Reading:
    """Pick what could not be understood before what is not for us: it may have been for us."""
    return next((each for each in readings if isinstance(each, Unreadable)), readings[0])


def _settled(alert: Alert, reading: Reading) -> Alert:
    match reading:
        case NotForUs(reason=reason):
            return alert.model_copy(update={"state": AlertState.IGNORED, "reason": reason})
        case Unreadable(reason=reason):
            raise Refused(f"Read again it could not be understood: {reason}")
        case _:
            raise Refused("Read again it said nothing")
