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


@operation(
    "GET",
    "/policies/identitySecurityDefaultsEnforcementPolicy",
    any_of=("Policy.Read.All",),
    returns="microsoft.graph.identitySecurityDefaultsEnforcementPolicy",
)
def read_security_defaults(ask: Ask) -> Json:
    """Say whether security defaults are on."""
    context = "policies/identitySecurityDefaultsEnforcementPolicy/$entity"
    return {
        "@odata.context": f"{ask.root}/$metadata#{context}",
        "id": "00000000-0000-0000-0000-000000000005",
        "displayName": "Security Defaults",
        "description": "Basic security that Microsoft advises.",
        "isEnabled": ask.world.state.directory.security_defaults,
    }


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
            "locations": _locations(rule),
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
                "includeUsers": sorted(rule.users),
                "excludeUsers": sorted(rule.without_users),
                "includeGroups": sorted(rule.groups),
                "excludeGroups": sorted(rule.without_groups),
                "includeRoles": sorted(rule.roles),
                "excludeRoles": sorted(rule.without_roles),
                "includeGuestsOrExternalUsers": _guests(rule.guests),
                "excludeGuestsOrExternalUsers": _guests(rule.without_guests),
            },
        },
        "grantControls": {
            "operator": rule.operator,
            "builtInControls": list(rule.controls),
            "customAuthenticationFactors": [],
            "termsOfUse": [],
            **_strength(rule),
        },
    }


def _locations(rule: AccessRule) -> Json | None:
    if not rule.locations:
        return None
    return {"includeLocations": ["All"], "excludeLocations": list(rule.locations)}


def _guests(kinds: str) -> Json | None:
    return {"guestOrExternalUserTypes": kinds, "externalTenants": None} if kinds else None


def _strength(rule: AccessRule) -> Json:
    """Show the strength, a navigation property that Graph expands only where there is one."""
    if not rule.strength:
        return {}
    chosen = {"id": rule.id, "allowedCombinations": list(rule.strength)}
    return {"authenticationStrength": chosen}
