"""Microsoft Defender's alerts: how one is graded, and what people wrote below it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from shared.clients.audit import graph_time
from shared.clients.graph import Graph, Page
from shared.model import Json, Value

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation
    from msgraph.graph_service_client import GraphServiceClient

SECURITY_ALERT_READ_ALL: Final = "SecurityAlert.Read.All"
SECURITY_ALERT_WRITE_ALL: Final = "SecurityAlert.ReadWrite.All"

_PAGE: Final = 100
"""Alerts of one page; each carries all its evidence."""
_UNSET: Final = "unknown"
"""What Graph takes for "not graded"; it answers null."""


class Grading(Value):
    """Status, classification and determination in Graph's words; `unknown` is not graded."""

    status: str
    classification: str = _UNSET
    determination: str = _UNSET

    @property
    def words(self) -> str:
        """Its three grades in a line, as a person is shown them."""
        return f"{self.status}, {self.classification}, {self.determination}"


OVER: Final = frozenset({"resolved", "redirected"})
"""Statuses after which nothing is left to say: a verdict, or merged into another incident."""
COMPROMISED: Final = Grading(
    status="resolved", classification="truePositive", determination="compromisedAccount"
)
"""What a case that was answered says about where it came from."""
NOT_MALICIOUS: Final = Grading(
    status="resolved", classification="falsePositive", determination="notMalicious"
)
"""What a case that a person called a false alarm says there."""


class SecurityAlert(Value):
    """One alert of Defender."""

    id: str
    title: str
    grading: Grading
    comments: tuple[str, ...] = ()
    incident: str | None = None
    """The incident that Defender has put it in."""


class SecurityAlerts:
    """Defender's alerts, by their own ids."""

    def __init__(self, source: Graph) -> None:
        self._graph = source

    async def read(self, alert: str) -> SecurityAlert:
        """Read one alert. Source: GET /security/alerts_v2/{id}. Raises `Gone` without it."""
        found = await self._graph.get(
            lambda g: g.security.alerts_v2.by_alert_id(alert).to_get_request_information(),
            permission=SECURITY_ALERT_WRITE_ALL,
        )
        return alert_of(found)

    async def changed(self, since: datetime, *, link: str | None = None) -> Page:
        """Read one page of the alerts that changed since then, in no promised order.

        Source: GET /security/alerts_v2, filtered by lastUpdateDateTime.
        """

        def build(g: GraphServiceClient) -> RequestInformation:
            from kiota_abstractions.base_request_configuration import RequestConfiguration
            from msgraph.generated.security.alerts_v2.alerts_v2_request_builder import (
                Alerts_v2RequestBuilder,
            )

            wanted = Alerts_v2RequestBuilder.Alerts_v2RequestBuilderGetQueryParameters(
                filter=f"lastUpdateDateTime ge {graph_time(since)}", top=_PAGE
            )
            return g.security.alerts_v2.to_get_request_information(
                RequestConfiguration(query_parameters=wanted)
            )

        return await self._graph.page(build, permission=SECURITY_ALERT_READ_ALL, link=link)

    async def grade(self, alert: str, grading: Grading) -> None:
        """Set all three grades in one request. Source: PATCH /security/alerts_v2/{id}."""

        def build(g: GraphServiceClient) -> RequestInformation:
            from msgraph.generated.models.security.alert import Alert
            from msgraph.generated.models.security.alert_classification import AlertClassification
            from msgraph.generated.models.security.alert_determination import AlertDetermination
            from msgraph.generated.models.security.alert_status import AlertStatus

            return g.security.alerts_v2.by_alert_id(alert).to_patch_request_information(
                Alert(
                    status=AlertStatus(grading.status),
                    classification=AlertClassification(grading.classification),
                    determination=AlertDetermination(grading.determination),
                )
            )

        await self._graph.write(build, permission=SECURITY_ALERT_WRITE_ALL)

    async def comment(self, alert: str, text: str) -> None:
        """Write one comment; the same again would be a second one.

        The SDK's signature takes a list and would send one; Graph documents a single object.
        Source: POST /security/alerts_v2/{id}/comments.
        """

        def build(g: GraphServiceClient) -> RequestInformation:
            from msgraph.generated.models.security.alert_comment import AlertComment

            body = AlertComment(odata_type="microsoft.graph.security.alertComment", comment=text)
            comments = g.security.alerts_v2.by_alert_id(alert).comments
            return comments.to_post_request_information(body)  # type: ignore[arg-type]  # see above

        await self._graph.write(build, permission=SECURITY_ALERT_WRITE_ALL)


def alert_of(found: Json) -> SecurityAlert:
    """Read one alert as Graph shows it, alone or in its incident."""
    return SecurityAlert(
        id=str(found["id"]),
        title=str(found.get("title") or ""),
        grading=grading_of(found),
        comments=comments_of(found),
        incident=found.get("incidentId") or None,
    )


def grading_of(found: Json) -> Grading:
    """Read how an alert or an incident is graded."""
    return Grading(
        status=str(found.get("status") or _UNSET),
        classification=str(found.get("classification") or _UNSET),
        determination=str(found.get("determination") or _UNSET),
    )


def comments_of(found: Json) -> tuple[str, ...]:
    """Read what people and programs wrote below an alert or an incident."""
    return tuple(str(c.get("comment") or "") for c in found.get("comments") or ())
