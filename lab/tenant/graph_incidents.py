"""Defender's incidents: alerts that it has put together, and that it leaves out unless asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from lab.tenant.answers import GraphRefusal, bad_request
from lab.tenant.defender import SecurityAlert, SecurityIncident
from lab.tenant.graph_alerts import COMMENT, WRITABLE, comment_view, entity, grades, said
from lab.tenant.limits import Service
from lab.tenant.operations import Ask, Json, Shape, operation
from lab.tenant.user_view import exact

_TYPE: Final = "microsoft.graph.security.incident"
_ONE: Final = "/security/incidents/{iid}"
_READ: Final = ("SecurityIncident.Read.All", "SecurityIncident.ReadWrite.All")
_WRITE: Final = ("SecurityIncident.ReadWrite.All",)
_ALERTS: Final = "alerts"
_STATUSES: Final = {"status": frozenset({"active", "inProgress", "resolved", "awaitingAction"})}


@operation("GET", _ONE, any_of=_READ, returns=_TYPE, service=Service.SECURITY)
def read_incident(ask: Ask) -> Json:
    """Read one incident, with its alerts where they are expanded."""
    expanded = ask.query.get("$expand")
    if expanded not in (None, _ALERTS):
        raise bad_request(f"Could not find a property named '{expanded}'.", code="BadRequest")
    incident, found = _find(ask)
    shown = _view(ask, incident, found)
    if expanded:
        shown[_ALERTS] = [entity(alert) for alert in found.values()]
    return shown


@operation("PATCH", _ONE, any_of=_WRITE, returns=_TYPE, consumes=_TYPE, service=Service.SECURITY)
def grade_incident(ask: Ask) -> Json:
    """Set status, classification or determination; what is open in a resolved one is resolved."""
    incident, found = _find(ask)
    fields = ask.fields()
    changes = grades(fields, {**WRITABLE, **_STATUSES})
    changed = _keep(ask, replace(incident, **changes, updated_at=ask.world.now()))
    if changed.status == "resolved":
        for key, alert in found.items():
            if alert.status != "resolved":
                _resolve(ask, key, alert, changed)
    ask.wrote(changed.oid, f"incident: {', '.join(f'{k} {v}' for k, v in sorted(fields.items()))}")
    return _view(ask, changed, found)


@operation(
    "POST",
    f"{_ONE}/comments",
    any_of=_WRITE,
    shape=Shape.VALUE,
    consumes=COMMENT,
    service=Service.SECURITY,
)
def comment_on_incident(ask: Ask) -> Json:
    """Add one comment, given as one object as the documentation shows it."""
    incident, _ = _find(ask)
    changed = _keep(ask, replace(incident, comments=(*incident.comments, said(ask))))
    ask.wrote(changed.oid, "incident: commented")
    context = f"{ask.root}/$metadata#security/incidents('{ask.path['iid']}')/comments"
    return {"@odata.context": context, "value": [comment_view(one) for one in changed.comments]}


def _find(ask: Ask) -> tuple[SecurityIncident, dict[str, SecurityAlert]]:
    key, state = ask.path["iid"], ask.world.state
    found = {aid: one for aid, one in state.alerts.items() if one.body["incidentId"] == key}
    if key not in state.incidents or not found:
        raise GraphRefusal(404, "NotFound", "The incident was not found.")
    return state.incidents[key], found


def _keep(ask: Ask, incident: SecurityIncident) -> SecurityIncident:
    ask.world.state.incidents[ask.path["iid"]] = incident
    return incident


def _resolve(ask: Ask, key: str, alert: SecurityAlert, by: SecurityIncident) -> None:
    graded: dict[str, Any] = {
        "status": by.status,
        "classification": by.classification,
        "determination": by.determination,
    }
    ask.world.state.alerts[key] = replace(alert, **graded, updated_at=ask.world.now())


def _view(ask: Ask, incident: SecurityIncident, found: dict[str, SecurityAlert]) -> Json:
    key = ask.path["iid"]
    first = min(found.values(), key=lambda alert: alert.raised_at)
    return {
        "@odata.context": f"{ask.root}/$metadata#security/incidents/$entity",
        "id": key,
        "tenantId": ask.world.tenant_id,
        "status": incident.status,
        "incidentWebUrl": f"https://security.microsoft.com/incidents/{key}",
        "redirectIncidentId": None,
        "displayName": f"{first.body['title']} involving one user",
        "createdDateTime": exact(first.raised_at),
        "lastUpdateDateTime": exact(incident.updated_at),
        "assignedTo": None,
        "classification": incident.classification or "unknown",
        "determination": incident.determination or "unknown",
        "severity": first.body["severity"],
        "comments": [comment_view(one) for one in incident.comments],
    }
