"""Defender's incidents: alerts that it has put together, and that it leaves out unless asked."""

from __future__ import annotations

from typing import Final

from lab.tenant.answers import GraphRefusal, bad_request
from lab.tenant.defender import SecurityAlert
from lab.tenant.graph_alerts import entity
from lab.tenant.limits import Service
from lab.tenant.operations import Ask, Json, operation
from lab.tenant.user_view import exact

_READ: Final = ("SecurityIncident.Read.All", "SecurityIncident.ReadWrite.All")
_ALERTS: Final = "alerts"


@operation(
    "GET",
    "/security/incidents/{iid}",
    any_of=_READ,
    returns="microsoft.graph.security.incident",
    service=Service.SECURITY,
)
def read_incident(ask: Ask) -> Json:
    """Read one incident, with its alerts where they are expanded."""
    expanded = ask.query.get("$expand")
    if expanded not in (None, _ALERTS):
        raise bad_request(f"Could not find a property named '{expanded}'.", code="BadRequest")
    key = ask.path["iid"]
    found = [one for one in ask.world.state.alerts.values() if one.body["incidentId"] == key]
    if not found:
        raise GraphRefusal(404, "NotFound", "The incident was not found.")
    shown = _incident(ask, key, found)
    if expanded:
        shown[_ALERTS] = [entity(alert) for alert in found]
    return shown


def _incident(ask: Ask, key: str, found: list[SecurityAlert]) -> Json:
    first = min(found, key=lambda alert: alert.raised_at)
    return {
        "@odata.context": f"{ask.root}/$metadata#security/incidents/$entity",
        "id": key,
        "tenantId": ask.world.tenant_id,
        "status": "resolved" if all(one.status == "resolved" for one in found) else "active",
        "incidentWebUrl": f"https://security.microsoft.com/incidents/{key}",
        "redirectIncidentId": None,
        "displayName": f"{first.body['title']} involving one user",
        "createdDateTime": exact(first.raised_at),
        "lastUpdateDateTime": exact(max(one.updated_at for one in found)),
        "assignedTo": None,
        "classification": "unknown",
        "determination": "unknown",
        "severity": first.body["severity"],
    }
