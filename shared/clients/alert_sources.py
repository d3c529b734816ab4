"""What a notification, or an incident without alerts, only points to: read from Graph as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from shared.clients.graph import RISKY_USER_READ_ALL, Graph
from shared.model import Json

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation
    from msgraph.graph_service_client import GraphServiceClient

SECURITY_ALERT_READ_ALL: Final = "SecurityAlert.Read.All"
SECURITY_INCIDENT_READ_ALL: Final = "SecurityIncident.Read.All"


class AlertSources:
    """Objects of Defender and of Entra ID Protection by their ids. Raises `Gone` without one."""

    def __init__(self, source: Graph) -> None:
        self._graph = source

    async def alert(self, key: str) -> Json:
        """Read an alert. Source: GET /security/alerts_v2/{id}."""
        return await self._graph.get(
            lambda g: g.security.alerts_v2.by_alert_id(key).to_get_request_information(),
            permission=SECURITY_ALERT_READ_ALL,
        )

    async def incident(self, key: str) -> Json:
        """Read an incident with its alerts. Source: GET /security/incidents/{id}?$expand=alerts."""

        def build(g: GraphServiceClient) -> RequestInformation:
            from kiota_abstractions.base_request_configuration import RequestConfiguration
            from msgraph.generated.security.incidents.item.incident_item_request_builder import (
                IncidentItemRequestBuilder,
            )

            wanted = IncidentItemRequestBuilder.IncidentItemRequestBuilderGetQueryParameters(
                expand=["alerts"]
            )
            return g.security.incidents.by_incident_id(key).to_get_request_information(
                RequestConfiguration(query_parameters=wanted)
            )

        return await self._graph.get(build, permission=SECURITY_INCIDENT_READ_ALL)

    async def risky_user(self, key: str) -> Json:
        """Read a risky user by object id. Source: GET /identityProtection/riskyUsers/{id}."""
        return await self._graph.get(
            lambda g: g.identity_protection.risky_users.by_risky_user_id(
                key
            ).to_get_request_information(),
            permission=RISKY_USER_READ_ALL,
        )
