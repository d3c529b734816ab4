"""What accounts have registered to prove themselves with, many at a time.

The report takes Entra ID P1; without it accounts are listed, and asked one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from shared.clients import graph
from shared.clients.graph import Graph
from shared.model import Json, ObjectId, Upn, Value

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation
    from msgraph.graph_service_client import GraphServiceClient

AUDIT_LOG_READ_ALL: Final = "AuditLog.Read.All"
_GUEST: Final = "guest"


class Registered(Value):
    """An account that may sign in, and what it has registered; `None` is unknown.

    `methods` are in the report's words, `factor`: whether one of them is a second factor.
    """

    object_id: ObjectId
    upn: Upn
    guest: bool | None = None
    admin: bool | None = None
    factor: bool | None = None
    methods: frozenset[str] | None = None


class Registrations:
    """Accounts and their methods, page by page."""

    def __init__(self, source: Graph) -> None:
        self._graph = source

    async def report(self, link: str | None = None) -> tuple[tuple[Registered, ...], str | None]:
        """Read a page of the report, and the link to the next. Raises `Denied` without Entra ID P1.

        At most five calls in ten seconds, with all other reports.
        Source: GET /reports/authenticationMethods/userRegistrationDetails.
        """
        page = await self._graph.page(
            lambda g: (
                g.reports.authentication_methods.user_registration_details.to_get_request_information()
            ),
            permission=AUDIT_LOG_READ_ALL,
            link=link,
        )
        return tuple(_reported(item) for item in page.items), page.next

    async def accounts(self, link: str | None = None) -> tuple[tuple[Registered, ...], str | None]:
        """Read a page of the accounts that may sign in, whose methods stay unknown.

        Source: GET /users?$select=id,userPrincipalName,userType,accountEnabled.
        """
        page = await self._graph.page(_accounts, permission=graph.USER_READ_ALL, link=link)
        enabled = (item for item in page.items if item.get("accountEnabled") is not False)
        return tuple(_listed(item) for item in enabled), page.next


def _accounts(g: GraphServiceClient) -> RequestInformation:
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from msgraph.generated.users.users_request_builder import UsersRequestBuilder

    query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(
        select=["id", "userPrincipalName", "userType", "accountEnabled"], top=999
    )
    return g.users.to_get_request_information(RequestConfiguration(query_parameters=query))


def _reported(item: Json) -> Registered:
    methods = item.get("methodsRegistered")
    known = isinstance(methods, list)
    return _listed(item).model_copy(
        update={
            "admin": _flag(item, "isAdmin"),
            "factor": _flag(item, "isMfaRegistered"),
            "methods": frozenset(map(str, methods or ())) if known else None,
        }
    )


def _listed(item: Json) -> Registered:
    oid, kind = str(item["id"]), item.get("userType")
    return Registered(
        object_id=ObjectId(oid),
        upn=Upn(str(item.get("userPrincipalName") or oid)),
        guest=None if kind is None else str(kind).casefold() == _GUEST,
    )


def _flag(item: Json, name: str) -> bool | None:
    found = item.get(name)
    return found if isinstance(found, bool) else None
