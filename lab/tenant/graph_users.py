"""Users: reading one, finding some, and what groups and roles they are in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from lab.tenant.answers import bad_request
from lab.tenant.operations import Ask, Json, Shape, operation
from lab.tenant.state import Group, Role, User
from lab.tenant.user_view import PROPERTIES, TYPE, shown

_READ: Final = ("User.Read.All", "User.ReadWrite.All", "Directory.Read.All")
_EQUALS: Final = re.compile(r"\s*(\w+)\s+eq\s+'((?:[^']|'')*)'\s*")
_ANY_PROXY: Final = re.compile(
    r"\s*proxyAddresses/any\(\s*(\w+)\s*:\s*\1\s+eq\s+'((?:[^']|'')*)'\s*\)\s*"
)
_ONE_OF: Final = re.compile(r"\s*id\s+in\s*\(([^)]*)\)\s*")
_MOST_IDS: Final = 15
"""How many values Graph takes in one such list."""
_FILTERABLE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "id": "id",
        "mail": "mail",
        "onpremisessamaccountname": "sam_account_name",
        "onpremisessecurityidentifier": "on_premises_sid",
        "securityidentifier": "sid",
        "userprincipalname": "upn",
    }
)

_INDEXED: Final = frozenset({"sam_account_name"})
"""Fields that only an advanced query finds (ConsistencyLevel eventual and $count), as in Graph."""


@operation("GET", "/users/{id}", any_of=_READ, returns=TYPE)
def read_user(ask: Ask) -> Json:
    """Read one account by object id or UPN."""
    wanted = ask.wants(PROPERTIES, TYPE)
    context = f"users({','.join(wanted)})/$entity" if wanted else "users/$entity"
    return {
        "@odata.context": f"{ask.root}/$metadata#{context}",
        **shown(ask.user_as_seen(), wanted),
    }


@operation("GET", "/users", any_of=_READ, shape=Shape.MANY, returns=TYPE)
def list_users(ask: Ask) -> Json:
    """List accounts, or those that a filter names."""
    wanted = ask.wants(PROPERTIES, TYPE)
    state = ask.world.state
    text = ask.query.get("$filter")
    oids = list(state.users) if text is None else _found(ask, text)
    seen = (state.users.seen(oid, at=ask.seen_at) for oid in oids)
    users = [user for user in seen if user is not None]

    def show(user: User) -> Json:
        return shown(user, wanted)

    return ask.page(users, show, context="users")


@operation(
    "GET",
    "/users/{id}/transitiveMemberOf",
    any_of=("User.Read.All", "Directory.Read.All", "GroupMember.Read.All"),
    shape=Shape.MANY,
    returns="microsoft.graph.directoryObject",
)
def list_memberships(ask: Ask) -> Json:
    """List the groups and directory roles an account is in, nested ones included."""
    user = ask.user_as_seen()
    parents = ask.world.state.parents(user.id, at=ask.seen_at)
    return ask.page(parents, _parent, context="directoryObjects")


def _found(ask: Ask, text: str) -> list[str]:
    state = ask.world.state
    if match := _ONE_OF.fullmatch(text):
        wanted = [part.strip().strip("'") for part in match[1].split(",")]
        if len(wanted) > _MOST_IDS:
            raise bad_request(f"Too many child clauses specified in search filter: {len(wanted)}.")
        return [oid for oid in wanted if oid in state.users]
    return state.where(*_condition(ask, text))


def _condition(ask: Ask, text: str) -> tuple[str, str]:
    """Read the one comparison that a filter makes."""
    if match := _ANY_PROXY.fullmatch(text):
        return "proxy_addresses", match[2].replace("''", "'")
    match = _EQUALS.fullmatch(text)
    if match is None or match[1].casefold() not in _FILTERABLE:
        raise bad_request("Unsupported or invalid query filter clause specified.")
    field = _FILTERABLE[match[1].casefold()]
    if field in _INDEXED and not ask.advanced:
        raise bad_request("Unsupported or invalid query filter clause specified.")
    return field, match[2].replace("''", "'")


def _parent(parent: Group | Role) -> Json:
    if isinstance(parent, Role):
        return {
            "@odata.type": "#microsoft.graph.directoryRole",
            "id": parent.id,
            "displayName": parent.name,
            "roleTemplateId": parent.template,
        }
    return {
        "@odata.type": "#microsoft.graph.group",
        "id": parent.id,
        "displayName": parent.name,
        "groupTypes": ["DynamicMembership"] if parent.dynamic else [],
        "isAssignableToRole": True if parent.role_assignable else None,
        "mailEnabled": False,
        "securityEnabled": True,
    }
