"""Identity Protection: what Microsoft believes about an account, and telling it what we know.

The whole service takes one request a second per tenant, for all applications, and does not say how
long to wait (learn.microsoft.com/graph/throttling-limits).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.clients import graph
from shared.clients.graph import Graph
from shared.errors import Gone
from shared.model import ObjectId, Value

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation
    from msgraph.graph_service_client import GraphServiceClient


class Risk(Value):
    """A risky user's state as Identity Protection names it: atRisk, confirmedCompromised, ..."""

    state: str
    level: str
    detail: str = ""


NO_RISK = Risk(state="none", level="none")


class RiskyUsers:
    """The risk record of an account; needs Entra ID P2."""

    def __init__(self, source: Graph) -> None:
        self._graph = source

    async def of(self, oid: ObjectId) -> Risk:
        """Read the record; an account that never was at risk has none.

        Source: GET /identityProtection/riskyUsers/{id}.
        """
        try:
            found = await self._graph.get(
                lambda g: g.identity_protection.risky_users.by_risky_user_id(
                    oid
                ).to_get_request_information(),
                permission=graph.RISKY_USER_READ_ALL,
            )
        except Gone:
            return NO_RISK
        return Risk(
            state=str(found.get("riskState", "unknown")),
            level=str(found.get("riskLevel", "unknown")),
            detail=str(found.get("riskDetail", "")),
        )

    async def confirm_compromised(self, oid: ObjectId) -> None:
        """Tell Microsoft that the account is compromised: risk becomes high, risk policies block.

        Source: POST /identityProtection/riskyUsers/confirmCompromised.
        """

        def build(g: GraphServiceClient) -> RequestInformation:
            from msgraph.generated.identity_protection.risky_users.confirm_compromised.confirm_compromised_post_request_body import (  # noqa: E501
                ConfirmCompromisedPostRequestBody,
            )

            return (
                g.identity_protection.risky_users.confirm_compromised.to_post_request_information(
                    ConfirmCompromisedPostRequestBody(user_ids=[oid])
                )
            )

        await self._graph.write(build, permission=graph.RISKY_USER_WRITE_ALL)

    async def dismiss(self, oid: ObjectId) -> None:
        """Take the risk back. Source: POST /identityProtection/riskyUsers/dismiss."""

        def build(g: GraphServiceClient) -> RequestInformation:
            from msgraph.generated.identity_protection.risky_users.dismiss.dismiss_post_request_body import (  # noqa: E501
                DismissPostRequestBody,
            )

            return g.identity_protection.risky_users.dismiss.to_post_request_information(
                DismissPostRequestBody(user_ids=[oid])
            )

        await self._graph.write(build, permission=graph.RISKY_USER_WRITE_ALL)
