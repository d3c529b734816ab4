"""Whether what the app fetches by itself is read up to now, and the stream is connected."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar, Final

from shared.diagnosis import Finding, Grade, Kind
from shared.doctor.check import SET, Check
from shared.doctor.deployment import Deployment
from shared.model import number_of
from shared.sweeps.pull import Watermark, place

BEHIND: Final = timedelta(minutes=15)
"""The timer comes by every minute; a feed that is slower than this does not keep up."""


class Feeds(Check):
    """See whether each feed that is pulled is read up to now, and whether the stream has a way."""

    kinds: ClassVar = {
        "read": Kind(
            grade=Grade.OK,
            state="up to date",
            means="{subject} is read up to {minutes} ago.",
        ),
        "none": Kind(
            grade=Grade.OK,
            state="none",
            means="Nothing is pulled: alerts are sent here, or streamed.",
        ),
        "never": Kind(
            grade=Grade.NOTE,
            state="not read yet",
            means="{subject} is switched on and was never read.",
            do="Wait two minutes; if it stays so, look at the log of the function `pull`",
        ),
        "behind": Kind(
            grade=Grade.BAD,
            state="behind",
            means="{subject} is only read up to {minutes} ago: new alerts are not seen.",
            do="Look at the log of the function `pull` for `pull.stopped`, which says what is "
            "refused, and at what the check `rights` says of it",
        ),
        "connected": Kind(
            grade=Grade.OK,
            state="connected",
            means="The Event Hub {subject} has a connection.",
        ),
        "no_connection": Kind(
            grade=Grade.BAD,
            state="no connection",
            means="FIREBREAK_EVENT_HUB is {subject}, but the app setting EventHub is missing, so "
            "nothing that is streamed arrives.",
            do="Set EventHub__fullyQualifiedNamespace to the hub's namespace, and give the app's "
            "identity the role Azure Event Hubs Data Receiver there",
            commands=(f"{SET}EventHub__fullyQualifiedNamespace=NAMESPACE.servicebus.windows.net",),
        ),
    }

    async def look(self, at: Deployment) -> tuple[Finding, ...]:
        """Read how far each has come."""
        found = [await self._of(at, name) for name in at.settings.pull]
        found += self._stream(at)
        return tuple(found) or (self.found("none", "feeds"),)

    async def _of(self, at: Deployment, name: str) -> Finding:
        row = await at.store.read(place(at.tenant_id), name)
        if row is None:
            return self.found("never", name)
        behind = at.clock() - Watermark.model_validate(row.body).until
        kind = "behind" if behind > BEHIND else "read"
        minutes = number_of(int(behind.total_seconds() // 60), "minute")
        return self.found(kind, name, minutes=minutes)

    def _stream(self, at: Deployment) -> Iterator[Finding]:
        if hub := at.settings.event_hub:
            names = at.settings.storage
            there = any(name == "EventHub" or name.startswith("EventHub__") for name in names)
            yield self.found("connected" if there else "no_connection", hub)
