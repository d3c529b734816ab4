from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import pytest

from lab.scenarios import STORIES, forwarder, guest, synced_user
from lab.stand import Stand
from lab.tenant.catalogue import operations
from lab.tenant.operations import Operation
from responders import catalogue
from shared.clients import exchange, graph
from shared.errors import Gone, Refused
from shared.model import AccountRef, Case, Upn
from shared.tasks.asked import RESTORE
from shared.tasks.resolve import resolve
from tests.contracts.graph_calls import CALLS, Contract
from tests.contracts.graph_types import Permissions, Types
from tests.contracts.recording import EXCHANGE, GRAPH, Exchange, Recorder, Scene

AT_LEAST = {
    "GET /users/{id}",
    "PATCH /users/{id}",
    "GET /users/{id}/transitivememberof",
    "GET /domains",
    "POST /users/{id}/revokesigninsessions",
    "GET /identityprotection/riskyusers/{id}",
    "POST /identityprotection/riskyusers/confirmcompromised",
    "GET /users/{id}/mailfolders/inbox/messagerules",
    "PATCH /users/{id}/mailfolders/inbox/messagerules/{id}",
}
"""What the stories ask for under the shipped policy; without it the tests below judge nothing."""
TRIAGE = {graph.USER_READ_ALL, graph.DOMAIN_READ_ALL}
"""What finding out about an account needs, whoever answers the case."""
RESPONDERS = catalogue()


@pytest.fixture(scope="session")
def contract(types: Types, permissions: Permissions) -> Contract:
    return Contract(types, permissions)


def wrong(contract: Contract, passed: list[Exchange]) -> list[str]:
    return [f"{each}: {problem}" for each in passed for problem in contract.problems(each)]


async def act(stand: Stand, case: Case) -> int:
    """Plan, apply and prove until nothing is left, then undo; count the changes."""
    with suppress(Gone, Refused):  # a guest has no mailbox here
        if await stand.responder.refuse(case, stand.world):
            return 0
        changes = await stand.until_done(case)
        for change in reversed(changes if stand.responder.reversible else []):
            await stand.responder.undo(change, stand.world)
        return len(changes)
    return 0


async def test_whatever_a_case_asks_and_is_answered_fits_graph(
    played: Scene, contract: Contract
) -> None:
    passed = played.recorder.to(GRAPH)
    assert wrong(contract, passed) == []
    allowed = TRIAGE.union(*(responder.permissions for responder in RESPONDERS.values()))
    assert [str(each) for each in passed if not contract.allowing(each) & allowed] == []


async def test_the_stories_together_ask_for_all_that_is_to_be_judged(
    permissions: Permissions,
) -> None:
    asked: set[str | None] = set()
    for name in STORIES:
        scene = Scene(name)
        await scene.play()
        for each in scene.recorder.to(GRAPH):
            asked.add(permissions.operation(each.request.method, each.path))
    assert asked >= AT_LEAST


@pytest.mark.parametrize("name", RESPONDERS)
async def test_a_responder_asks_for_what_its_permissions_allow_and_needs_each_of_them(
    name: str, contract: Contract
) -> None:
    responder = next(each for each in RESPONDERS.values() if each.name == name)
    declared = responder.permissions - {exchange.MANAGE_AS_APP}
    needed: set[str] = set()
    acted, cmdlets = 0, 0
    for story in (None, forwarder, guest, synced_user):
        stand, recorder = Stand(responder, story=story), Recorder()
        if responder.name == "unblock_sender":
            stand.lab.change_user(stand.scenario.oid, password_changed_at=stand.clock.now())
        case = await stand.case()
        if responder.name == RESTORE:
            case = case.model_copy(update={"restored_at": stand.clock.now()})
        recorder.watch(stand.clients[0])
        acted += await act(stand, case)
        await stand.aclose()
        cmdlets += len(recorder.to(EXCHANGE))
        assert wrong(contract, recorder.to(GRAPH)) == []
        for each in recorder.to(GRAPH):
            enough = contract.allowing(each) & declared
            assert enough, f"{name} may not send {each}; one of {contract.allowing(each)} would do"
            needed |= enough if len(enough) == 1 else set()
    assert acted, f"{name} had nothing to do in any story"
    assert needed == declared
    assert bool(cmdlets) is (exchange.MANAGE_AS_APP in responder.permissions)


@pytest.mark.parametrize("by", ["object_id", "upn", "mailbox", "sid"])
async def test_an_account_is_found_by_any_of_its_names_with_the_rights_of_triage(
    by: str, contract: Contract
) -> None:
    scene = Scene("token_thief")
    user = scene.lab.users[scene.scenario.oid]
    names = {"object_id": user.id, "upn": user.upn, "mailbox": user.mail, "sid": user.sid}
    account = await resolve(AccountRef.model_validate({by: names[by]}), scene.connect())
    assert account.upn == Upn(user.upn)
    passed = scene.recorder.to(GRAPH)
    assert wrong(contract, passed) == []
    assert [str(each) for each in passed if not contract.allowing(each) & TRIAGE] == []


@pytest.mark.parametrize("name", RESPONDERS)
def test_every_declared_permission_exists(name: str, permissions: Permissions) -> None:
    responder = next(each for each in RESPONDERS.values() if each.name == name)
    assert responder.permissions - {exchange.MANAGE_AS_APP} <= permissions.known
    if exchange.MANAGE_AS_APP in responder.permissions:
        assert responder.exchange_roles


def test_every_permission_the_clients_name_exists(permissions: Permissions) -> None:
    named = {
        text for name, text in vars(graph).items() if name.endswith(("_ALL", "_READ", "_WRITE"))
    }
    assert named > TRIAGE
    assert named <= permissions.known


@pytest.mark.parametrize("simulated", operations(), ids=lambda operation: operation.name)
def test_the_simulated_tenant_lets_nobody_in_whom_graph_would_not(
    simulated: Operation, permissions: Permissions
) -> None:
    template = re.sub(r"\{\w+\}", "{id}", simulated.template)
    name = permissions.operation(simulated.method, template)
    assert name, f"Graph has no {simulated.name}"
    assert name not in CALLS or CALLS[name].gives == simulated.returns
    if name == "PATCH /users/{id}":
        return  # judged by what is written: see the next test
    assert simulated.any_of <= permissions.allowing(name)


@pytest.mark.parametrize(
    ("body", "right"),
    [
        ({"accountEnabled": False}, graph.USER_ENABLE_DISABLE_ALL),
        ({"passwordProfile": {"password": "Correct-Horse-42"}}, graph.USER_PASSWORD_ALL),
    ],
)
async def test_each_write_to_a_user_has_a_right_of_its_own(
    body: dict[str, Any], right: str, permissions: Permissions
) -> None:
    assert permissions.allowing("PATCH /users/{id}", body) == {right}
    for granted, status in ((right, 204), (graph.USER_READ_ALL, 403)):
        scene = Scene("token_thief")
        scene.lab.granted = frozenset({granted})
        answer = await ask(scene, "PATCH", f"/users/{scene.scenario.oid}", body)
        assert answer.status == status


async def ask(scene: Scene, method: str, path: str, body: Any = None) -> Exchange:
    token = scene.lab.token(f"https://{GRAPH}")
    async with scene.client() as client:
        headers = {"Authorization": f"Bearer {token}"}
        await client.request(method, f"https://{GRAPH}/v1.0{path}", json=body, headers=headers)
    return scene.recorder.passed[-1]


async def test_what_our_clients_do_not_ask_is_answered_as_graph_would(contract: Contract) -> None:
    scene = Scene("token_thief")
    oid = scene.scenario.oid
    rules = f"/users/{oid}/mailFolders/inbox/messageRules"
    listed = await ask(scene, "GET", rules)
    rule = f"{rules}/{listed.answer['value'][0]['id']}"
    user_ids = {"userIds": [oid]}
    for method, path, body in (
        ("GET", "/users", None),
        ("GET", f"/users/{oid}", None),
        ("GET", f"/users?$filter=mail eq '{scene.lab.users[oid].mail}'&$top=1", None),
        ("GET", "/organization", None),
        ("GET", rule, None),
        ("PATCH", rule, {"isEnabled": False}),
        ("DELETE", rule, None),
        ("POST", "/identityProtection/riskyUsers/dismiss", user_ids),
        ("GET", f"/identityProtection/riskyUsers/{oid}", None),
    ):
        assert (await ask(scene, method, path, body)).status < 300
    assert wrong(contract, scene.recorder.passed) == []


async def test_what_the_simulated_tenant_refuses_it_refuses_in_graphs_form(
    contract: Contract,
) -> None:
    scene = Scene("guest")
    oid = scene.scenario.oid
    nobody = "00000000-0000-4000-8000-000000000000"
    for path, status in (
        (f"/users/{nobody}", 404),
        (f"/users/{nobody}/transitiveMemberOf", 404),
        (f"/users/{oid}/mailFolders/inbox/messageRules", 404),
        (f"/identityProtection/riskyUsers/{nobody}", 404),
    ):
        assert (await ask(scene, "GET", path)).status == status
    scene.lab.granted = frozenset()
    assert (await ask(scene, "GET", f"/users/{oid}")).status == 403
    assert wrong(contract, scene.recorder.passed) == []


async def test_the_token_is_graphs_and_in_no_url(played: Scene) -> None:
    for each in played.recorder.to(GRAPH):
        assert each.token["aud"] == f"https://{GRAPH}"
        assert each.request.headers["Authorization"].split()[1] not in str(each.request.url)
