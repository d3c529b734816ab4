"""Directory roles: definitions, and assignments that last for ever."""

from __future__ import annotations

from typing import Final

from lab.tenant.answers import Answer, bad_request, no_such_object
from lab.tenant.operations import Ask, Json, Shape, operation
from lab.tenant.role_assignments import (
    ROOT,
    WRITE,
    assignment,
    filtered,
    held_by,
    hold,
    let_go,
    principal_of,
    role_named,
    roles_of,
)

ASSIGNMENT: Final = "microsoft.graph.unifiedRoleAssignment"
_READ: Final = ("RoleManagement.Read.Directory", WRITE, "Directory.Read.All")
_WANTED: Final = frozenset({"principalId", "roleDefinitionId", "directoryScopeId"})


@operation("GET", f"{ROOT}/roleAssignments", any_of=_READ, shape=Shape.MANY, returns=ASSIGNMENT)
def list_assignments(ask: Ask) -> Json:
    """List who holds which role directly, of one principal or of one role."""
    memberships = ask.world.state.memberships
    held = [
        (member, role)
        for member in memberships
        for role in roles_of(ask, memberships.seen(member, at=ask.seen_at))
    ]
    rows = [assignment(member, role) for member, role in held]
    return ask.page(filtered(ask, rows), dict, context="roleManagement/directory/roleAssignments")


@operation("POST", f"{ROOT}/roleAssignments", any_of=(WRITE,), returns=ASSIGNMENT)
def assign(ask: Ask) -> Answer:
    """Assign a role for ever."""
    fields = ask.fields()
    if fields.keys() != _WANTED:
        raise bad_request("The role assignment is not complete.")
    role = role_named(ask, fields["roleDefinitionId"])
    principal = principal_of(ask, fields)
    if role.id in held_by(ask, principal):
        raise bad_request(
            "A conflicting object with one or more of the specified property values is present in "
            "the directory."
        )
    hold(ask, principal, role, None)
    context = f"{ask.root}/$metadata#roleManagement/directory/roleAssignments/$entity"
    return Answer(201, {"@odata.context": context, **assignment(principal, role)})


@operation("DELETE", f"{ROOT}/roleAssignments/{{assignment}}", any_of=(WRITE,), shape=Shape.NOTHING)
def unassign(ask: Ask) -> Answer:
    """Take an assignment away."""
    memberships = ask.world.state.memberships
    for member in tuple(memberships):
        for role in roles_of(ask, memberships.get(member)):
            if assignment(member, role)["id"] == ask.path["assignment"]:
                let_go(ask, member, role)
                return Answer(204)
    raise no_such_object(ask.path["assignment"])


@operation(
    "GET",
    f"{ROOT}/roleDefinitions/{{role}}",
    any_of=_READ,
    returns="microsoft.graph.unifiedRoleDefinition",
)
def read_definition(ask: Ask) -> Json:
    """Read what a role is called."""
    role = role_named(ask, ask.path["role"])
    context = f"{ask.root}/$metadata#roleManagement/directory/roleDefinitions/$entity"
    return {
        "@odata.context": context,
        "id": role.template,
        "templateId": role.template,
        "displayName": role.name,
        "isBuiltIn": True,
        "isEnabled": True,
    }
