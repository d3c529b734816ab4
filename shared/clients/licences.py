"""What accounts are licensed for, many at a time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import batched
from typing import TYPE_CHECKING, Final

from shared.clients import graph
from shared.clients.graph import Graph, every
from shared.model import ObjectId

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation
    from msgraph.graph_service_client import GraphServiceClient

MOST: Final = 15
"""Accounts in one request: more values are not taken in a filter of Graph."""
ADVANCED_AUDITING: Final = "2f442157-a11c-46b9-ae5b-6e39ff4e5849"
"""The service plan M365_ADVANCED_AUDITING, which is Audit (Premium).

Source: learn.microsoft.com/entra/identity/users/licensing-service-plan-reference
"""
_COUNTS: Final = frozenset({"Enabled", "Warning"})
"""States in which a plan can be used."""


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


def _asked(g: GraphServiceClient, oids: Sequence[ObjectId]) -> RequestInformation:
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from msgraph.generated.users.users_request_builder import UsersRequestBuilder

    listed = ",".join(f"'{oid}'" for oid in oids)
    query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(
        select=["id", "assignedPlans"], filter=f"id in ({listed})"
    )
    return g.users.to_get_request_information(RequestConfiguration(query_parameters=query))
