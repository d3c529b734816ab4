"""Who holds which directory role: read, changed and shown.

An assignment is a membership of the role; what Privileged Identity Management knows beyond that
(since when, until when, activated) lies beside it. Everything counts for the whole directory.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from lab.tenant.answers import bad_request, no_such_object
from lab.tenant.directory_state import RoleTerm, packed
from lab.tenant.graph_directory_audits import record
from lab.tenant.operations import Ask, Json
from lab.tenant.state import Role

ROOT: Final = "/roleManagement/directory"
WRITE: Final = "RoleManagement.ReadWrite.Directory"
_FILTER: Final = re.compile(r"(principalId|roleDefinitionId) eq '([^']+)'")


def roles_of(ask: Ask, parents: frozenset[str] | None) -> list[Role]:
    """Pick the roles among what somebody is a member of."""
    roles = ask.world.state.roles
    return [roles[parent] for parent in sorted(parents or ()) if parent in roles]


def held_by(ask: Ask, principal: str) -> frozenset[str]:
    """Read all that a principal is a member of."""
    return ask.world.state.memberships.get(principal) or frozenset()


def assignment(member: str, role: Role) -> Json:
    """Show an assignment; its id is made of role, principal and scope."""
    return {
        "id": f"{packed(role.template, member)}-1",
        "principalId": member,
        "roleDefinitionId": role.template,
        "directoryScopeId": "/",
    }


def filtered(ask: Ask, rows: list[Json]) -> list[Json]:
    """Keep the rows that the query asks for."""
    text = ask.query.get("$filter")
    if text is None:
        return rows
    match = _FILTER.fullmatch(text)
    if match is None:
        raise bad_request("Unsupported or invalid query filter clause specified.")
    return [row for row in rows if row[match[1]] == match[2]]


def role_named(ask: Ask, definition: object) -> Role:
    """Find a role by its definition."""
    for role in ask.world.state.roles.values():
        if role.template == definition:
            return role
    raise no_such_object(str(definition))


def principal_of(ask: Ask, fields: Mapping[str, Any]) -> str:
    """Find whom a body names."""
    principal = str(fields.get("principalId")).lower()
    if fields.get("directoryScopeId") != "/":
        raise bad_request("The simulated tenant knows no administrative units.")
    if principal not in ask.world.state.users and principal not in ask.world.state.groups:
        raise no_such_object(principal)
    return principal


def hold(ask: Ask, principal: str, role: Role, term: RoleTerm | None) -> None:
    """Let a principal hold a role."""
    state = ask.world.state
    state.memberships.put(principal, held_by(ask, principal) | {role.id}, at=ask.world.now())
    if term is not None:
        state.directory.active[principal, role.id] = term
    wrote(ask, "Add member to role", principal, role)


def let_go(ask: Ask, principal: str, role: Role) -> None:
    """End a principal's hold of a role."""
    state = ask.world.state
    state.memberships.put(principal, held_by(ask, principal) - {role.id}, at=ask.world.now())
    state.directory.active.pop((principal, role.id), None)
    wrote(ask, "Remove member from role", principal, role)


def wrote(ask: Ask, activity: str, principal: str, role: Role) -> None:
    """Write it into the audit log, and tell the world."""
    targets = (("User", principal), ("Role", role.id))
    record(ask.world, activity, by=ask.claims.oid, targets=targets, category="RoleManagement")
    ask.wrote(principal, f"{activity}: {role.name}")
