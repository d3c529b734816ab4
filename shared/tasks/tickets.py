"""One ticket for each case and channel: which it is, and who may open it.

nobody's ─► being opened (leased with the delivery) ─► known, kept as long as what opened it
    ▲                │                                    │
    └─ it failed ────┴──────────── deleted over there ────┘

A ticket cannot be looked up right after it was opened: Jira's search shows it seconds to minutes
later. So two workers that tell of one case at the same moment would open two, and its name is kept
here. Source: developer.atlassian.com/cloud/jira/platform/search-and-reconcile.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.channels.calls import NotThere
from shared.channels.configured import Channel, Jira, ServiceNow
from shared.errors import Conflict, FirebreakError, Transient
from shared.model import CaseId, Utc, Value
from shared.policy.notify import Told
from shared.store.verbs import Drop, Put, Store
from shared.tasks import keys
from shared.tasks.delivery import LEASE, Delivery
from shared.tasks.outbox import Notice

FIRST: Final = 6
"""Tries of "case opened" that the other notices of the case wait for, some two minutes; behind a
channel that is down longer, whatever gets through opens the ticket."""


class Ticket(Value):
    """What is known of a case's ticket."""

    until: Utc
    """Until when somebody is opening it, where it has no name."""
    name: str = ""
    """What the channel calls it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What a delivery may do: write below a ticket that is known, or open one."""

    name: str = ""
    lease: tuple[Put, ...] = ()
    """The row that says it is being opened; none where nothing has to be."""
    forgotten: tuple[Drop, ...] = ()
    """What lets the next one open it."""

    async def opened(self, store: Store, name: str) -> tuple[Put | Drop, ...]:
        """Keep the name of the ticket that was opened, where the channel told it."""
        if not self.lease:
            return ()
        return await self._kept(store, name=name) if name else self.forgotten

    async def failed(
        self, store: Store, error: FirebreakError, now: datetime
    ) -> tuple[Put | Drop, ...]:
        """Let others open it, unless it may be open: then the search has to show it first."""
        lost = error if isinstance(error, Transient) and error.may_have_happened else None
        if self.lease and lost and lost.retry_after:
            until = now + timedelta(seconds=lost.retry_after)
            return await self._kept(store, until=until.isoformat())
        return self.forgotten if self.lease or isinstance(error, NotThere) else ()

    async def _kept(self, store: Store, **news: str) -> tuple[Put, ...]:
        (lease,) = self.lease
        row = await store.read(lease.partition, lease.key)
        return (Put(lease.partition, lease.key, lease.body | news, row.etag if row else None),)


def is_ticketed(channel: Channel | None, delivery: Delivery) -> bool:
    """Whether it goes to the ticket of a case."""
    about_a_case = delivery.notice.case is not None and not delivery.collected
    return about_a_case and isinstance(channel, Jira | ServiceNow)


async def turn(store: Store, delivery: Delivery, now: datetime) -> Turn:
    """Say what a delivery may do. Raises `Conflict` where another one has to go first."""
    at, key = keys.deliveries(delivery.notice.tenant), _row(delivery)
    row = await store.read(at, key)
    known = Ticket.model_validate(row.body) if row else None
    gone = (Drop(at, key),)
    if known and known.name:
        return Turn(name=known.name, forgotten=gone)
    if known and known.until > now:
        raise Conflict("Another notice opens the ticket of this case")
    if await _comes_first(store, delivery, now):
        raise Conflict("That the case was opened is told first")
    body = Ticket(until=now + LEASE).model_dump(mode="json")
    return Turn(lease=(Put(at, key, body, row.etag if row else None),), forgotten=gone)


async def _comes_first(store: Store, delivery: Delivery, now: datetime) -> bool:
    """Whether "case opened" is on its way to the same ticket, and neither put off nor failing."""
    notice = delivery.notice
    first = Notice(what=Told.CASE_OPENED, at=notice.at, tenant=notice.tenant, case=notice.case)
    if notice.event == first.event:
        return False
    wanted = delivery.model_copy(update={"notice": first})
    row = await store.read(keys.deliveries(notice.tenant), wanted.row)
    if row is None:
        return False
    opening = Delivery.model_validate(row.body)
    return not opening.collected and opening.tries < FIRST and opening.due <= now + LEASE


def _row(delivery: Delivery) -> str:
    return keys.ticket_row(CaseId(delivery.notice.case or ""), delivery.channel)
