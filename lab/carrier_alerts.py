"""Alerts as their carriers send them, composed about accounts of the simulated tenant.

Shapes: Graph's riskDetection and security alert types, and the alert records of the Office 365
Management Activity API. Addresses are from 192.0.2.0/24, which is reserved for documentation.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from lab.tenant.defender import SecurityAlert, SecurityIncident
from lab.tenant.feeds import RiskDetection
from lab.tenant.state import User
from lab.tenant.user_view import exact
from lab.tenant.world import World

INTRUDER_IP: Final = "192.0.2.66"
_JSON: Final = MappingProxyType({"Content-Type": "application/json"})
_FORWARDING_POLICY: Final = "bfd48f06-0865-41a6-85ff-adb746423ebf"
_RESTRICTED_POLICY: Final = "7a4e7306-bbcb-401f-b112-8ca5f798a230"


class RiskState(StrEnum):
    """Whether Identity Protection still believes in the risk."""

    AT_RISK = "atRisk"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierAlert:
    """One HTTP request as a carrier makes it, but for the authentication that intake asks for."""

    source: str
    path: str
    headers: dict[str, str]
    body: bytes


def _posted(source: str, payload: Any) -> CarrierAlert:
    body = json.dumps(payload, indent=2).encode()
    return CarrierAlert(source=source, path=f"/api/alerts/{source}", headers=dict(_JSON), body=body)


def risk_detection(
    world: World, user: User, *, at: datetime, kind: str, state: RiskState = RiskState.AT_RISK
) -> CarrierAlert:
    """Compose what GET /identityProtection/riskDetections shows; `at` is when it was detected."""
    live = state is RiskState.AT_RISK
    detection = {
        "id": world.guid().replace("-", "") * 2,
        "requestId": world.guid(),
        "correlationId": world.guid(),
        "riskEventType": kind,
        "riskState": state.value,
        "riskLevel": "high",
        "riskDetail": "none" if live else "adminDismissedAllRiskForUser",
        "source": "IdentityProtection",
        "detectionTimingType": "realtime",
        "activity": "signin",
        "tokenIssuerType": "AzureAD",
        "ipAddress": INTRUDER_IP,
        "location": {
            "city": "Reykjavik",
            "state": None,
            "countryOrRegion": "IS",
            "geoCoordinates": {"altitude": None, "latitude": 64.1, "longitude": -21.9},
        },
        "activityDateTime": exact(at),
        "detectedDateTime": exact(at),
        "lastUpdatedDateTime": exact(at),
        "userId": user.id,
        "userDisplayName": user.display_name,
        "userPrincipalName": user.upn,
        "additionalInfo": '[{"Key":"userAgent","Value":"Mozilla/5.0"}]',
    }
    world.state.detections[str(detection["id"])] = RiskDetection(
        oid=user.id, updated_at=at, body=detection
    )
    context = "https://graph.microsoft.com/v1.0/$metadata#identityProtection/riskDetections"
    page = {"@odata.context": context, "value": [detection]}
    return _posted("identity-protection", page)


def restricted_from_sending(world: World, user: User, *, at: datetime) -> CarrierAlert:
    """Compose the Office 365 alert "User restricted from sending email", as its two records."""
    alert = world.guid()
    triggered = {"ObjectId": alert, "Operation": "AlertTriggered", "Data": json.dumps({})}
    data = {
        "etype": "User",
        "eid": user.upn,
        "tid": world.tenant_id,
        "ts": exact(at)[:19] + "Z",
        "te": exact(at)[:19] + "Z",
        "op": "CompromisedAccount",
        "tdc": "1",
        "suid": user.upn,
        "ut": "Regular",
        "lon": "CompromisedAccount",
    }
    entity = {
        "ObjectId": user.upn,
        "Operation": "AlertEntityGenerated",
        "AlertEntityId": user.upn,
        "EntityType": "User",
        "Data": json.dumps(data),
    }
    records = [_record(world, alert, at=at) | part for part in (triggered, entity)]
    return _posted("office365", records)


def _record(world: World, alert: str, *, at: datetime) -> dict[str, Any]:
    return {
        "CreationTime": exact(at)[:19],
        "Id": world.guid(),
        "OrganizationId": world.tenant_id,
        "RecordType": 40,
        "ResultStatus": "Succeeded",
        "UserKey": "SecurityComplianceAlerts",
        "UserType": 4,
        "Version": 1,
        "Workload": "SecurityComplianceCenter",
        "UserId": "SecurityComplianceAlerts",
        "AlertId": alert,
        "AlertLinks": [],
        "AlertType": "System",
        "Category": "ThreatManagement",
        "Comments": "New alert",
        "Name": "User restricted from sending email",
        "PolicyId": _RESTRICTED_POLICY,
        "Severity": "High",
        "Source": "Office 365 Security & Compliance",
        "Status": "Active",
    }


def suspicious_forwarding(world: World, user: User, *, at: datetime) -> CarrierAlert:
    """Compose the Defender alert "Suspicious Email Forwarding Activity" as alerts_v2 shows it."""
    provider = world.guid()
    incident = str(world.dice.randrange(100, 10_000))
    account = {
        "accountName": user.upn.partition("@")[0],
        "azureAdUserId": user.id,
        "displayName": user.display_name,
        "domainName": None,
        "userPrincipalName": user.upn,
        "userSid": user.sid,
    }
    evidence: dict[str, Any] = {
        "@odata.type": "#microsoft.graph.security.mailboxEvidence",
        "createdDateTime": exact(at),
        "verdict": "suspicious",
        "remediationStatus": "none",
        "roles": [],
        "tags": [],
        "primaryAddress": user.mail,
        "displayName": user.display_name,
        "upn": user.upn,
        "userAccount": account,
    }
    alert = {
        "@odata.type": "#microsoft.graph.security.alert",
        "id": f"fa{provider}",
        "providerAlertId": provider,
        "incidentId": incident,
        "alertPolicyId": _FORWARDING_POLICY,
        "status": "new",
        "severity": "high",
        "classification": None,
        "determination": None,
        "serviceSource": "microsoftDefenderForOffice365",
        "detectionSource": "microsoftDefenderForOffice365",
        "productName": "Microsoft Defender for Office 365",
        "detectorId": _FORWARDING_POLICY,
        "tenantId": world.tenant_id,
        "title": "Suspicious Email Forwarding Activity",
        "description": "This alert fires when a user auto-forwards mail to a suspicious address.",
        "category": "Collection",
        "assignedTo": None,
        "mitreTechniques": ["T1114.003"],
        "createdDateTime": exact(at),
        "lastUpdateDateTime": exact(at),
        "resolvedDateTime": None,
        "firstActivityDateTime": exact(at),
        "lastActivityDateTime": exact(at),
        "comments": [],
        "evidence": [evidence],
    }
    world.state.alerts[f"fa{provider}"] = SecurityAlert(
        oid=user.id, raised_at=at, body=alert, updated_at=at
    )
    world.state.incidents[incident] = SecurityIncident(oid=user.id, updated_at=at)
    return _posted("defender", alert)
