"""What the organisation subscribes to: one subscription for each licence, and mail for all."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from lab.tenant.operations import Ask, Json, Shape, operation
from lab.tenant.settings import Licence
from lab.tenant.world import World

type Plans = tuple[tuple[str, str], ...]
_SPACE: Final = uuid.UUID("6fd2c87f-b296-42f0-b197-1e91e994b900")
_SKUS: Final[Mapping[Licence, tuple[str, Plans]]] = MappingProxyType(
    {
        Licence.ENTRA_P1: (
            "AAD_PREMIUM",
            (("AAD_PREMIUM", "41781fb2-bc02-4b7c-bd55-b576c07bb09d"),),
        ),
        Licence.ENTRA_P2: (
            "AAD_PREMIUM_P2",
            (
                ("AAD_PREMIUM", "41781fb2-bc02-4b7c-bd55-b576c07bb09d"),
                ("AAD_PREMIUM_P2", "eec0eb4f-6444-4f95-aba0-50c24d67f998"),
            ),
        ),
        Licence.DEFENDER_OFFICE_P2: (
            "THREAT_INTELLIGENCE",
            (("THREAT_INTELLIGENCE", "8e0c0a52-6a6c-4d40-8370-dd62790dcd70"),),
        ),
        Licence.DEFENDER_IDENTITY: (
            "ATA",
            (("ATA", "14ab5db5-e6c4-4b20-b4bc-13e36fd2227f"),),
        ),
    }
)
"""Source: learn.microsoft.com/entra/identity/users/licensing-service-plan-reference."""
_MAIL: Final = ("EXCHANGE_S_STANDARD", "9aaf7827-d63c-4b61-89c3-182f06f82e5c")


@operation(
    "GET",
    "/subscribedSkus",
    any_of=("LicenseAssignment.Read.All", "Organization.Read.All", "Directory.Read.All"),
    shape=Shape.MANY,
    returns="microsoft.graph.subscribedSku",
)
def list_subscriptions(ask: Ask) -> Json:
    """List what the organisation has paid for, and what it had."""
    return ask.page(_subscriptions(ask.world), lambda sku: sku, context="subscribedSkus")


def _subscriptions(world: World) -> Iterator[Json]:
    users = len(world.state.users)
    yield _sku(world, "EXCHANGESTANDARD", (_MAIL,), users)
    for licence, (name, plans) in _SKUS.items():
        if world.licensed(licence):
            yield _sku(world, name, plans, users)
        elif licence is Licence.ENTRA_P2:
            # A trial that ended is still listed.
            yield _sku(world, name, plans, 0)


def _sku(world: World, name: str, plans: Plans, seats: int) -> Json:
    sku = str(uuid.uuid5(_SPACE, name))
    return {
        "id": f"{world.tenant_id}_{sku}",
        "accountId": world.tenant_id,
        "accountName": "contoso",
        "appliesTo": "User",
        "capabilityStatus": "Enabled" if seats else "Suspended",
        "consumedUnits": seats,
        "prepaidUnits": {
            "enabled": seats,
            "lockedOut": 0,
            "suspended": 0 if seats else 25,
            "warning": 0,
        },
        "servicePlans": [
            {
                "appliesTo": "User",
                "provisioningStatus": "Success",
                "servicePlanId": plan,
                "servicePlanName": called,
            }
            for called, plan in plans
        ],
        "skuId": sku,
        "skuPartNumber": name,
        "subscriptionIds": [str(uuid.uuid5(_SPACE, f"{world.tenant_id} {name}"))],
    }
