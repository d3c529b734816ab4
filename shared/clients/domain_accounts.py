"""Accounts in Active Directory on premises, reached through Defender for Identity.

Its sensor on a domain controller does what is asked here, so an answer means that it was asked:
whether it happened is read from the identity afterwards.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from shared.clients.graph import Graph, every
from shared.errors import Defect, Gone
from shared.model import Json, Value

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation
    from msgraph.graph_service_client import GraphServiceClient

IDENTITY_ACCOUNT_READ_ALL: Final = "SecurityIdentitiesAccount.Read.All"
IDENTITY_ACTION_WRITE_ALL: Final = "SecurityIdentitiesActions.ReadWrite.All"
_HERE: Final = "activedirectory"


class DomainSignIn(StrEnum):
    """Whether an account may sign in on premises, as the action that makes it so."""

    ALLOWED = "enable"
    BLOCKED = "disable"


class DomainAccount(Value):
    """One account in Active Directory, as Defender for Identity knows it."""

    identity: str
    account: str
    """What the identity is called in Active Directory; actions name it."""
    domain: str
    enabled: bool | None
    """`None`: Defender for Identity does not say."""


class DomainAccounts:
    """Accounts on premises, found by their security identifier and by nothing else."""

    def __init__(self, source: Graph) -> None:
        self._graph = source

    async def find(self, sid: str) -> DomainAccount:
        """Find an account. Raises `Gone` where Defender for Identity does not watch over it.

        Source: GET /security/identities/identityAccounts?$filter=onPremisesSecurityIdentifier eq.
        """
        found = await every(
            self._graph.pages(lambda g: _query(g, sid), permission=IDENTITY_ACCOUNT_READ_ALL)
        )
        known = [account for item in found for account in _in_active_directory(item)]
        if len(known) != 1:
            raise Gone(
                f"Defender for Identity knows {len(known)} accounts in Active Directory by this "
                "security identifier; need exactly one"
            )
        return known[0]

    async def set_sign_in(self, whom: DomainAccount, sign_in: DomainSignIn) -> None:
        """Ask the sensor to enable or disable an account.

        Source: POST /security/identities/identityAccounts/{id}/invokeAction.
        """

        def build(g: GraphServiceClient) -> RequestInformation:
            from msgraph.generated.models.security.action import Action
            from msgraph.generated.models.security.identity_provider import IdentityProvider
            from msgraph.generated.security.identities.identity_accounts.item.microsoft_graph_security_invoke_action import (  # noqa: E501 - the SDK's module names
                invoke_action_post_request_body as invoked,
            )

            body = invoked.InvokeActionPostRequestBody(
                account_id=whom.account,
                action=Action(sign_in.value),
                identity_provider=IdentityProvider.ActiveDirectory,
            )
            identities = g.security.identities.identity_accounts
            return identities.by_identity_accounts_id(
                whom.identity
            ).microsoft_graph_security_invoke_action.to_post_request_information(body)

        await self._graph.write(build, permission=IDENTITY_ACTION_WRITE_ALL)


def _query(g: GraphServiceClient, sid: str) -> RequestInformation:
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from msgraph.generated.security.identities.identity_accounts import (
        identity_accounts_request_builder as builder,
    )

    quoted = sid.replace("'", "''")
    query = builder.IdentityAccountsRequestBuilder.IdentityAccountsRequestBuilderGetQueryParameters(
        filter=f"onPremisesSecurityIdentifier eq '{quoted}'"
    )
    return g.security.identities.identity_accounts.to_get_request_information(
        RequestConfiguration(query_parameters=query)
    )


def _in_active_directory(item: Json) -> list[DomainAccount]:
    accounts: list[Any] = item.get("accounts") or []
    try:
        return [
            DomainAccount(
                identity=str(item["id"]),
                account=str(account["identifier"]),
                domain=str(item.get("domain") or ""),
                enabled=item.get("isEnabled"),
            )
            for account in accounts
            if _provider(account) == _HERE
        ]
    except KeyError as error:
        raise Defect(f"Graph answered an identity account without {error}") from error


def _provider(account: Json) -> str:
    """Read which directory it is in; the type calls the property one way, the examples another."""
    return str(account.get("identityProvider") or account.get("provider") or "").lower()
