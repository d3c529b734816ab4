"""A Log Analytics workspace with Microsoft Sentinel: incidents, whose entities come later."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from lab.tenant.user_view import exact


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An incident of one alert. `entities` are shown from `entities_at` on, in ARM's words."""

    name: str
    title: str
    product: str
    created_at: datetime
    severity: str = "High"
    status: str = "New"
    entities: tuple[dict[str, Any], ...] = ()
    entities_at: datetime | None = None
    classification: str | None = None
    reason: str | None = None
    comments: tuple[tuple[str, str], ...] = ()
    """Their ids and what they say."""
    version: int = 1

    @property
    def oid(self) -> str:
        """Whom it names first, by object id; empty where it names nobody so."""
        told = (one["properties"].get("aadUserId") for one in self.entities)
        return next(filter(None, told), "")

    @property
    def etag(self) -> str:
        """Changes with the incident and with its comments."""
        return f'"{self.version:08x}"'


@dataclass(slots=True, kw_only=True)
class Workspace:
    """What Sentinel keeps, by the incident's name; `roles` are what our identity holds on it."""

    id: str
    incidents: dict[str, Incident] = field(default_factory=dict)
    roles: frozenset[str] = frozenset({"Microsoft Sentinel Responder"})

    @classmethod
    def of(cls, tenant: str) -> Self:
        """Make the empty workspace of a tenant."""
        subscription = uuid.uuid5(uuid.UUID(tenant), "subscription")
        return cls(
            id=f"/subscriptions/{subscription}/resourceGroups/security"
            "/providers/Microsoft.OperationalInsights/workspaces/contoso-sentinel"
        )

    def resource(self, incident: Incident) -> str:
        """Name an incident as Azure does."""
        return f"{self.id}/providers/Microsoft.SecurityInsights/Incidents/{incident.name}"

    def view(self, incident: Incident) -> dict[str, Any]:
        """Show an incident as GET does. Source: SecurityInsights 2024-03-01, Incident."""
        return {
            "id": self.resource(incident),
            "name": incident.name,
            "type": "Microsoft.SecurityInsights/Incidents",
            "etag": incident.etag,
            "properties": {
                **_verdict(incident),
                "title": incident.title,
                "severity": incident.severity,
                "status": incident.status,
                "owner": {
                    "assignedTo": "Ada Analyst",
                    "userPrincipalName": "ada.analyst@contoso.example",
                },
                "labels": [],
                "firstActivityTimeUtc": exact(incident.created_at),
                "createdTimeUtc": exact(incident.created_at),
                "incidentNumber": 1020,
                "additionalData": {
                    "alertsCount": 1,
                    "alertProductNames": [incident.product],
                    "tactics": [],
                },
                "relatedAnalyticRuleIds": [],
            },
        }

    def alerts(self, incident: Incident) -> list[dict[str, Any]]:
        """Show its alerts as POST …/alerts does."""
        return [
            {
                "id": f"{self.id}/providers/Microsoft.SecurityInsights/Entities/{incident.name}",
                "name": incident.name,
                "type": "Microsoft.SecurityInsights/Entities",
                "kind": "SecurityAlert",
                "properties": {
                    "systemAlertId": incident.name,
                    "alertDisplayName": incident.title,
                    "productName": incident.product,
                    "severity": incident.severity,
                    "status": incident.status,
                },
            }
        ]

    def entities(self, incident: Incident, *, at: datetime) -> list[dict[str, Any]]:
        """Show its entities as POST …/entities does: none before they are there."""
        there = incident.entities_at is None or incident.entities_at <= at
        return list(incident.entities) if there else []


def _verdict(incident: Incident) -> dict[str, str]:
    said = {
        "classification": incident.classification,
        "classificationReason": incident.reason,
    }
    return {key: value for key, value in said.items() if value}


def account_entity(name: str, **properties: Any) -> dict[str, Any]:
    """Make an account as ARM shows it. Source: SecurityInsights 2024-03-01, AccountEntity."""
    return {
        "name": name,
        "type": "Microsoft.SecurityInsights/Entities",
        "kind": "Account",
        "properties": {"friendlyName": name, **properties},
    }
