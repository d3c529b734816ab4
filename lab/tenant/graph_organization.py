"""The organisation and its domains."""

from __future__ import annotations

from lab.tenant.operations import Ask, Json, Shape, operation
from lab.tenant.state import Domain
from lab.tenant.user_view import seconds
from lab.tenant.world import World


@operation(
    "GET",
    "/domains",
    any_of=("Domain.Read.All", "Domain.ReadWrite.All", "Directory.Read.All"),
    shape=Shape.MANY,
    returns="microsoft.graph.domain",
)
def list_domains(ask: Ask) -> Json:
    """List the tenant's own domains."""
    return ask.page(ask.world.state.domains, _domain, context="domains")


@operation(
    "GET",
    "/organization",
    any_of=("Organization.Read.All", "Directory.Read.All", "User.Read.All"),
    shape=Shape.MANY,
    returns="microsoft.graph.organization",
)
def list_organizations(ask: Ask) -> Json:
    """Describe the tenant; a list of one."""
    return ask.page([ask.world], _organization, context="organization")


def _domain(domain: Domain) -> Json:
    return {
        "id": domain.name,
        "authenticationType": domain.authentication,
        "availabilityStatus": None,
        "isAdminManaged": True,
        "isDefault": domain.default,
        "isInitial": domain.initial,
        "isRoot": True,
        "isVerified": True,
        "supportedServices": ["Email", "OfficeCommunicationsOnline"],
    }


def _organization(world: World) -> Json:
    users = world.state.users
    return {
        "id": world.tenant_id,
        "createdDateTime": seconds(world.created_at),
        "displayName": "Contoso",
        "onPremisesSyncEnabled": True if any(users[oid].synced for oid in users) else None,
        "tenantType": "AAD",
        "verifiedDomains": [
            {
                "capabilities": "Email, OfficeCommunicationsOnline",
                "isDefault": domain.default,
                "isInitial": domain.initial,
                "name": domain.name,
                "type": domain.authentication,
            }
            for domain in world.state.domains
        ],
    }
