"""What the simulated directory refuses, in Microsoft's words: grants, devices, groups, roles."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lab.registrations import Registrations
from lab.tenant import TenantSettings
from lab.tenant.settings import Licence
from tests.lab.tenancy import NOON, Desk, code, make, message

ROLES = "/roleManagement/directory"
BEFORE = NOON - timedelta(minutes=1)
FREE = TenantSettings.instant(licences=frozenset[Licence]())


async def test_a_grant_for_the_same_three_is_there_once(desk: Desk) -> None:
    oid, directory = desk.people.person("Ada Brandt"), Registrations(desk.tenant)
    grant = directory.consent(oid, directory.app("Tool"), "User.Read", at=None)
    body = {
        "clientId": grant.client,
        "consentType": "Principal",
        "principalId": oid,
        "resourceId": grant.resource,
        "scope": "Mail.Read",
    }
    answer = await desk.graph("POST", "/oauth2PermissionGrants", body)
    assert (answer.status_code, code(answer)) == (409, "Request_MultipleObjectsWithSameKeyValue")
    assert desk.tenant.state.directory.grants[grant.id].scope == "User.Read"


async def test_a_grants_id_is_made_of_client_resource_and_principal(desk: Desk) -> None:
    oid, directory = desk.people.person("Ada Brandt"), Registrations(desk.tenant)
    app = directory.app("Tool")
    alone = directory.consent(oid, app, "User.Read", at=None)
    everybody = directory.consent(None, app, "User.Read", at=None)
    assert (len(alone.id), len(everybody.id)) == (64, 43)
    shown = await desk.every(f"/users/{oid}/oauth2PermissionGrants")
    assert [grant["id"] for grant in shown] == [alone.id]
    by_client = await desk.every(f"/oauth2PermissionGrants?$filter=clientId eq '{app}'")
    assert {grant["consentType"] for grant in by_client} == {"Principal", "AllPrincipals"}


async def test_taking_back_what_is_not_granted_is_not_found(desk: Desk) -> None:
    answer = await desk.graph("DELETE", "/oauth2PermissionGrants/none")
    assert (answer.status_code, code(answer)) == (404, "Request_ResourceNotFound")


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/auditLogs/directoryAudits", 403, "premium license"),
        ("/identity/conditionalAccess/policies", 403, "not licensed"),
        (f"{ROLES}/roleEligibilityScheduleInstances", 400, "Entra ID P2"),
        (f"{ROLES}/roleAssignmentScheduleInstances", 400, "Entra ID P2"),
    ],
)
async def test_what_needs_a_licence_says_so(path: str, status: int, said: str) -> None:
    async with Desk(make(FREE)) as desk:
        answer = await desk.graph("GET", path)
        assert answer.status_code == status
        assert said in message(answer)


async def test_the_audit_log_is_filtered_and_written_by_what_is_done(desk: Desk) -> None:
    oid, directory = desk.people.person("Ada Brandt"), Registrations(desk.tenant)
    grant = directory.consent(oid, directory.app("Tool"), "User.Read", at=BEFORE)
    await desk.graph("DELETE", f"/oauth2PermissionGrants/{grant.id}")
    by_ada = f"/auditLogs/directoryAudits?$filter=initiatedBy/user/id eq '{oid}'"
    (given,) = await desk.every(by_ada)
    assert given["activityDisplayName"] == "Consent to application"
    assert await desk.every(f"{by_ada} and activityDateTime ge 2026-11-23T12:00:00Z") == []
    (taken, _) = await desk.every("/auditLogs/directoryAudits")
    assert taken["activityDisplayName"] == "Remove delegated permission grant"
    assert taken["initiatedBy"]["app"]["servicePrincipalId"] == desk.tenant.own_object_id
    odd = await desk.graph("GET", "/auditLogs/directoryAudits?$filter=result ne 'x'")
    assert odd.status_code == 400


@pytest.mark.parametrize("body", [{}, {"accountEnabled": "no"}, {"displayName": "X"}])
async def test_a_device_is_switched_and_nothing_else(desk: Desk, body: Any) -> None:
    device = Registrations(desk.tenant).device(desk.people.person("Ada Brandt"), "PC", at=NOON)
    assert (await desk.graph("PATCH", f"/devices/{device.id}", body)).status_code == 400
    assert desk.tenant.state.directory.devices[device.id] == device


async def test_a_device_joined_on_premises_has_no_owner(desk: Desk) -> None:
    oid = desk.people.person("Ada Brandt")
    Registrations(desk.tenant).device(oid, "PC", at=NOON, trust="ServerAd")
    assert len(await desk.every(f"/users/{oid}/registeredDevices")) == 1
    assert await desk.every(f"/users/{oid}/ownedDevices") == []


def reference(oid: str) -> dict[str, str]:
    return {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{oid}"}


async def test_a_member_is_let_in_once_and_out_once(desk: Desk) -> None:
    oid = desk.people.person("Ada Brandt")
    members = f"/groups/{desk.people.group('Choir', [])}/members"
    assert (await desk.graph("POST", f"{members}/$ref", reference(oid))).status_code == 204
    again = await desk.graph("POST", f"{members}/$ref", reference(oid))
    assert again.status_code == 400
    assert "already exist" in message(again)
    assert (await desk.graph("DELETE", f"{members}/{oid}/$ref")).status_code == 204
    assert (await desk.graph("DELETE", f"{members}/{oid}/$ref")).status_code == 404


async def test_without_ref_no_member_is_deleted(desk: Desk) -> None:
    oid = desk.people.person("Ada Brandt")
    group = desk.people.group("Choir", [oid])
    assert (await desk.graph("DELETE", f"/groups/{group}/members/{oid}")).status_code >= 400
    assert oid in desk.tenant.users


@pytest.mark.parametrize("assignable", [False, True])
async def test_a_group_that_can_hold_roles_needs_the_right_to_roles(*, assignable: bool) -> None:
    async with Desk(make(granted=frozenset({"GroupMember.ReadWrite.All"}))) as desk:
        oid = desk.people.person("Ada Brandt")
        group = desk.people.group("Tier 0", [], role_assignable=assignable)
        answer = await desk.graph("POST", f"/groups/{group}/members/$ref", reference(oid))
        assert answer.status_code == (403 if assignable else 204)


async def test_an_assignments_id_stays_the_same_when_it_is_made_again(desk: Desk) -> None:
    oid = desk.people.person("Ada Brandt")
    desk.people.role("Reports Reader", [oid])
    assignments = f"{ROLES}/roleAssignments"
    mine = f"{assignments}?$filter=principalId eq '{oid}'"
    (before,) = await desk.every(mine)
    gone = await desk.graph("DELETE", f"{assignments}/{before['id']}")
    assert gone.status_code == 204
    assert await desk.every(mine) == []
    body = {key: before[key] for key in ("principalId", "roleDefinitionId", "directoryScopeId")}
    assert (await desk.graph("POST", assignments, body)).status_code == 201
    assert await desk.every(mine) == [before]
    assert (await desk.graph("POST", assignments, body)).status_code == 400


@pytest.mark.parametrize("requests", ["roleAssignment", "roleEligibility"])
async def test_a_term_is_begun_once_and_ended_once(desk: Desk, requests: str) -> None:
    oid = desk.people.person("Ada Brandt")
    role = desk.tenant.state.roles[desk.people.role("Reports Reader", [])].template
    asked = {
        "principalId": oid,
        "roleDefinitionId": role,
        "directoryScopeId": "/",
        "justification": "Because.",
    }
    path = f"{ROLES}/{requests}ScheduleRequests"
    codes = []
    for action in ("adminRemove", "adminAssign", "adminAssign", "adminRemove", "selfActivate"):
        answer = await desk.graph("POST", path, {**asked, "action": action})
        codes.append(code(answer) if answer.status_code == 400 else answer.status_code)
    assert codes == [
        "RoleAssignmentDoesNotExist",
        201,
        "RoleAssignmentExists",
        201,
        "InvalidRoleAssignmentRequest",
    ]


@pytest.fixture
async def desk() -> Any:
    async with Desk(make()) as made:
        yield made
