"""Conditional Access policies, which our own identity may only read. Needs Entra ID P1."""

from __future__ import annotations

from typing import Final

from lab.tenant.answers import GraphRefusal
from lab.tenant.directory_state import AccessRule
from lab.tenant.limits import Service
from lab.tenant.operations import Ask, Json, Shape, operation
from lab.tenant.settings import Licence

TYPE: Final = "microsoft.graph.conditionalAccessPolicy"


@operation(
    "GET",
    "/identity/conditionalAccess/policies",
    any_of=("Policy.Read.All",),
    shape=Shape.MANY,
    returns=TYPE,
    service=Service.IDENTITY_PROTECTION,
)
def list_policies(ask: Ask) -> Json:
    """List the policies, whatever their state."""
    if not ask.world.licensed(Licence.ENTRA_P1):
        raise GraphRefusal(403, "AccessDenied", "Your tenant is not licensed for this feature.")
    rules = ask.world.state.directory.rules.values()
    return ask.page(rules, _shown, context="identity/conditionalAccess/policies")


def _shown(rule: AccessRule) -> Json:
    return {
        "id": rule.id,
        "templateId": None,
        "displayName": rule.name,
        "createdDateTime": None,
        "modifiedDateTime": None,
        "state": rule.state,
        "sessionControls": None,
        "conditions": {
            "userRiskLevels": list(rule.user_risk),
            "signInRiskLevels": [],
            "clientAppTypes": list(rule.clients),
            "platforms": None,
            "locations": None,
            "servicePrincipalRiskLevels": [],
            "insiderRiskLevels": None,
            "applications": {
                "includeApplications": list(rule.apps),
                "excludeApplications": list(rule.without_apps),
                "includeUserActions": [],
                "includeAuthenticationContextClassReferences": [],
                "applicationFilter": None,
            },
            "users": {
                "includeUsers": [],
                "excludeUsers": sorted(rule.without_users),
                "includeGroups": sorted(rule.groups),
                "excludeGroups": sorted(rule.without_groups),
                "includeRoles": [],
                "excludeRoles": [],
                "includeGuestsOrExternalUsers": None,
                "excludeGuestsOrExternalUsers": None,
            },
        },
        "grantControls": {
            "operator": "OR",
            "builtInControls": list(rule.controls),
            "customAuthenticationFactors": [],
            "termsOfUse": [],
        },
    }
