"""What can be pulled where nothing pushes: what to ask, how far back, and how often at once."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Final

from shared.alerts.times import moment
from shared.clients import activity, exchange, graph, security_alerts
from shared.clients.graph import Page
from shared.clients.licences import Plan
from shared.clients.tenant import Tenant
from shared.errors import Gone
from shared.model import Json, PullName
from shared.needs import Needs

_HOUR: Final = timedelta(hours=1)


class Feed(ABC):
    """One list of the tenant that grows."""

    name: ClassVar[PullName]
    carrier: ClassVar[str]
    overlap: ClassVar[timedelta]
    """How late a row may become visible after the time it bears."""
    longest: ClassVar[timedelta | None] = None
    """The longest span one listing may have."""
    oldest: ClassVar[timedelta | None] = None
    """How far back the list goes."""
    pages: ClassVar[int] = 1
    """Requests for pages in one run."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    @abstractmethod
    async def read(self, since: datetime, until: datetime, link: str | None) -> Page:
        """Read one page of what changed in a span, or the page a link of an earlier one names."""

    @abstractmethod
    def key(self, item: Json) -> str:
        """Tell an item in its present state from every other."""

    async def body(self, item: Json) -> bytes | None:
        """Give what the carrier reads of an item; `None` where there is nothing in it for us."""
        return json.dumps(item, sort_keys=True).encode()


class DefenderAlerts(Feed):
    """Alerts of Microsoft Defender, by the time of their last change. 150 requests a minute."""

    name = PullName.ALERTS
    carrier = "graph_alerts_v2"
    overlap = _HOUR
    pages = 20

    async def read(self, since: datetime, until: datetime, link: str | None) -> Page:  # noqa: ARG002
        """Read one page."""
        return await self._tenant.alerts.changed(since, link=link)

    def key(self, item: Json) -> str:
        """Name the alert as it is now."""
        return _joined(item, "id", "lastUpdateDateTime", "status")


class RiskDetections(Feed):
    """Detections of Identity Protection, by the time of their last change.

    One page in a run: the service takes one request a second, and the cases need it more.
    """

    name = PullName.RISK_DETECTIONS
    carrier = "identity_protection"
    overlap = 2 * _HOUR
    pages = 1

    async def read(self, since: datetime, until: datetime, link: str | None) -> Page:  # noqa: ARG002
        """Read one page."""
        return await self._tenant.detections.updated(since, link=link)

    def key(self, item: Json) -> str:
        """Name the detection as it is now."""
        return _joined(item, "id", "lastUpdatedDateTime", "riskState")


class RestrictedSenders(Feed):
    """The list of restricted senders: always all of it, for Exchange cannot filter it.

    Whoever stood on it before the pull was switched on stays a person's business.
    """

    name = PullName.RESTRICTED_SENDERS
    carrier = "restricted_senders"
    overlap = _HOUR
    pages = 1

    async def read(self, since: datetime, until: datetime, link: str | None) -> Page:  # noqa: ARG002
        """Read the list, without those who were put on it before."""
        listed = await self._tenant.senders.listed()
        return Page(items=tuple(item for item in listed if _since(item, since)))

    def key(self, item: Json) -> str:
        """Name the sender and when it was restricted."""
        return _joined(item, "SenderAddress", "CreatedDatetime")


class OfficeActivity(Feed):
    """Alert records of the Office 365 activity feed, by the time their content was made available.

    A listing spans 24 hours at most and goes seven days back. There is no filter on the far side:
    what is no alert is dropped here and never stored.
    """

    name = PullName.OFFICE_ACTIVITY
    carrier = "o365_activity"
    overlap = _HOUR
    longest = activity.LONGEST
    oldest = activity.OLDEST
    pages = 10

    async def read(self, since: datetime, until: datetime, link: str | None) -> Page:
        """Read one page of what content there is; the subscription is started first."""
        if link is None:
            await self._tenant.activity.start()
        return await self._tenant.activity.listed(since, until, link=link)

    def key(self, item: Json) -> str:
        """Name the content."""
        return _joined(item, "contentId")

    async def body(self, item: Json) -> bytes | None:
        """Fetch the content and keep its alerts; content that has expired holds nothing more."""
        try:
            records = await self._tenant.activity.content(str(item.get("contentId") or ""))
        except Gone:
            return None
        alerts = activity.alerts_in(records)
        return json.dumps(alerts, sort_keys=True).encode() if alerts else None


FEEDS: Final[tuple[type[Feed], ...]] = (
    DefenderAlerts,
    RiskDetections,
    RestrictedSenders,
    OfficeActivity,
)


def feeds(tenant: Tenant, names: Sequence[PullName]) -> list[Feed]:
    """Make the feeds that are switched on."""
    return [made(tenant) for made in FEEDS if made.name in names]


def _joined(item: Json, *keys: str) -> str:
    return "\x1f".join(str(item.get(key) or "") for key in keys)


def _since(item: Json, since: datetime) -> bool:
    """Whether an entry is newer; one whose time cannot be read is never passed over."""
    made = moment(item.get("CreatedDatetime"))
    return made is None or made >= since


NEEDS: Final = (
    Needs(
        what="Fetch alerts of Defender by the timer",
        permissions=frozenset({security_alerts.SECURITY_ALERT_READ_ALL}),
        option=PullName.ALERTS,
    ),
    Needs(
        what="Fetch risk detections by the timer",
        permissions=frozenset({graph.RISK_EVENT_READ_ALL}),
        licences=frozenset({Plan.ENTRA_P1}),
        option=PullName.RISK_DETECTIONS,
    ),
    Needs(
        what="Fetch the list of restricted senders by the timer",
        permissions=frozenset({exchange.MANAGE_AS_APP}),
        exchange_roles=frozenset({exchange.TRANSPORT_HYGIENE}),
        option=PullName.RESTRICTED_SENDERS,
    ),
    Needs(
        what="Fetch alerts out of the activity feed by the timer",
        permissions=frozenset({activity.ACTIVITY_FEED_READ}),
        option=PullName.OFFICE_ACTIVITY,
    ),
)
