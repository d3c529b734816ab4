"""The Office 365 Management Activity API: what content there is, and the content.

Content is listed for at most 24 hours at once and for seven days back, and is fetched by its id
from the service we know, never from an address that somebody sent us.
Source: learn.microsoft.com/office/office-365-management-api, the activity API reference
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from shared.clients.answers import read_answer, tokenless
from shared.clients.graph import Page
from shared.clients.links import NextLinks
from shared.clients.sending import sent
from shared.errors import Defect, Gone, Transient
from shared.model import Json, TenantId

if TYPE_CHECKING:
    import httpx
    from azure.core.credentials_async import AsyncTokenCredential

ACTIVITY_FEED_READ: Final = "ActivityFeed.Read"
PUBLIC_CLOUD: Final = "https://manage.office.com"
FEED: Final = "Audit.General"
"""The content type that alerts and restricted senders come in."""
LONGEST: Final = timedelta(hours=24)
"""The longest span that one listing may have."""
OLDEST: Final = timedelta(days=7)
"""How far back content is listed."""
_ALERT_TYPES: Final = frozenset({"40", "51", "294"})
"""RecordType SecurityComplianceAlerts, HygieneEvent and AadRiskDetection."""
_CLOUD_APPS: Final = "MCAS_ALERT_"
_ENABLED_ALREADY: Final = "AF20024"
_EXPIRED: Final = ("AF20051", "AF20052")


class ActivityFeed:
    """The feed of one tenant. Bound to one event loop; `client` is not closed here."""

    def __init__(
        self,
        *,
        client: httpx.AsyncClient,
        credential: AsyncTokenCredential,
        base: str,
        tenant: TenantId,
    ) -> None:
        self._http = client
        self._credential = credential
        self._base = base.rstrip("/")
        self._feed = f"{self._base}/api/v1.0/{tenant}/activity/feed"
        self._publisher = str(tenant)

    async def start(self) -> None:
        """Subscribe to the feed; content is collected from then on.

        That it was on already is an error to the service (AF20024) and none to us.
        Source: POST /subscriptions/start.
        """
        url = f"{self._feed}/subscriptions/start"
        answer = await self._send("POST", url, {"contentType": FEED})
        if not answer.is_success and _ENABLED_ALREADY not in answer.text:
            read_answer("The activity feed", answer, permission=ACTIVITY_FEED_READ)

    async def listed(self, since: datetime, until: datetime, *, link: str | None = None) -> Page:
        """Read one page of what became available in a span of at most 24 hours.

        Source: GET /subscriptions/content; the next page stands in the header NextPageUri.
        """
        links = NextLinks("The activity feed", self._base)
        links.after({"@odata.nextLink": link})
        span = {"contentType": FEED, "startTime": _time(since), "endTime": _time(until)}
        url = link or f"{self._feed}/subscriptions/content"
        answer = await self._send("GET", url, {} if link else span)
        items = _records(answer)
        more = answer.headers.get("NextPageUri")
        return Page(items=items, next=links.after({"@odata.nextLink": more}))

    async def content(self, content: str) -> tuple[Json, ...]:
        """Fetch the records of one piece of content. Raises `Gone` where it has expired.

        Source: GET /audit/{contentId}.
        """
        url = f"{self._feed}/audit/{quote(content, safe='$')}"
        answer = await self._send("GET", url, {})
        if not answer.is_success and any(code in answer.text for code in _EXPIRED):
            raise Gone("The content of the activity feed has expired or was never there")
        try:
            return _records(answer)
        except Gone as error:
            # Only the documented codes say so; whatever else answers thus may know nothing of it.
            raise Transient(f"The activity feed did not find its content: {error}") from error

    async def _send(self, method: str, url: str, query: dict[str, str]) -> httpx.Response:
        import httpx
        from azure.core.exceptions import AzureError

        audience = PUBLIC_CLOUD if self._base.startswith("http:") else self._base
        try:
            token = await self._credential.get_token(f"{audience}/.default")
        except AzureError as error:
            raise tokenless(error) from error
        request = self._http.build_request(
            method,
            httpx.URL(url).copy_merge_params({**query, "PublisherIdentifier": self._publisher}),
            headers={"Authorization": f"Bearer {token.token}"},
        )
        return await sent(self._http, "The activity feed", request)


def alerts_in(records: Iterable[Json]) -> list[Json]:
    """Keep the records that tell of an alert, by their type and the operation; order stays."""
    return [
        record
        for record in records
        if str(record.get("RecordType")) in _ALERT_TYPES
        or str(record.get("Operation")).startswith(_CLOUD_APPS)
    ]


def _records(answer: httpx.Response) -> tuple[Json, ...]:
    if not answer.is_success:
        read_answer("The activity feed", answer, permission=ACTIVITY_FEED_READ)
    try:
        found: Any = answer.json()
    except ValueError as error:
        raise Defect("The activity feed answered with what is not JSON") from error
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise Defect("The activity feed answered without a list of records")
    return tuple(found)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
