"""Authentication methods in the simulated tenant: Graph's refusals, passes, and what kills what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from lab.enrolment import Enrolment
from lab.footholds import Foiled
from lab.intruder import Intruder
from lab.method_footholds import RegisteredMethod, StolenPass
from lab.tenant import TenantSettings
from lab.tenant.graph_methods import KINDS, PASSWORD_ID
from lab.tenant.settings import AccessPass
from lab.tenant.tokens import GRAPH
from tests.lab.tenancy import NOON, STRONG, Desk, code, make, message

ROOT = "/users/{}/authentication"
BETA = f"{GRAPH}/beta"


async def kinds(desk: Desk, oid: str, *, beta: str = "") -> set[str]:
    found = await desk.every(f"{beta}{ROOT.format(oid)}/methods")
    return {method["@odata.type"].rpartition(".")[2] for method in found}


async def test_v1_hides_what_only_beta_knows() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        for kind in KINDS:
            Enrolment(desk.tenant).register(oid, kind, at=NOON)
        new = {"hardwareOathAuthenticationMethod", "qrCodePinAuthenticationMethod"}
        everything = await kinds(desk, oid, beta=BETA)
        assert len(everything) == len(KINDS) + 1
        assert await kinds(desk, oid) == everything - new


@pytest.mark.parametrize("path", ["requirements", "signInPreferences"])
async def test_v1_has_no_such_resource_as_beta(path: str) -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        refused = await desk.graph("GET", f"{ROOT.format(oid)}/{path}")
        assert refused.status_code == 400
        assert path in message(refused)
        assert (await desk.graph("GET", f"{BETA}{ROOT.format(oid)}/{path}")).status_code == 200


async def test_the_password_is_listed_and_no_way_leads_to_its_removal() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        assert await kinds(desk, oid) == {"passwordAuthenticationMethod"}
        path = f"{ROOT.format(oid)}/passwordMethods/{PASSWORD_ID}"
        assert (await desk.graph("DELETE", path)).status_code == 400


@pytest.mark.parametrize(
    ("default", "kind", "says"),
    [
        ("push", "microsoftAuthenticator", "Cannot delete default method with other methods"),
        ("sms", "phone", "matches the user's current default authentication method"),
    ],
)
async def test_the_default_stays_until_it_is_changed(default: str, kind: str, says: str) -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        enrolment = Enrolment(desk.tenant)
        made = {
            one: enrolment.register(oid, one, at=NOON)
            for one in ("phone", "microsoftAuthenticator")
        }
        enrolment.prefer(oid, default)
        path = f"{ROOT.format(oid)}/{KINDS[kind].segment}/{made[kind].id}"
        refused = await desk.graph("DELETE", path)
        assert (refused.status_code, code(refused)) == (400, "badRequest")
        assert says in message(refused)
        other = {"push": "sms", "sms": "push"}[default]
        preference = {"userPreferredMethodForSecondaryAuthentication": other}
        where = f"{BETA}{ROOT.format(oid)}/signInPreferences"
        assert (await desk.graph("PATCH", where, preference)).status_code == 204
        assert (await desk.graph("DELETE", path)).status_code == 204
        assert (await desk.graph("DELETE", path)).status_code == 404


async def test_the_last_default_may_go_when_nothing_else_could_be_it() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        enrolment = Enrolment(desk.tenant)
        phone = enrolment.register(oid, "phone", at=NOON)
        enrolment.register(oid, "fido2", at=NOON)
        enrolment.prefer(oid, "sms")
        answer = await desk.graph("DELETE", f"{ROOT.format(oid)}/phoneMethods/{phone.id}")
        assert answer.status_code == 204
        assert enrolment.of(oid).preferred is None


@pytest.mark.parametrize("wish", ["push", "telepathy", None])
async def test_only_what_is_registered_can_be_the_default(wish: str | None) -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        Enrolment(desk.tenant).register(oid, "phone", at=NOON)
        body = {"userPreferredMethodForSecondaryAuthentication": wish}
        where = f"{BETA}{ROOT.format(oid)}/signInPreferences"
        assert (await desk.graph("PATCH", where, body)).status_code == 400


async def test_an_administrators_methods_need_a_role_that_reaches_them() -> None:
    for roles, status in ((frozenset[str](), 403), (OVER_ALL, 204)):
        async with Desk(make(entra_roles=roles)) as desk:
            oid = desk.people.person("Frida Sand")
            desk.people.role("Global Administrator", [oid])
            phone = Enrolment(desk.tenant).register(oid, "phone", at=NOON)
            answer = await desk.graph("DELETE", f"{ROOT.format(oid)}/phoneMethods/{phone.id}")
            assert answer.status_code == status


OVER_ALL = frozenset({"Privileged Authentication Administrator"})


async def issue(desk: Desk, oid: str, **wish: Any) -> Any:
    return await desk.graph("POST", f"{ROOT.format(oid)}/temporaryAccessPassMethods", wish)


async def test_a_pass_is_shown_once_and_a_new_one_replaces_it() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        made = [(await issue(desk, oid, lifetimeInMinutes=60)).json() for _ in range(2)]
        secrets = {one["temporaryAccessPass"] for one in made}
        assert len(secrets) == 2
        path = f"{ROOT.format(oid)}/methods"
        shown = [m for m in await desk.every(path) if "Pass" in m["@odata.type"]]
        assert [one["id"] for one in shown] == [made[1]["id"]]
        state = str(desk.tenant.snapshot()) + str(desk.tenant.writes) + str(shown)
        assert not any(secret in state for secret in secrets)


@pytest.mark.parametrize(
    "wish",
    [
        {"lifetimeInMinutes": 9},
        {"lifetimeInMinutes": 43201},
        {"lifetimeInMinutes": "60"},
        {"isUsableOnce": "yes"},
        {"startDateTime": "soon"},
        {"temporaryAccessPass": "chosen"},
    ],
)
async def test_a_pass_outside_of_the_policy_is_refused(wish: dict[str, Any]) -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        assert (await issue(desk, oid, **wish)).status_code == 400
        assert not Enrolment(desk.tenant).of(oid).methods


async def test_where_the_policy_is_off_and_for_guests_there_are_no_passes() -> None:
    async with Desk(make(TenantSettings.instant(access_pass=AccessPass.OFF))) as desk:
        refused = await issue(desk, desk.people.person("Ada Brandt"), lifetimeInMinutes=60)
        assert (refused.status_code, code(refused)) == (400, "badRequest")
        assert "UserCredentialPolicy" in message(refused)
    async with Desk(make()) as desk:
        refused = await issue(desk, desk.people.guest("Eli Stern"), lifetimeInMinutes=60)
        assert "external guest user" in message(refused)


@pytest.mark.parametrize("body", [{}, {"perUserMfaState": "on"}, {"perUserMfaState": None}])
async def test_a_state_of_mfa_that_there_is_not_is_refused(body: dict[str, Any]) -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        path = f"{BETA}{ROOT.format(oid)}/requirements"
        assert (await desk.graph("PATCH", path, body)).status_code == 400
        assert (await desk.graph("GET", path)).json()["perUserMfaState"] == "disabled"


class Registered:
    """One account with a method, another method and a pass of the intruder's."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.oid = desk.people.person("Ada Brandt")
        enrolment = Enrolment(desk.tenant)
        self.key = enrolment.register(self.oid, "fido2", at=NOON)
        self.other = enrolment.register(self.oid, "fido2", at=NOON)
        self.access = enrolment.register(self.oid, "temporaryAccessPass", at=NOON)
        self.footholds = {
            "method": RegisteredMethod("key", method=self.key),
            "pass": StolenPass("pass", method=self.access),
        }
        self.intruder = Intruder(desk.tenant, self.oid, self.footholds.values())
        desk.tenant.clock.advance(10)

    async def delete(self, segment: str, method: str) -> None:
        path = f"{ROOT.format(self.oid)}/{segment}/{method}"
        assert (await self.desk.graph("DELETE", path)).status_code == 204

    def closed(self) -> set[str]:
        return {name for name, f in self.footholds.items() if f.closed_at is not None}


async def delete_method(scene: Registered) -> None:
    await scene.delete("fido2Methods", scene.key.id)


async def delete_another(scene: Registered) -> None:
    await scene.delete("fido2Methods", scene.other.id)


async def delete_pass(scene: Registered) -> None:
    await scene.delete("temporaryAccessPassMethods", scene.access.id)


async def replace_pass(scene: Registered) -> None:
    assert (await issue(scene.desk, scene.oid, lifetimeInMinutes=60)).status_code == 201


async def revoke(scene: Registered) -> None:
    await scene.desk.graph("POST", f"/users/{scene.oid}/revokeSignInSessions")


async def reset(scene: Registered) -> None:
    profile = {"password": STRONG, "forceChangePasswordNextSignIn": True}
    await scene.desk.graph("PATCH", f"/users/{scene.oid}", {"passwordProfile": profile})


async def disable(scene: Registered) -> None:
    await scene.desk.graph("PATCH", f"/users/{scene.oid}", {"accountEnabled": False})


async def enforce(scene: Registered) -> None:
    path = f"{BETA}{ROOT.format(scene.oid)}/requirements"
    await scene.desk.graph("PATCH", path, {"perUserMfaState": "enforced"})


type Action = Callable[[Registered], Awaitable[None]]
TABLE: list[tuple[Action, set[str]]] = [
    (delete_method, {"method"}),
    (delete_another, set()),
    (delete_pass, {"pass"}),
    (replace_pass, {"pass"}),
    (revoke, set()),
    (reset, set()),
    (disable, set()),
    (enforce, set()),
]


@pytest.mark.parametrize(("action", "shuts"), TABLE, ids=[a.__name__ for a, _ in TABLE])
async def test_a_method_dies_by_its_deletion_and_by_nothing_else(
    action: Action, shuts: set[str]
) -> None:
    async with Desk(make()) as desk:
        scene = Registered(desk)
        assert all(act.succeeded for act in scene.intruder.attempt_all())
        await action(scene)
        assert scene.closed() == shuts
        assert {f.label for f in scene.intruder.living()} == {
            scene.footholds[name].label for name in scene.footholds.keys() - shuts
        }


async def test_a_pass_runs_out_by_itself() -> None:
    async with Desk(make()) as desk:
        scene = Registered(desk)
        desk.tenant.clock.advance(timedelta(hours=1).total_seconds())
        assert [f.number for f in scene.intruder.living()] == [5]


async def test_a_disabled_account_is_of_no_use_until_it_is_enabled_again() -> None:
    async with Desk(make()) as desk:
        scene = Registered(desk)
        await disable(scene)
        with pytest.raises(Foiled, match="disabled"):
            scene.footholds["method"].act(desk.tenant, scene.oid)
        await desk.graph("PATCH", f"/users/{scene.oid}", {"accountEnabled": True})
        assert "multifactor" in scene.footholds["method"].act(desk.tenant, scene.oid)
