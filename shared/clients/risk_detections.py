"""Identity Protection's risk detections, read bit by bit."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from shared.clients.audit import graph_time
from shared.clients.graph import RISK_EVENT_READ_ALL, Graph, Page

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation
    from msgraph.graph_service_client import GraphServiceClient

_PAGE: Final = 500


class RiskDetections:
    """What Identity Protection detected; needs Entra ID P1, and P2 for the details."""

    def __init__(self, source: Graph) -> None:
        self._graph = source

    async def updated(self, since: datetime, *, link: str | None = None) -> Page:
        """Read one page of the detections that changed since then, in no promised order.

        Raises `Transient` where a request would come too early.
        Source: GET /identityProtection/riskDetections, filtered by lastUpdatedDateTime.
        """

        def build(g: GraphServiceClient) -> RequestInformation:
            from kiota_abstractions.base_request_configuration import RequestConfiguration
            from msgraph.generated.identity_protection.risk_detections.risk_detections_request_builder import (  # noqa: E501
                RiskDetectionsRequestBuilder,
            )

            wanted = RiskDetectionsRequestBuilder.RiskDetectionsRequestBuilderGetQueryParameters(
                filter=f"lastUpdatedDateTime ge {graph_time(since)}", top=_PAGE
            )
            return g.identity_protection.risk_detections.to_get_request_information(
                RequestConfiguration(query_parameters=wanted)
            )

        return await self._graph.page(build, permission=RISK_EVENT_READ_ALL, link=link)
