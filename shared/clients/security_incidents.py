"""Microsoft Defender's incidents: how one is graded, whom its alerts are about, its comments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from shared.clients.graph import Graph, stable
from shared.clients.security_alerts import (
    Grading,
    SecurityAlert,
    alert_of,
    comments_of,
    grading_of,
)
from shared.model import Json, Value

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation
    from msgraph.graph_service_client import GraphServiceClient

SECURITY_INCIDENT_WRITE_ALL: Final = "SecurityIncident.ReadWrite.All"

_NAMES_SOMEBODY: Final = frozenset({"userEvidence", "mailboxEvidence"})
_NAMES_NOBODY: Final = frozenset(
    {"ipEvidence", "urlEvidence", "cloudApplicationEvidence", "oauthApplicationEvidence"}
)
"""Evidence of any other sort may mention an account in words of its own."""


class SecurityIncident(Value):
    """One incident of Defender with all its alerts."""

    id: str
    title: str
    grading: Grading
    comments: tuple[str, ...] = ()
    alerts: tuple[SecurityAlert, ...] = ()
    accounts: frozenset[str] | None = None
    """Object ids of all accounts its alerts name; `None` where one is not named for certain."""

    def only_about(self, object_id: str) -> bool:
        """Whether every alert is about this account and no other; what is uncertain is not."""
        return self.accounts == frozenset({object_id.casefold()})


class SecurityIncidents:
    """Defender's incidents, by their own ids."""

    def __init__(self, source: Graph) -> None:
        self._graph = source

    async def read(self, incident: str) -> SecurityIncident:
        """Read one incident with its alerts. Raises `Gone` without it.

        Source: GET /security/incidents/{id}?$expand=alerts.
        """

        def build(g: GraphServiceClient) -> RequestInformation:
            from kiota_abstractions.base_request_configuration import RequestConfiguration
            from msgraph.generated.security.incidents.item.incident_item_request_builder import (
                IncidentItemRequestBuilder,
            )

            wanted = IncidentItemRequestBuilder.IncidentItemRequestBuilderGetQueryParameters(
                expand=["alerts"]
            )
            return g.security.incidents.by_incident_id(incident).to_get_request_information(
                RequestConfiguration(query_parameters=wanted)
            )

        return _incident(await self._graph.get(build, permission=SECURITY_INCIDENT_WRITE_ALL))

    async def grade(self, incident: str, grading: Grading) -> None:
        """Set all three grades in one request; to resolve it resolves its open alerts as well.

        Source: PATCH /security/incidents/{id}.
        """

        def build(g: GraphServiceClient) -> RequestInformation:
            from msgraph.generated.models.security.alert_classification import AlertClassification
            from msgraph.generated.models.security.alert_determination import AlertDetermination
            from msgraph.generated.models.security.incident import Incident
            from msgraph.generated.models.security.incident_status import IncidentStatus

            return g.security.incidents.by_incident_id(incident).to_patch_request_information(
                Incident(
                    status=IncidentStatus(grading.status),
                    classification=AlertClassification(grading.classification),
                    determination=AlertDetermination(grading.determination),
                )
            )

        await self._graph.write(build, permission=SECURITY_INCIDENT_WRITE_ALL)

    async def comment(self, incident: str, text: str) -> None:
        """Write one comment; the same again would be a second one. The SDK has no builder for it.

        Source: POST /security/incidents/{id}/comments.
        """
        body = {"@odata.type": "microsoft.graph.security.alertComment", "comment": text}
        build = stable(
            "POST", "/security/incidents/{incident}/comments", body=body, incident=incident
        )
        await self._graph.write(build, permission=SECURITY_INCIDENT_WRITE_ALL)


def _incident(found: Json) -> SecurityIncident:
    alerts = found.get("alerts") or []
    whole = bool(alerts) and not found.get("alerts@odata.nextLink")
    return SecurityIncident(
        id=str(found["id"]),
        title=str(found.get("displayName") or ""),
        grading=grading_of(found),
        comments=comments_of(found),
        alerts=tuple(alert_of(alert) for alert in alerts),
        accounts=_together([_named(alert) for alert in alerts] if whole else [None]),
    )


def _named(alert: Json) -> frozenset[str] | None:
    """Read whom one alert names, by object id; an alert that names nobody is not certain."""
    named = _together([_of(piece) for piece in alert.get("evidence") or ()])
    return named or None


def _of(piece: Json) -> frozenset[str] | None:
    sort = str(piece.get("@odata.type") or "").rpartition(".")[2]
    if sort in _NAMES_NOBODY:
        return frozenset()
    if sort not in _NAMES_SOMEBODY:
        return None
    oid = str((piece.get("userAccount") or {}).get("azureAdUserId") or "")
    return frozenset({oid.casefold()}) if oid else None


def _together(parts: list[frozenset[str] | None]) -> frozenset[str] | None:
    """Join what each names; what one does not say for certain is not certain of all."""
    found: frozenset[str] = frozenset()
    for part in parts:
        if part is None:
            return None
        found |= part
    return found
