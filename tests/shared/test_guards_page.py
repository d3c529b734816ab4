"""The brakes can be seen by readers and moved by administrators and the command line alone."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlencode

import pytest

from lab.tenant.population import Population
from lab.workbench import as_operator
from shared.model import CaseStatus, Json, Mode
from shared.principal import Role
from shared.settings import PageAccess
from tests.shared.principals import principal
from tests.tasks.approving import AZURE
from tests.tasks.benches import Bench, policy

RULE = """
[[rule]]
name = "all"
[rule.responders]
disable_sign_in = "enforce"
stop_forwarding = "enforce"
"""
SAME_SITE = {
    "sec-fetch-site": "same-origin",
    "content-type": "application/x-www-form-urlencoded",
    "accept": "text/html",
}


async def signed(bench: Bench, what: str, **request: str) -> tuple[int, Json]:
    body = json.dumps({"by": "olga", **request}).encode()
    headers = as_operator(f"guards/{what}", body, bench.clock.now())
    page = await bench.app.move_guard(what, headers, body)
    return page.status, json.loads(page.body)


async def shown(bench: Bench) -> Json:
    page = await bench.app.guards({"accept": "application/json"})
    found: Json = json.loads(page.body)
    return found


async def test_a_pause_is_in_force_for_what_is_queued_already(tmp_path: Path) -> None:
    async with Bench() as bench:
        bench.app = bench.under(policy(tmp_path, RULE))
        await bench.tell()
        await bench.step()
        status, found = await signed(bench, "switch", ceiling="approve", reason="too many")
        assert (status, found["pause"]["by"]) == (200, "olga")
        await bench.settle()
        assert bench.the_case().status is CaseStatus.WAITING
        assert bench.written() == []


async def test_what_was_paused_goes_on_for_the_next_alert_once_it_is_resumed(
    tmp_path: Path,
) -> None:
    async with Bench() as bench:
        bench.app = bench.under(policy(tmp_path, RULE))
        await signed(bench, "switch", ceiling="approve", reason="too many")
        await signed(bench, "switch", ceiling="enforce", reason="sorted out")
        await bench.tell()
        await bench.settle()
        assert bench.the_case().status is CaseStatus.CONTAINED


async def test_a_full_stop_keeps_back_even_what_a_person_released(tmp_path: Path) -> None:
    async with Bench() as bench:
        bench.app = bench.under(policy(tmp_path, RULE.replace("enforce", "approve")))
        await bench.tell()
        await bench.settle()
        case = bench.the_case().id
        await signed(bench, "switch", ceiling="observe", reason="wrong tenant")
        changes = [
            {"responder": name, "fingerprint": task.fingerprint}
            for name, task in bench.tasks().items()
            if task.fingerprint
        ]
        body = json.dumps({"by": "olga", "changes": changes}).encode()
        headers = as_operator(f"cases/{case}/approve", body, bench.clock.now())
        page = await bench.app.approve(case, headers, body)
        assert page.status == 202
        await bench.settle()
        assert bench.written() == []


async def test_a_storm_is_shown_and_its_rule_is_let_act_again(tmp_path: Path) -> None:
    async with Bench() as bench:
        burst = "[guards.burst]\ncases = 2\n"
        bench.app = bench.under(policy(tmp_path, burst + RULE))
        people = Population(bench.tenant)
        for number in range(3):
            await bench.detect(number, oid=people.person(f"Person {number}"))
        await bench.settle()
        assert [rule["name"] for rule in (await shown(bench))["held"]] == ["all"]
        assert (await signed(bench, "release", rule="some", reason="x"))[0] == 409
        status, found = await signed(bench, "release", rule="all", reason="all real")
        assert (status, found["held"]) == (200, [])
        assert (await signed(bench, "release", rule="all", reason="again"))[0] == 409


@pytest.mark.parametrize(("role", "status"), [(Role.APPROVER, 403), (Role.ADMINISTRATOR, 303)])
async def test_a_form_moves_the_switch_for_an_administrator_alone(
    monkeypatch: pytest.MonkeyPatch, role: Role, status: int
) -> None:
    monkeypatch.setenv("WEBSITE_INSTANCE_ID", "an instance")
    monkeypatch.setenv("WEBSITE_AUTH_ENABLED", "true")
    async with Bench(settings={"pages": PageAccess.SIGNED_IN}) as bench:
        body = urlencode({"ceiling": "approve", "reason": "too many"}).encode()
        headers = {**SAME_SITE, "x-ms-client-principal": principal(role)}
        page = await bench.app.move_guard("switch", headers, body)
        assert page.status == status
        page = await bench.app.guards(
            {"accept": "application/json", "x-ms-client-principal": principal(Role.READER)}
        )
        pause = json.loads(page.body)["pause"]
        assert (pause or {}).get("ceiling") == (Mode.APPROVE if status == 303 else None)
        foreign = {**headers, "sec-fetch-site": "cross-site"}
        assert (await bench.app.move_guard("switch", foreign, body)).status == 403


async def test_the_command_line_is_told_that_the_switch_was_set_where_people_have_to_sign_in() -> (
    None
):
    async with Bench(settings=AZURE) as bench:
        status, found = await signed(bench, "switch", ceiling="approve", reason="too many")
        assert (status, found["pause"]["ceiling"]) == (200, "approve")
        assert (await bench.app.guards({"accept": "application/json"})).status == 403


async def test_nobody_unknown_sees_or_moves_a_brake() -> None:
    async with Bench(settings={"pages": PageAccess.SIGNED_IN}) as bench:
        assert (await bench.app.guards({})).status == 403
        body = b"ceiling=approve&reason=x"
        assert (await bench.app.move_guard("switch", SAME_SITE, body)).status == 403
