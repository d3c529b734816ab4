"""Direct members of one group; a role-assignable one is guarded by the right to roles as well."""

from __future__ import annotations

import re
from typing import Final

from lab.tenant.answers import Answer, bad_request, no_such_object
from lab.tenant.graph_directory_audits import record
from lab.tenant.operations import Ask, Json, Shape, operation
from lab.tenant.state import Group, User
from lab.tenant.user_view import shown

_WRITE: Final = "GroupMember.ReadWrite.All"
_ROLES: Final = "RoleManagement.ReadWrite.Directory"
_REFERENCE: Final = re.compile(
    r"https?://[^/]+/v1\.0/(?:directoryObjects|users)/([0-9a-fA-F-]{36})"
)


@operation(
    "GET",
    "/groups/{group}/members",
    any_of=("GroupMember.Read.All", _WRITE, "Group.Read.All", "Directory.Read.All"),
    shape=Shape.MANY,
    returns="microsoft.graph.directoryObject",
)
def list_members(ask: Ask) -> Json:
    """List who is in the group directly."""
    group = _group(ask)
    state = ask.world.state
    members = [
        user
        for oid in state.users
        if group.id in (state.memberships.seen(oid, at=ask.seen_at) or ())
        and (user := state.users.seen(oid, at=ask.seen_at)) is not None
    ]
    return ask.page(members, _member, context="directoryObjects")


@operation(
    "GET",
    "/groups/{group}/transitiveMembers",
    any_of=("GroupMember.Read.All", _WRITE, "Group.Read.All", "Directory.Read.All"),
    shape=Shape.MANY,
    returns="microsoft.graph.directoryObject",
)
def list_all_members(ask: Ask) -> Json:
    """List who is in the group directly or through other groups."""
    group, state = _group(ask), ask.world.state
    inside, waiting = {group.id}, [group.id]
    parents = {member: state.memberships.seen(member, at=ask.seen_at) for member in state.groups}
    while waiting:
        outer = waiting.pop()
        nested = [g for g, above in parents.items() if outer in (above or ()) and g not in inside]
        inside.update(nested)
        waiting += nested
    members = [
        user
        for oid in state.users
        if inside & (state.memberships.seen(oid, at=ask.seen_at) or frozenset())
        and (user := state.users.seen(oid, at=ask.seen_at)) is not None
    ]
    return ask.page(members, _member, context="directoryObjects")


@operation("POST", "/groups/{group}/members/$ref", any_of=(_WRITE,), shape=Shape.NOTHING)
def add_member(ask: Ask) -> Answer:
    """Let an account in."""
    group = _group(ask)
    body = ask.body or {}
    match = _REFERENCE.fullmatch(str(body.get("@odata.id")))
    if match is None or ask.fields():
        raise bad_request("Invalid URL format specified in payload.")
    user = ask.world.user(match[1])
    if user is None:
        raise no_such_object(match[1])
    held = ask.world.state.memberships.get(user.id) or frozenset()
    if group.id in held:
        raise bad_request(
            "One or more added object references already exist for the following modified "
            "properties: 'members'."
        )
    _set(ask, user.id, held | {group.id}, "Add member to group", group)
    return Answer(204)


@operation("DELETE", "/groups/{group}/members/{member}/$ref", any_of=(_WRITE,), shape=Shape.NOTHING)
def remove_member(ask: Ask) -> Answer:
    """Take an account out."""
    group, member = _group(ask), ask.path["member"].lower()
    held = ask.world.state.memberships.get(member) or frozenset()
    if group.id not in held:
        raise no_such_object(ask.path["member"])
    _set(ask, member, held - {group.id}, "Remove member from group", group)
    return Answer(204)


def _group(ask: Ask) -> Group:
    group = ask.world.state.groups.get(ask.path["group"].lower())
    if group is None:
        raise no_such_object(ask.path["group"])
    if ask.operation.method != "GET":
        if group.role_assignable:
            ask.require(_ROLES)
        if group.dynamic:
            raise bad_request("Membership of a dynamic group is not set by hand.")
    return group


def _set(ask: Ask, oid: str, groups: frozenset[str], activity: str, group: Group) -> None:
    ask.world.state.memberships.put(oid, groups, at=ask.world.now())
    targets = (("User", oid), ("Group", group.id))
    record(ask.world, activity, by=ask.claims.oid, targets=targets, category="GroupManagement")
    ask.wrote(oid, f"{activity}: {group.name}")


def _member(user: User) -> Json:
    return {"@odata.type": "#microsoft.graph.user", **shown(user, None)}
