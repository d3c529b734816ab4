"""Privileged Identity Management: terms of roles, and requests to begin or end one. Needs P2."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lab.tenant.answers import Answer, GraphRefusal, bad_request
from lab.tenant.directory_state import RoleTerm
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
    wrote,
)
from lab.tenant.settings import Licence
from lab.tenant.state import Role
from lab.tenant.user_view import exact


@operation(
    "GET",
    f"{ROOT}/roleAssignmentScheduleInstances",
    any_of=("RoleAssignmentSchedule.Read.Directory", "RoleManagement.Read.Directory", WRITE),
    shape=Shape.MANY,
    returns="microsoft.graph.unifiedRoleAssignmentScheduleInstance",
)
def list_active_terms(ask: Ask) -> Json:
    """List every active assignment as Privileged Identity Management sees it."""
    _licensed(ask)
    state = ask.world.state
    rows = []
    for member in state.memberships:
        for role in roles_of(ask, state.memberships.seen(member, at=ask.seen_at)):
            term = state.directory.active.get((member, role.id))
            how = "Activated" if term and term.activated else "Assigned"
            held = assignment(member, role)
            rows.append(
                _instance(held, term)
                | {"assignmentType": how, "roleAssignmentOriginId": held["id"]}
            )
    context = "roleManagement/directory/roleAssignmentScheduleInstances"
    return ask.page(filtered(ask, rows), dict, context=context)


@operation(
    "GET",
    f"{ROOT}/roleEligibilityScheduleInstances",
    any_of=("RoleEligibilitySchedule.Read.Directory", "RoleManagement.Read.Directory", WRITE),
    shape=Shape.MANY,
    returns="microsoft.graph.unifiedRoleEligibilityScheduleInstance",
)
def list_eligible_terms(ask: Ask) -> Json:
    """List who may activate which role."""
    _licensed(ask)
    roles, eligible = ask.world.state.roles, ask.world.state.directory.eligible
    rows = [
        _instance(assignment(term.principal, roles[term.role]), term) for term in eligible.values()
    ]
    context = "roleManagement/directory/roleEligibilityScheduleInstances"
    return ask.page(filtered(ask, rows), dict, context=context)


@operation(
    "POST",
    f"{ROOT}/roleAssignmentScheduleRequests",
    any_of=("RoleAssignmentSchedule.ReadWrite.Directory", WRITE),
    returns="microsoft.graph.unifiedRoleAssignmentScheduleRequest",
    consumes="microsoft.graph.unifiedRoleAssignmentScheduleRequest",
)
def request_assignment(ask: Ask) -> Answer:
    """Assign a role for a term, or end it."""
    _licensed(ask)
    fields = ask.fields()
    role, principal = role_named(ask, fields.get("roleDefinitionId")), principal_of(ask, fields)
    there = role.id in held_by(ask, principal)
    if _adds(fields, there=there):
        hold(ask, principal, role, _term(principal, role, fields))
    else:
        let_go(ask, principal, role)
    return _accepted(ask, "roleAssignmentScheduleRequests", fields)


@operation(
    "POST",
    f"{ROOT}/roleEligibilityScheduleRequests",
    any_of=("RoleEligibilitySchedule.ReadWrite.Directory", WRITE),
    returns="microsoft.graph.unifiedRoleEligibilityScheduleRequest",
    consumes="microsoft.graph.unifiedRoleEligibilityScheduleRequest",
)
def request_eligibility(ask: Ask) -> Answer:
    """Make an account eligible for a role, or end it."""
    _licensed(ask)
    fields = ask.fields()
    role, principal = role_named(ask, fields.get("roleDefinitionId")), principal_of(ask, fields)
    eligible = ask.world.state.directory.eligible
    if _adds(fields, there=(principal, role.id) in eligible):
        eligible[principal, role.id] = _term(principal, role, fields)
        wrote(ask, "Add eligible member to role", principal, role)
    else:
        del eligible[principal, role.id]
        wrote(ask, "Remove eligible member from role", principal, role)
    return _accepted(ask, "roleEligibilityScheduleRequests", fields)


def _instance(held: Json, term: RoleTerm | None) -> Json:
    start, end = (term.start, term.end) if term else (None, None)
    return {
        **held,
        "memberType": "Direct",
        "startDateTime": None if start is None else exact(start),
        "endDateTime": None if end is None else exact(end),
    }


def _adds(fields: Mapping[str, Any], *, there: bool) -> bool:
    """Read the action and refuse what cannot be done."""
    action = fields.get("action")
    if action == "adminAssign" and there:
        raise bad_request("The Role assignment already exists.", code="RoleAssignmentExists")
    if action == "adminRemove" and not there:
        text = "The Role assignment does not exist."
        raise bad_request(text, code="RoleAssignmentDoesNotExist")
    if action not in {"adminAssign", "adminRemove"} or not fields.get("justification"):
        raise bad_request("The request is not valid.", code="InvalidRoleAssignmentRequest")
    return bool(action == "adminAssign")


def _term(principal: str, role: Role, fields: Mapping[str, Any]) -> RoleTerm:
    schedule = fields.get("scheduleInfo") or {}
    expiration = schedule.get("expiration") or {}
    if (expiration.get("type") == "afterDateTime") is not bool(expiration.get("endDateTime")):
        raise bad_request("The expiration is not valid.", code="InvalidRoleAssignmentRequest")
    return RoleTerm(
        principal=principal,
        role=role.id,
        start=_moment(schedule.get("startDateTime")),
        end=_moment(expiration.get("endDateTime")),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _accepted(ask: Ask, requests: str, fields: Json) -> Answer:
    context = f"{ask.root}/$metadata#roleManagement/directory/{requests}/$entity"
    done = "Provisioned" if fields["action"] == "adminAssign" else "Revoked"
    kept = {name: value for name, value in fields.items() if name != "scheduleInfo"}
    return Answer(201, {"@odata.context": context, **kept, "id": ask.world.guid(), "status": done})


def _licensed(ask: Ask) -> None:
    if not ask.world.licensed(Licence.ENTRA_P2):
        raise GraphRefusal(
            400,
            "AadPremiumLicenseRequired",
            "The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance "
            "license.",
        )
