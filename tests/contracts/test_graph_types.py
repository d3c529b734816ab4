from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.contracts.graph_calls import RISK, RULE, USER, Contract
from tests.contracts.graph_types import DOMAIN, Permissions, Types
from tests.contracts.recording import Exchange

ID = "0b6f7c1e-3f0e-4d5c-9a64-2f6f3d0c8a11"
CONTEXT = "https://graph.microsoft.com/v1.0/$metadata#users/$entity"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"id": ID, "accountEnabled": False, "mail": None}, USER),
        ({"@odata.type": "#microsoft.graph.user", "id": ID}, "microsoft.graph.directoryObject"),
        ({"createdDateTime": "2026-11-23T12:00:00.1234567Z", "businessPhones": []}, USER),
        ({"passwordProfile": {"password": "x", "forceChangePasswordNextSignIn": True}}, USER),
        ({"actions": {"moveToFolder": "x", "forwardTo": [{"emailAddress": {}}]}}, RULE),
        ({"riskLevel": "high", "riskState": "atRisk"}, RISK),
        ({"id": "contoso.example", "supportedServices": ["Email"]}, DOMAIN),
    ],
)
def test_what_fits_is_let_pass(value: Any, kind: str, types: Types) -> None:
    assert list(types.problems(value, kind)) == []


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"isEnabled": True}, USER),
        ({"AccountEnabled": True}, USER),
        ({"accountEnabled": "false"}, USER),
        ({"accountEnabled": 0}, USER),
        ({"businessPhones": None}, USER),
        ({"businessPhones": "1"}, USER),
        ({"businessPhones": [1]}, USER),
        ({"createdDateTime": "2026-11-23T12:00:00"}, USER),
        ({"createdDateTime": 7}, USER),
        ({"passwordProfile": {"secret": "x"}}, USER),
        ({"@odata.type": "#microsoft.graph.group"}, USER),
        ({"@odata.type": "#microsoft.graph.nothing"}, USER),
        ({"sequence": True}, RULE),
        ({"sequence": 2**31}, RULE),
        ({"actions": {"forwardTo": [{"address": "x"}]}}, RULE),
        ({"riskLevel": "High"}, RISK),
        ({"riskState": None, "isDeleted": "no"}, RISK),
        ({"isVerified": None}, DOMAIN),
        ([], USER),
        ("x", USER),
        ({}, f"Collection({USER})"),
    ],
)
def test_what_does_not_fit_is_caught(value: Any, kind: str, types: Types) -> None:
    assert list(types.problems(value, kind))


def exchange(
    method: str, path: str, answer: Any = None, *, status: int = 200, body: Any = None
) -> Exchange:
    url = f"https://graph.microsoft.com/v1.0{path}"
    return Exchange(httpx.Request(method, url, json=body), status, answer)


@pytest.mark.parametrize(
    "passed",
    [
        exchange("GET", f"/users/{ID}?$select=id,enabled", {"@odata.context": CONTEXT}),
        exchange("GET", f"/users/{ID}?$expand=manager", {"@odata.context": CONTEXT}),
        exchange("GET", "/users?$filter=enabled eq 'x'", {"@odata.context": CONTEXT, "value": []}),
        exchange("GET", "/users?$top=5000", {"@odata.context": CONTEXT, "value": []}),
        exchange("GET", f"/users/{ID}", {"@odata.context": CONTEXT, "roles": []}),
        exchange("GET", f"/users/{ID}", {"id": ID}),
        exchange("GET", f"/users/{ID}"),
        exchange("PATCH", f"/users/{ID}", status=204),
        exchange("PATCH", f"/users/{ID}", status=204, body={"@odata.type": "microsoft.graph.user"}),
        exchange("PATCH", f"/users/{ID}", status=204, body={"accountEnabled": "no"}),
        exchange("POST", f"/users/{ID}/revokeSignInSessions", {"@odata.context": CONTEXT}, body={}),
        exchange(
            "POST",
            "/identityProtection/riskyUsers/confirmCompromised",
            status=204,
            body={"userIds": ID},
        ),
        exchange(
            "POST",
            "/identityProtection/riskyUsers/dismiss",
            status=204,
            body={"userIds": [ID], "comment": "x"},
        ),
        exchange("GET", f"/users/{ID}", {"error": "gone"}, status=404),
        exchange("GET", f"/users/{ID}", {"message": "gone"}, status=404),
    ],
    ids=str,
)
def test_a_request_or_answer_that_graph_does_not_know_is_caught(
    passed: Exchange, types: Types, permissions: Permissions
) -> None:
    try:
        assert list(Contract(types, permissions).problems(passed))
    except KeyError:  # a list without its value
        assert "value" not in passed.answer


@pytest.mark.parametrize(
    "path", ["/users/1/rules", "/user/1", "/users/1/mailFolders/1/messageRule"]
)
def test_an_operation_that_graph_does_not_have_is_caught(
    path: str, types: Types, permissions: Permissions
) -> None:
    with pytest.raises(AssertionError, match="no such operation"):
        Contract(types, permissions).operation(exchange("GET", path))


def test_a_write_of_sign_in_and_password_together_is_allowed_by_nothing(
    permissions: Permissions,
) -> None:
    both = {"accountEnabled": False, "passwordProfile": {}}
    assert permissions.allowing("PATCH /users/{id}", both) == frozenset()
