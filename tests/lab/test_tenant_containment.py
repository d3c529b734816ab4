from __future__ import annotations

from typing import Any

import pytest

from tests.lab.tenancy import NOON, STRONG, Desk, code, make, message

ENABLE = "User.EnableDisableAccount.All"
PASSWORD = "User-PasswordProfile.ReadWrite.All"
PROFILE = {"password": STRONG, "forceChangePasswordNextSignIn": True}


async def test_disabling_needs_its_own_permission_and_takes_effect() -> None:
    async with Desk(make(granted=frozenset({ENABLE}))) as desk:
        oid = desk.people.person("Ada Brandt")
        body = {"@odata.type": "#microsoft.graph.user", "accountEnabled": False}
        answer = await desk.graph("PATCH", f"/users/{oid}", body)
        assert (answer.status_code, answer.content) == (204, b"")
        assert not desk.tenant.users[oid].enabled
        assert [(w.actor, w.oid, w.what) for w in desk.tenant.writes] == [
            (desk.tenant.own_object_id, oid, "accountEnabled: False")
        ]


@pytest.mark.parametrize("granted", [ENABLE, PASSWORD, "User.ReadWrite.All"])
async def test_disable_and_reset_in_one_body_need_both_rights_or_nothing_happens(
    granted: str,
) -> None:
    async with Desk(make(granted=frozenset({granted}))) as desk:
        oid = desk.people.person("Ada Brandt")
        before = desk.tenant.snapshot()
        body = {"accountEnabled": False, "passwordProfile": PROFILE}
        answer = await desk.graph("PATCH", f"/users/{oid}", body)
        assert (answer.status_code, code(answer)) == (403, "Authorization_RequestDenied")
        assert desk.tenant.snapshot() == before
        assert not desk.tenant.writes


async def test_user_read_write_all_disables_but_does_not_reset() -> None:
    async with Desk(make(granted=frozenset({"User.ReadWrite.All"}))) as desk:
        oid = desk.people.person("Ada Brandt")
        disable = await desk.graph("PATCH", f"/users/{oid}", {"accountEnabled": False})
        reset = await desk.graph("PATCH", f"/users/{oid}", {"passwordProfile": PROFILE})
        assert (disable.status_code, reset.status_code) == (204, 403)


@pytest.mark.parametrize(
    "body",
    [
        {"acountEnabled": False},
        {"accountEnabled": "false"},
        {"accountEnabled": None},
        {"passwordProfile": STRONG},
        {"passwordProfile": {"pasword": STRONG}},
        {"passwordProfile": {"password": STRONG, "forceChangePasswordNextSignIn": "yes"}},
        {"id": "another"},
        {"displayName": 7},
        {},
    ],
)
async def test_unknown_read_only_and_wrongly_typed_properties_are_refused(
    body: dict[str, Any],
) -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        before = desk.tenant.snapshot()
        assert (await desk.graph("PATCH", f"/users/{oid}", body)).status_code == 400
        assert desk.tenant.snapshot() == before


@pytest.mark.parametrize("password", ["Short-1", "alllowercaseletters", "lower1234567890"])
async def test_a_weak_password_is_refused(password: str) -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        body = {"passwordProfile": {"password": password}}
        answer = await desk.graph("PATCH", f"/users/{oid}", body)
        assert (answer.status_code, "complexity" in message(answer)) == (400, True)


async def test_a_password_is_set_and_kept_nowhere() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        profile = {"@odata.type": "#microsoft.graph.passwordProfile", **PROFILE}
        answer = await desk.graph("PATCH", f"/users/{oid}", {"passwordProfile": profile})
        user = desk.tenant.users[oid]
        assert answer.status_code == 204
        assert (user.password_version, user.must_change_password) == (2, True)
        assert user.password_changed_at == NOON
        assert STRONG not in repr((desk.tenant.snapshot(), desk.tenant.writes, user))


async def test_a_synced_accounts_password_is_refused_in_the_documented_words() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.synced("Dana Roth")
        reset = await desk.graph("PATCH", f"/users/{oid}", {"passwordProfile": PROFILE})
        assert reset.status_code == 400
        assert message(reset).startswith("Unable to update the specified properties for on-prem")
        disable = await desk.graph("PATCH", f"/users/{oid}", {"accountEnabled": False})
        assert disable.status_code == 204


async def test_the_next_directory_sync_enables_a_synced_account_again() -> None:
    async with Desk(make()) as desk:
        oid, cloud = desk.people.synced("Dana Roth"), desk.people.person("Ada Brandt")
        for who in (oid, cloud):
            await desk.graph("PATCH", f"/users/{who}", {"accountEnabled": False})
        assert desk.tenant.sync_directory() == [oid]
        assert desk.tenant.users[oid].enabled
        assert not desk.tenant.users[cloud].enabled


@pytest.mark.parametrize("body", [{"accountEnabled": False}, {"passwordProfile": PROFILE}])
@pytest.mark.parametrize(
    ("role", "ours", "status"),
    [
        ("Global Administrator", frozenset[str](), 403),
        ("Global Administrator", frozenset({"User Administrator"}), 403),
        ("Global Administrator", frozenset({"Privileged Authentication Administrator"}), 204),
        ("Helpdesk Administrator", frozenset[str](), 403),
        ("Helpdesk Administrator", frozenset({"User Administrator"}), 204),
        ("Helpdesk Administrator", frozenset({"Privileged Authentication Administrator"}), 204),
        (None, frozenset[str](), 204),
    ],
)
async def test_sensitive_writes_to_administrators_need_our_own_entra_role(
    body: dict[str, Any], role: str | None, ours: frozenset[str], status: int
) -> None:
    async with Desk(make(entra_roles=ours)) as desk:
        oid = desk.people.person("Frida Sand")
        if role:
            desk.people.role(role, [desk.people.group("Admins", [oid])])
        answer = await desk.graph("PATCH", f"/users/{oid}", body)
        assert answer.status_code == status
        if status == 403:
            assert code(answer) == "Authorization_RequestDenied"


async def test_members_of_role_assignable_groups_are_privileged() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Frida Sand")
        desk.people.group("Tier 0", [oid], role_assignable=True)
        answer = await desk.graph("PATCH", f"/users/{oid}", {"accountEnabled": False})
        assert answer.status_code == 403


async def test_a_restricted_management_unit_refuses_tenant_wide_rights() -> None:
    roles = frozenset({"Privileged Authentication Administrator"})
    async with Desk(make(entra_roles=roles)) as desk:
        oid = desk.people.person("Karl Maas", restricted=True)
        shown = (await desk.graph("GET", f"/users/{oid}?$select=isManagementRestricted")).json()
        answer = await desk.graph("PATCH", f"/users/{oid}", {"accountEnabled": False})
        assert shown["isManagementRestricted"] is True
        assert answer.status_code == 403


async def test_revoking_moves_the_sessions_date_in_whole_seconds() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        answer = await desk.graph("POST", f"/users/{oid}/revokeSignInSessions")
        shown = await desk.graph("GET", f"/users/{oid}?$select=signInSessionsValidFromDateTime")
        assert (answer.status_code, answer.json()["value"]) == (200, True)
        assert answer.json()["@odata.context"].endswith("$metadata#Edm.Boolean")
        assert shown.json()["signInSessionsValidFromDateTime"] == "2026-11-23T12:00:00Z"


async def test_revoking_a_guests_sessions_says_true_and_does_nothing() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.guest("Eli Stern")
        before = desk.tenant.snapshot()
        answer = await desk.graph("POST", f"/users/{oid}/revokeSignInSessions")
        assert answer.json()["value"] is True
        assert desk.tenant.snapshot() == before
        assert not desk.tenant.writes
