"""Lists that grow: Defender's alerts and Identity Protection's detections, in no promised order."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from lab.tenant.answers import GraphRefusal
from lab.tenant.defender import SecurityAlert
from lab.tenant.feeds import RiskDetection
from lab.tenant.filters import Field, clauses, keeps
from lab.tenant.graph_alerts import TYPE, entity
from lab.tenant.limits import Service
from lab.tenant.operations import Ask, Json, Shape, operation
from lab.tenant.settings import Licence

_ALERT_FIELDS: Final[Mapping[str, Field[Any]]] = MappingProxyType(
    {
        "lastUpdateDateTime": lambda alert: alert.updated_at,
        "createdDateTime": lambda alert: alert.raised_at,
        "status": lambda alert: alert.status,
    }
)
_DETECTION_FIELDS: Final[Mapping[str, Field[Any]]] = MappingProxyType(
    {
        "lastUpdatedDateTime": lambda detection: detection.updated_at,
        "userId": lambda detection: detection.oid,
    }
)


@operation(
    "GET",
    "/security/alerts_v2",
    any_of=("SecurityAlert.Read.All", "SecurityAlert.ReadWrite.All"),
    shape=Shape.MANY,
    returns=TYPE,
    service=Service.SECURITY,
)
def list_alerts(ask: Ask) -> Json:
    """List alerts."""
    wanted = clauses(ask, _ALERT_FIELDS)
    found = [each for each in ask.world.state.alerts.values() if keeps(wanted, _ALERT_FIELDS, each)]

    def show(alert: SecurityAlert) -> Json:
        return entity(alert)

    return ask.page(found, show, context="security/alerts_v2")


@operation(
    "GET",
    "/identityProtection/riskDetections",
    any_of=("IdentityRiskEvent.Read.All",),
    shape=Shape.MANY,
    returns="microsoft.graph.riskDetection",
    service=Service.IDENTITY_PROTECTION,
)
def list_detections(ask: Ask) -> Json:
    """List risk detections; needs Entra ID P1."""
    if not ask.world.licensed(Licence.ENTRA_P1):
        raise GraphRefusal(403, "Forbidden", "Your tenant is not licensed for this feature.")
    wanted = clauses(ask, _DETECTION_FIELDS)
    every = ask.world.state.detections.values()
    found = [each for each in every if keeps(wanted, _DETECTION_FIELDS, each)]

    def show(detection: RiskDetection) -> Json:
        return detection.body

    return ask.page(found, show, context="identityProtection/riskDetections")
