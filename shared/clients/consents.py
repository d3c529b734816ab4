"""Consents: which applications an account lets act in its name, and what is known of them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from shared.clients.graph import Graph
from shared.errors import Gone
from shared.model import Json, ObjectId, Value

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation
    from msgraph.graph_service_client import GraphServiceClient

GRANT_WRITE_ALL: Final = "DelegatedPermissionGrant.ReadWrite.All"
APPLICATION_READ_ALL: Final = "Application.Read.All"
APPLICATION_WRITE_ALL: Final = "Application.ReadWrite.All"
PAGE: Final = 100
"""Grants in a page of all there are: each may need its application looked up."""
_APP_FIELDS: Final = (
    "id",
    "appId",
    "displayName",
    "accountEnabled",
    "appOwnerOrganizationId",
    "verifiedPublisher",
)


class Grant(Value):
    """A delegated permission grant; `scope` is exactly as Graph shows it, spaces included.

    Graph keeps no time of its making. Its id is made of client, resource and principal: granted
    again it is the same.
    """

    id: str
    client: ObjectId
    consent_type: str
    principal: ObjectId | None
    resource: ObjectId
    scope: str

    @property
    def scopes(self) -> frozenset[str]:
        """The single permissions."""
        return frozenset(self.scope.split())


class AppState(StrEnum):
    """Whether anybody in the organisation may use an application."""

    ENABLED = "enabled"
    DISABLED = "disabled"


class App(Value):
    """An application as this tenant sees it: its service principal.

    `home` is the tenant that registered it, `publisher` who Microsoft verified it comes from;
    `None` where it is unknown or nobody.
    """

    object_id: ObjectId
    app_id: str | None = None
    name: str
    enabled: bool | None = None
    home: str | None = None
    publisher: str | None = None


class Consents:
    """The delegated grants of accounts. App role assignments are another matter, left alone."""

    def __init__(self, source: Graph) -> None:
        self._graph = source

    async def of(self, oid: ObjectId) -> tuple[Grant, ...]:
        """List what the account alone has granted, every page.

        Source: GET /users/{id}/oauth2PermissionGrants.
        """
        pages = self._graph.pages(
            lambda g: g.users.by_user_id(oid).oauth2_permission_grants.to_get_request_information(),
            permission=GRANT_WRITE_ALL,
        )
        return tuple([_grant(item) async for item in pages])

    async def to_app(self, client: ObjectId) -> tuple[Grant, ...]:
        """List what anybody has granted to an application, every page.

        Source: GET /oauth2PermissionGrants?$filter=clientId eq '...'.
        """
        pages = self._graph.pages(lambda g: _by_client(g, client), permission=GRANT_WRITE_ALL)
        return tuple([_grant(item) async for item in pages])

    async def page(self, link: str | None = None) -> tuple[tuple[Grant, ...], str | None]:
        """Read one page of what anybody has granted to anything, and the link to the page after.

        Source: GET /oauth2PermissionGrants.
        """
        page = await self._graph.page(_everything, permission=GRANT_WRITE_ALL, link=link)
        return tuple(_grant(item) for item in page.items), page.next

    async def for_everybody(self, client: ObjectId) -> tuple[Grant, ...]:
        """List what an application may do in everybody's name."""
        grants = await self.to_app(client)
        return tuple(grant for grant in grants if grant.consent_type == "AllPrincipals")

    async def app(self, client: ObjectId, *, permission: str = APPLICATION_READ_ALL) -> App:
        """Read an application; of one that is gone nothing but its id is known.

        `permission` is the one that the caller holds; that to write lets read as well.
        Source: GET /servicePrincipals/{id}.
        """
        try:
            found = await self._graph.get(lambda g: _app_request(g, client), permission=permission)
        except Gone:
            return App(object_id=client, name=client)
        return App(
            object_id=client,
            app_id=found.get("appId"),
            name=str(found.get("displayName") or client),
            enabled=found.get("accountEnabled"),
            home=found.get("appOwnerOrganizationId"),
            publisher=(found.get("verifiedPublisher") or {}).get("displayName"),
        )

    async def set_app_state(self, client: ObjectId, state: AppState) -> None:
        """Let an application's tokens be issued to anybody, or to nobody. Raises `Gone`.

        Source: PATCH /servicePrincipals/{id} {"accountEnabled": ...}.
        """

        def build(g: GraphServiceClient) -> RequestInformation:
            from msgraph.generated.models.service_principal import ServicePrincipal

            body = ServicePrincipal(account_enabled=state is AppState.ENABLED)
            return g.service_principals.by_service_principal_id(
                client
            ).to_patch_request_information(body)

        await self._graph.write(build, permission=APPLICATION_WRITE_ALL)

    async def revoke(self, grant: Grant) -> None:
        """Take a grant back. Source: DELETE /oauth2PermissionGrants/{id}."""
        await self._graph.write(
            lambda g: g.oauth2_permission_grants.by_o_auth2_permission_grant_id(
                grant.id
            ).to_delete_request_information(),
            permission=GRANT_WRITE_ALL,
        )

    async def give(self, grant: Grant) -> None:
        """Grant exactly that. Raises `Conflict` where a grant for the three is there already.

        Source: POST /oauth2PermissionGrants.
        """

        def build(g: GraphServiceClient) -> RequestInformation:
            from msgraph.generated.models.o_auth2_permission_grant import OAuth2PermissionGrant

            return g.oauth2_permission_grants.to_post_request_information(
                OAuth2PermissionGrant(
                    client_id=grant.client,
                    consent_type=grant.consent_type,
                    principal_id=grant.principal,
                    resource_id=grant.resource,
                    scope=grant.scope,
                )
            )

        await self._graph.write(build, permission=GRANT_WRITE_ALL)


def _everything(g: GraphServiceClient) -> RequestInformation:
    return _grants(g, top=PAGE)


def _by_client(g: GraphServiceClient, client: ObjectId) -> RequestInformation:
    return _grants(g, filter=f"clientId eq '{client}'")


def _grants(g: GraphServiceClient, **query: Any) -> RequestInformation:
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from msgraph.generated.oauth2_permission_grants.oauth2_permission_grants_request_builder import (  # noqa: E501
        Oauth2PermissionGrantsRequestBuilder as Builder,
    )

    parameters = Builder.Oauth2PermissionGrantsRequestBuilderGetQueryParameters(**query)
    return g.oauth2_permission_grants.to_get_request_information(
        RequestConfiguration(query_parameters=parameters)
    )


def _app_request(g: GraphServiceClient, client: ObjectId) -> RequestInformation:
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from msgraph.generated.service_principals.item.service_principal_item_request_builder import (
        ServicePrincipalItemRequestBuilder as Builder,
    )

    query = Builder.ServicePrincipalItemRequestBuilderGetQueryParameters(select=list(_APP_FIELDS))
    return g.service_principals.by_service_principal_id(client).to_get_request_information(
        RequestConfiguration(query_parameters=query)
    )


def _grant(item: Json) -> Grant:
    return Grant(
        id=str(item["id"]),
        client=ObjectId(str(item["clientId"])),
        consent_type=str(item.get("consentType") or ""),
        principal=item.get("principalId"),
        resource=ObjectId(str(item["resourceId"])),
        scope=str(item.get("scope") or ""),
    )
