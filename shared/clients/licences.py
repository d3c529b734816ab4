"""What accounts are licensed for, many at a time, and what the organisation has paid for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import partial
from itertools import batched
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from shared.clients import graph
from shared.clients.graph import Graph, every
from shared.model import ObjectId

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation
    from msgraph.graph_service_client import GraphServiceClient

LICENCE_READ_ALL: Final = "LicenseAssignment.Read.All"


class Plan(StrEnum):
    """Service plans that parts of ours need, by id.

    Source: learn.microsoft.com/entra/identity/users/licensing-service-plan-reference
    """

    ENTRA_P1 = "41781fb2-bc02-4b7c-bd55-b576c07bb09d"
    """AAD_PREMIUM; who has P2 has this one too."""
    ENTRA_P2 = "eec0eb4f-6444-4f95-aba0-50c24d67f998"
    """AAD_PREMIUM_P2."""
    DEFENDER_OFFICE_P2 = "8e0c0a52-6a6c-4d40-8370-dd62790dcd70"
    """THREAT_INTELLIGENCE."""
    DEFENDER_IDENTITY = "14ab5db5-e6c4-4b20-b4bc-13e36fd2227f"
    """ATA."""


PLAN_NAMES: Final[Mapping[Plan, str]] = MappingProxyType(
    {
        Plan.ENTRA_P1: "Entra ID P1",
        Plan.ENTRA_P2: "Entra ID P2",
        Plan.DEFENDER_OFFICE_P2: "Defender for Office 365 Plan 2",
        Plan.DEFENDER_IDENTITY: "Defender for Identity",
    }
)
MOST: Final = 15
"""Accounts in one request: more values are not taken in a filter of Graph."""
ADVANCED_AUDITING: Final = "2f442157-a11c-46b9-ae5b-6e39ff4e5849"
"""The service plan M365_ADVANCED_AUDITING, which is Audit (Premium).

Source: learn.microsoft.com/entra/identity/users/licensing-service-plan-reference
"""
_COUNTS: Final = frozenset({"Enabled", "Warning"})
"""States in which a plan or a subscription can be used."""
_OFF: Final = "Disabled"


class Licences:
    """Service plans, by account."""

    def __init__(self, source: Graph) -> None:
        self._graph = source

    async def plans(self, oids: Sequence[ObjectId]) -> dict[ObjectId, frozenset[str]]:
        """Read the service plans of accounts; one that is not in the answer is unknown.

        One request for each `MOST` of them. Source: GET /users?$filter=id in (...).
        """
        found: dict[ObjectId, frozenset[str]] = {}
        for some in batched(oids, MOST, strict=False):
            build = partial(_asked, oids=some)
            answer = await every(self._graph.pages(build, permission=graph.USER_READ_ALL))
            found |= {
                ObjectId(str(user["id"])): frozenset(
                    str(plan.get("servicePlanId"))
                    for plan in user.get("assignedPlans") or ()
                    if plan.get("capabilityStatus") in _COUNTS
                )
                for user in answer
            }
        return found

    async def subscribed(self) -> frozenset[str]:
        """List the service plans the organisation has, by id; who uses them is another question.

        Source: GET /subscribedSkus.
        """
        pages = self._graph.pages(
            lambda g: g.subscribed_skus.to_get_request_information(), permission=LICENCE_READ_ALL
        )
        return frozenset(
            [
                str(plan.get("servicePlanId")).lower()
                async for sku in pages
                if sku.get("capabilityStatus") in _COUNTS
                for plan in sku.get("servicePlans") or ()
                if plan.get("provisioningStatus") != _OFF
            ]
        )


def _asked(g: GraphServiceClient, oids: Sequence[ObjectId]) -> RequestInformation:
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from msgraph.generated.users.users_request_builder import UsersRequestBuilder

    listed = ",".join(f"'{oid}'" for oid in oids)
    query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(
        select=["id", "assignedPlans"], filter=f"id in ({listed})"
    )
    return g.users.to_get_request_information(RequestConfiguration(query_parameters=query))
