"""The directory: who an account is, and the three ways to shut it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter

from shared.clients import graph
from shared.clients.graph import Graph, every
from shared.clients.lookup import only
from shared.errors import Defect
from shared.model import Account, AccountKind, AccountRef, Json, ObjectId, Upn, Utc, Value

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation
    from msgraph.graph_service_client import GraphServiceClient

_FIELDS: Final = (
    "id",
    "userPrincipalName",
    "displayName",
    "mail",
    "accountEnabled",
    "userType",
    "onPremisesSyncEnabled",
    "isManagementRestricted",
    "onPremisesSecurityIdentifier",
    "signInSessionsValidFromDateTime",
    "lastPasswordChangeDateTime",
)
_TIME: Final = TypeAdapter(Utc)


class SignIn(StrEnum):
    """Whether an account may sign in."""

    ALLOWED = "allowed"
    BLOCKED = "blocked"


class Memberships(Value):
    """Groups (object ids) and directory roles (names) of an account, nested ones included."""

    groups: frozenset[ObjectId]
    roles: frozenset[str]


class Domains(Value):
    """The tenant's verified domains in lower case, and those of them that are federated."""

    verified: frozenset[str]
    federated: frozenset[str]


class Directory:
    """Accounts in the directory. `remembering` shares reads among plans made at one moment."""

    def __init__(
        self, source: Graph, *, memory: dict[str, asyncio.Task[Any]] | None = None
    ) -> None:
        self._graph = source
        self._memory = memory

    def remembering(self) -> Directory:
        """Make a view that asks for the same thing once, for plans made side by side."""
        return Directory(self._graph, memory={})

    async def account(self, who: str) -> Account:
        """Read one account by object id or UPN. Groups and roles stay unknown.

        Source: GET /users/{id | userPrincipalName}. Raises `Gone` where there is none.
        """
        return await self._once(f"account:{who}", lambda: self._account(who))

    async def find(self, ref: AccountRef) -> Account:
        """Find the one account a reference means, trusting the object id most.

        Raises `Gone` where there is none, and where an address is not unique: never a guess.
        """
        if ref.object_id or ref.upn:
            return await self.account(str(ref.object_id or ref.upn))
        return _account(await only(self._graph, ref, fields=_FIELDS))

    async def memberships(self, oid: ObjectId) -> Memberships:
        """Read groups and roles, nested ones included.

        Source: GET /users/{id}/transitiveMemberOf.
        """
        found = await every(
            self._graph.pages(
                lambda g: g.users.by_user_id(oid).transitive_member_of.to_get_request_information(),
                permission=graph.USER_READ_ALL,
            )
        )
        return Memberships(
            groups=frozenset(ObjectId(f["id"]) for f in found if _type(f) == "group"),
            roles=frozenset(
                str(f.get("displayName") or f["id"]) for f in found if _type(f) == "directoryRole"
            ),
        )

    async def size(self) -> int:
        """Count the directory's accounts, which may lag. Source: GET /users?$count=true."""
        found = await self._graph.get(_counted, permission=graph.USER_READ_ALL)
        count = found.get("@odata.count")
        if not isinstance(count, int):
            raise Defect("Graph did not say how many accounts there are")
        return count

    async def domains(self) -> Domains:
        """Read the tenant's own domains. Source: GET /domains."""
        return await self._once("domains", self._domains)

    async def set_sign_in(self, oid: ObjectId, sign_in: SignIn) -> None:
        """Allow or block sign-in, alone in its PATCH.

        With a password beside it, a refusal of the password would leave the account open.
        Source: PATCH /users/{id} {"accountEnabled": ...}.
        """

        def build(g: GraphServiceClient) -> RequestInformation:
            from msgraph.generated.models.user import User

            body = User(account_enabled=sign_in is SignIn.ALLOWED)
            return g.users.by_user_id(oid).to_patch_request_information(body)

        await self._graph.write(build, permission=graph.USER_ENABLE_DISABLE_ALL)

    async def set_password(self, oid: ObjectId, password: str) -> None:
        """Set a password that its owner must change, alone in its PATCH.

        Source: PATCH /users/{id} {"passwordProfile": ...}.
        """

        def build(g: GraphServiceClient) -> RequestInformation:
            from msgraph.generated.models.password_profile import PasswordProfile
            from msgraph.generated.models.user import User

            profile = PasswordProfile(password=password, force_change_password_next_sign_in=True)
            return g.users.by_user_id(oid).to_patch_request_information(
                User(password_profile=profile)
            )

        await self._graph.write(build, permission=graph.USER_PASSWORD_ALL)

    async def revoke_sessions(self, oid: ObjectId) -> None:
        """End every session: refresh tokens and cookies die, live access tokens run out.

        Source: POST /users/{id}/revokeSignInSessions.
        """
        await self._graph.write(
            lambda g: g.users.by_user_id(oid).revoke_sign_in_sessions.to_post_request_information(),
            permission=graph.USER_REVOKE_SESSIONS_ALL,
        )

    async def _account(self, who: str) -> Account:
        found = await self._graph.get(
            lambda g: _user_request(g, who), permission=graph.USER_READ_ALL
        )
        return _account(found)

    async def _domains(self) -> Domains:
        found = await every(
            self._graph.pages(
                lambda g: g.domains.to_get_request_information(), permission=graph.DOMAIN_READ_ALL
            )
        )
        own = [d for d in found if d.get("isVerified")]
        return Domains(
            verified=frozenset(str(d["id"]).lower() for d in own),
            federated=frozenset(
                str(d["id"]).lower() for d in own if d.get("authenticationType") == "Federated"
            ),
        )

    async def _once[T](self, key: str, read: Callable[[], Awaitable[T]]) -> T:
        if self._memory is None:
            return await read()
        if key not in self._memory:
            self._memory[key] = asyncio.ensure_future(read())
        return await asyncio.shield(self._memory[key])


def _user_request(g: GraphServiceClient, who: str) -> RequestInformation:
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from msgraph.generated.users.item.user_item_request_builder import UserItemRequestBuilder

    query = UserItemRequestBuilder.UserItemRequestBuilderGetQueryParameters(select=list(_FIELDS))
    return g.users.by_user_id(who).to_get_request_information(
        RequestConfiguration(query_parameters=query)
    )


def _counted(g: GraphServiceClient) -> RequestInformation:
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from msgraph.generated.users.users_request_builder import UsersRequestBuilder

    query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(
        select=["id"], top=1, count=True
    )
    request = RequestConfiguration(query_parameters=query)
    request.headers.add("ConsistencyLevel", "eventual")
    return g.users.to_get_request_information(request)


def _type(item: Json) -> str:
    return str(item.get("@odata.type", "")).rpartition(".")[2]


def _account(found: Json) -> Account:
    try:
        oid, upn = ObjectId(str(found["id"])), Upn(str(found["userPrincipalName"]))
    except KeyError as error:
        raise Defect(f"Graph answered a user without {error}") from error
    return Account(
        object_id=oid,
        upn=upn,
        display_name=str(found.get("displayName") or ""),
        mail=found.get("mail"),
        enabled=found.get("accountEnabled"),
        kinds=_kinds(found),
        on_premises_sid=found.get("onPremisesSecurityIdentifier"),
        sessions_valid_from=_time(found.get("signInSessionsValidFromDateTime")),
        last_password_change=_time(found.get("lastPasswordChangeDateTime")),
    )


def _kinds(found: Json) -> frozenset[AccountKind]:
    synced = bool(found.get("onPremisesSyncEnabled"))
    kinds = {AccountKind.SYNCED if synced else AccountKind.CLOUD}
    if found.get("userType") == "Guest":
        kinds = {AccountKind.GUEST}
    if found.get("isManagementRestricted"):
        kinds.add(AccountKind.RESTRICTED)
    return frozenset(kinds)


def _time(text: object) -> Utc | None:
    return None if text is None else _TIME.validate_python(text)
