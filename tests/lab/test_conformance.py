"""What the tenant answers is Graph, and what it lets in is what Microsoft lists."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from lab.enrolment import Enrolment
from lab.scenarios import STORIES
from lab.tenant import graph_methods, graph_rules, user_view
from lab.tenant.catalogue import operations
from lab.tenant.operations import Operation, Shape
from lab.tenant.tokens import GRAPH
from tests.lab.furnished import furnish
from tests.lab.graph_types import Types, load
from tests.lab.tenancy import NOON, STRONG, Desk, make

OPERATIONS = operations()
NOT_IN_THE_MODEL = {
    "microsoft.graph.application",
    "microsoft.graph.domain",
    "microsoft.graph.driveItem",
    "microsoft.graph.security.analyzedEmail",
    "microsoft.graph.permission",
    "microsoft.graph.signInPreferences",
    "microsoft.graph.strongAuthenticationRequirements",
    "microsoft.graph.unifiedRoleAssignmentScheduleRequest",
    "microsoft.graph.unifiedRoleEligibilityScheduleRequest",
}
"""The reference data holds neither these nor any type of beta's, so nothing can judge them."""
_METHODS = {"UserAuthenticationMethod.Read.All", "UserAuthenticationMethod.ReadWrite.All"}
_FILES = {"Files.ReadWrite.All", "Sites.ReadWrite.All"}
UNLISTED = {
    "GET /applications/{id}": {
        "Application.Read.All",
        "Application.ReadWrite.All",
        "Directory.Read.All",
    },
    "GET /shares/{id}/driveitem": _FILES,
    "GET /drives/{id}/items/{id}/permissions": {"Files.Read.All", "Sites.Read.All", *_FILES},
    "DELETE /drives/{id}/items/{id}/permissions/{id}": _FILES,
    "GET /users/{id}/authentication/signinpreferences": _METHODS,
    "PATCH /users/{id}/authentication/signinpreferences": {
        "UserAuthenticationMethod.ReadWrite.All"
    },
    # The reference misspells the action's path.
    "POST /security/identities/identityaccounts/{id}/microsoft.graph.security.invokeaction": {
        "SecurityIdentitiesActions.ReadWrite.All"
    },
    "POST /groups/{id}/members/$ref": {"GroupMember.ReadWrite.All"},
    "DELETE /groups/{id}/members/{id}/$ref": {"GroupMember.ReadWrite.All"},
}
"""What the reference data leaves out. Source: https://learn.microsoft.com/graph/api/authentication-update
and group-post-members, group-delete-members"""
ON_PREMISES = (
    "POST /security/identities/identityAccounts/{identity}/microsoft.graph.security.invokeAction"
)
ASSIGNED = {"principalId": "{id}", "roleDefinitionId": "{role}", "directoryScopeId": "/"}
REQUESTED = {**ASSIGNED, "action": "adminAssign", "justification": "Because."}
BODIES: dict[str, Any] = {
    "PATCH /users/{id}/authentication/requirements": {"perUserMfaState": "enforced"},
    "PATCH /users/{id}/authentication/signInPreferences": {
        "userPreferredMethodForSecondaryAuthentication": "push"
    },
    "POST /users/{id}/authentication/temporaryAccessPassMethods": {"lifetimeInMinutes": 60},
    "PATCH /users/{id}": {"accountEnabled": False, "passwordProfile": {"password": STRONG}},
    "PATCH /users/{id}/mailFolders/inbox/messageRules/{rid}": {"isEnabled": False},
    "PATCH /users/{id}/mailboxSettings": {"automaticRepliesSetting": {"status": "disabled"}},
    "POST /identityProtection/riskyUsers/confirmCompromised": {"userIds": ["{id}"]},
    "POST /identityProtection/riskyUsers/dismiss": {"userIds": ["{id}"]},
    "PATCH /servicePrincipals/{client}": {"accountEnabled": False},
    "PATCH /devices/{device}": {"accountEnabled": False},
    "POST /groups/{group}/members/$ref": {"@odata.id": f"{GRAPH}/v1.0/directoryObjects/{{id}}"},
    "POST /roleManagement/directory/roleAssignments": ASSIGNED,
    "POST /roleManagement/directory/roleAssignmentScheduleRequests": REQUESTED,
    "POST /roleManagement/directory/roleEligibilityScheduleRequests": REQUESTED,
    "POST /oauth2PermissionGrants": {
        "clientId": "{client}",
        "consentType": "Principal",
        "principalId": "{id}",
        "resourceId": "{client}",
        "scope": "User.Read",
    },
    "POST /security/auditLog/queries": {
        "displayName": "Links",
        "filterStartDateTime": "2026-11-22T00:00:00Z",
        "filterEndDateTime": "2026-11-23T00:00:00Z",
        "operationFilters": ["AnonymousLinkCreated"],
    },
    "POST /security/collaboration/analyzedEmails/remediate": {
        "displayName": "Clean up",
        "description": "Phish",
        "severity": "high",
        "action": "softDelete",
        "remediateSendersCopy": False,
        "analyzedEmails": [
            {
                "networkMessageId": "{message}",
                "recipientEmailAddress": "hanna.weiss@contoso.example",
            }
        ],
    },
    "PATCH /security/secureScoreControlProfiles/{control}": {
        "assignedTo": "",
        "comment": "Another product does it",
        "state": "ThirdParty",
        "vendorInformation": {"provider": "SecureScore", "vendor": "Microsoft"},
    },
    ON_PREMISES: {
        "accountId": "{adaccount}",
        "action": "disable",
        "identityProvider": "activeDirectory",
    },
    "PATCH /security/alerts_v2/{aid}": {"status": "resolved", "determination": "phishing"},
    "POST /security/alerts_v2/{aid}/comments": {
        "@odata.type": "microsoft.graph.security.alertComment",
        "comment": "Seen.",
    },
    "PATCH /security/incidents/{iid}": {"status": "inProgress", "determination": "phishing"},
    "POST /security/incidents/{iid}/comments": {
        "@odata.type": "microsoft.graph.security.alertComment",
        "comment": "Seen.",
    },
}
everything = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda op: op.name)


def register_all(desk: Desk, oid: str, operation: Operation) -> str:
    """Register a method of every kind and give the id of the one that the operation is for."""
    wanted = "none"
    for kind, where in graph_methods.KINDS.items():
        method = Enrolment(desk.tenant).register(oid, kind, at=NOON)
        if f"/{where.segment}/" in operation.template:
            wanted = method.id
    return wanted


async def call(operation: Operation) -> tuple[int, Any]:
    """Use one operation on an account that has everything."""
    async with Desk(make()) as desk:
        synced = operation.method == "GET" or operation.name == ON_PREMISES
        oid = desk.people.synced("Dana Roth") if synced else ""
        oid = oid or desk.people.person("Ada Brandt")
        desk.people.risk(oid, "high")
        desk.people.group("Staff", [oid], role_assignable=True)
        desk.people.group("Plain", [oid])
        away = [{"emailAddress": {"name": "X", "address": "x@mallory.example"}}]
        rule = desk.people.rule(
            oid,
            "one",
            conditions={"subjectContains": ["bank"]},
            exceptions={"senderContains": ["boss"]},
            actions={"forwardTo": away, "moveToFolder": "RSS Feeds", "markAsRead": True},
        )
        desk.people.rule(oid, "odd", read_only=True)
        method = register_all(desk, oid, operation)
        if operation.method != "GET":
            desk.tenant.state.memberships.seed(oid, frozenset())
        path = operation.template.replace("{id}", oid).replace("{rid}", rule.id)
        path = path.replace("{mid}", method)
        if operation.only_in:
            path = f"{GRAPH}/{operation.only_in}{path}"
        body = json.dumps(BODIES.get(operation.name)).replace("{id}", oid)
        for place, name in furnish(desk, oid).items():
            path, body = path.replace(place, name), body.replace(place, name)
        if operation.returns == user_view.TYPE:
            path += "?$select=" + ",".join(user_view.PROPERTIES)
        answer = await desk.graph(operation.method, path, json.loads(body))
        if operation.shape is Shape.MANY:
            return answer.status_code, await desk.every(path)
        return answer.status_code, answer.json() if answer.content else None


@everything
async def test_every_answer_has_the_declared_shape_and_fits_the_declared_type(
    operation: Operation,
) -> None:
    types = Types()
    status, found = await call(operation)
    assert 200 <= status < 300
    match operation.shape:
        case Shape.NOTHING:
            assert (status, found) == (204, None)
        case Shape.ACCEPTED:
            assert (status, found) == (202, None)
        case Shape.VALUE:
            assert set(found) == {"@odata.context", "value"}
        case Shape.ONE | Shape.MANY:
            items = found if operation.shape is Shape.MANY else [found]
            assert operation.returns is not None
            assert items
            if operation.returns not in NOT_IN_THE_MODEL:
                faults = [f for item in items for f in types.faults(item, operation.returns)]
                assert not faults


@everything
def test_every_permission_that_opens_an_operation_is_one_that_microsoft_lists(
    operation: Operation,
) -> None:
    listed = load("permissions.json")["operations"]
    template = re.sub(r"\{\w+\}", "{id}", operation.template).lower()
    name = f"{operation.method} {template}"
    allowed = UNLISTED.get(name) or {*listed[name]["least"], *listed[name]["also"]}
    assert operation.any_of
    assert operation.any_of <= allowed


def test_every_type_that_is_answered_is_in_the_model_or_known_not_to_be() -> None:
    types = Types()
    unknown = {op.returns for op in OPERATIONS if op.returns and not types.knows(op.returns)}
    assert unknown == NOT_IN_THE_MODEL


def test_every_property_a_write_accepts_is_in_the_model() -> None:
    types = Types()
    users = {*user_view.WRITABLE_TEXT, "accountEnabled", "passwordProfile"}
    assert users <= types.properties("microsoft.graph.user").keys()
    rules = set(graph_rules.WRITABLE)
    assert rules <= types.properties("microsoft.graph.messageRule").keys()


def test_the_model_refuses_what_is_not_graph() -> None:
    types = Types()
    wrong = [
        {"acountEnabled": True},
        {"accountEnabled": "true"},
        {"createdDateTime": "yesterday"},
        {"proxyAddresses": None},
        {"@odata.type": "#microsoft.graph.group"},
    ]
    for value in wrong:
        assert list(types.faults(value, "microsoft.graph.user"))


@pytest.mark.parametrize("story", STORIES)
def test_alerts_of_the_stories_fit_their_types(story: str) -> None:
    types = Types()
    for alert in STORIES[story](make()).alerts:
        body = json.loads(alert.body)
        if alert.source == "identity-protection":
            for item in body["value"]:
                assert not list(types.faults(item, "microsoft.graph.riskDetection"))
                assert set(item) == types.properties("microsoft.graph.riskDetection").keys()
        elif alert.source == "defender":
            assert not list(types.faults(body, "microsoft.graph.security.alert"))
