"""Secrets and certificates of applications: who holds one signs in as the application itself."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from shared.clients.consents import APPLICATION_READ_ALL
from shared.clients.graph import Graph
from shared.model import Json, ObjectId, Value

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation
    from msgraph.graph_service_client import GraphServiceClient

_SECRETS: Final = ("keyCredentials", "passwordCredentials")


class Holder(StrEnum):
    """What a credential was added to, as the directory's audit log calls it."""

    APPLICATION = "Application"
    """The registration, in the tenant the application is at home in."""
    SERVICE_PRINCIPAL = "ServicePrincipal"
    """The application as one tenant sees it; it can have credentials that no registration shows."""


class Credential(Value):
    """One of an application's secrets or certificates, by its id; never what is secret about it."""

    id: str
    certificate: bool


class Held(Value):
    """What an application or its service principal holds; `enabled` is `None` where it is unknown.

    A registration does not say whether it is enabled: that is its service principal's.
    """

    name: str
    enabled: bool | None
    credentials: tuple[Credential, ...]


class AppCredentials:
    """Reads what applications sign in with. Nothing here changes it."""

    def __init__(self, source: Graph) -> None:
        self._graph = source

    async def of(self, holder: Holder, oid: ObjectId) -> Held:
        """List an application's credentials, or its service principal's. Raises `Gone`.

        Source: GET /applications/{id} and GET /servicePrincipals/{id}; both show certificates only
        to who selects them.
        """
        build = _registration if holder is Holder.APPLICATION else _principal
        found = await self._graph.get(lambda g: build(g, oid), permission=APPLICATION_READ_ALL)
        certificates, secrets = (found.get(name) or () for name in _SECRETS)
        return Held(
            name=str(found.get("displayName") or oid),
            enabled=found.get("accountEnabled"),
            credentials=(
                *(_credential(item, certificate=True) for item in certificates),
                *(_credential(item, certificate=False) for item in secrets),
            ),
        )


def _credential(item: Json, *, certificate: bool) -> Credential:
    return Credential(id=str(item.get("keyId") or "").lower(), certificate=certificate)


def _registration(g: GraphServiceClient, oid: ObjectId) -> RequestInformation:
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from msgraph.generated.applications.item.application_item_request_builder import (
        ApplicationItemRequestBuilder as Builder,
    )

    query = Builder.ApplicationItemRequestBuilderGetQueryParameters(
        select=["displayName", *_SECRETS]
    )
    return g.applications.by_application_id(oid).to_get_request_information(
        RequestConfiguration(query_parameters=query)
    )


def _principal(g: GraphServiceClient, oid: ObjectId) -> RequestInformation:
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from msgraph.generated.service_principals.item.service_principal_item_request_builder import (
        ServicePrincipalItemRequestBuilder as Builder,
    )

    query = Builder.ServicePrincipalItemRequestBuilderGetQueryParameters(
        select=["displayName", "accountEnabled", *_SECRETS]
    )
    return g.service_principals.by_service_principal_id(oid).to_get_request_information(
        RequestConfiguration(query_parameters=query)
    )
