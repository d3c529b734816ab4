"""Whom an alert means that gives neither object id nor UPN: exactly one account, or nobody.

A Windows name is the weakest of names. Graph does not know the short name of a domain on premises,
only the long one, so the short one has to be the long one's first label; where an administrator
chose another, nobody is found and a person is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from shared.clients import graph
from shared.clients.graph import Graph, every
from shared.errors import Gone
from shared.model import AccountRef, Json, Value

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation
    from msgraph.graph_service_client import GraphServiceClient

_SAM: Final = "onPremisesSamAccountName"
_DOMAIN: Final = "onPremisesDomainName"


class _Search(Value):
    """One comparison, and the domain on premises whose account it has to be, if any."""

    field: str
    value: str
    domain: str | None = None

    def fits(self, user: Json) -> bool:
        """Whether a user found is of the domain that is meant."""
        if self.domain is None:
            return True
        whole = str(user.get(_DOMAIN) or "").lower()
        return self.domain.lower() in {whole, whole.partition(".")[0]} - {""}


async def only(source: Graph, ref: AccountRef, *, fields: tuple[str, ...]) -> Json:
    """Find the one account that has what the reference names, by what is trusted most in it.

    Raises `Gone` where no account has it, or more than one: never a guess.
    Source: GET /users?$filter=..., an advanced query for onPremisesSamAccountName
    (learn.microsoft.com/graph/aad-advanced-queries).
    """
    search = _search(ref)
    pages = source.pages(lambda g: _query(g, search, fields), permission=graph.USER_READ_ALL)
    found = [user for user in await every(pages) if search.fits(user)]
    if len(found) != 1:
        what = "DOMAIN\\name" if search.domain else search.field
        raise Gone(f"{len(found)} accounts have the {what} that the alert names; need exactly one")
    return found[0]


def _search(ref: AccountRef) -> _Search:
    if ref.mailbox:
        return _Search(field="mail", value=ref.mailbox)
    if ref.sid:
        return _Search(field="securityIdentifier", value=ref.sid)
    if ref.on_premises_sid:
        return _Search(field="onPremisesSecurityIdentifier", value=ref.on_premises_sid)
    domain, mark, name = (ref.windows_name or "").partition("\\")
    if not (domain and mark and name):
        raise Gone("The alert names no account that can be looked up")
    return _Search(field=_SAM, value=name, domain=domain)


def _query(g: GraphServiceClient, search: _Search, fields: tuple[str, ...]) -> RequestInformation:
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from msgraph.generated.users.users_request_builder import UsersRequestBuilder

    quoted = search.value.replace("'", "''")
    advanced = search.domain is not None
    query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(
        select=[*fields, *((_DOMAIN,) if advanced else ())],
        filter=f"{search.field} eq '{quoted}'",
        count=True if advanced else None,
    )
    request = RequestConfiguration(query_parameters=query)
    if advanced:
        request.headers.add("ConsistencyLevel", "eventual")
    return g.users.to_get_request_information(request)
