from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from lab.carrier_alerts import INTRUDER_IP, risk_detection
from lab.plants.sign_ins import OFFICE_IP
from lab.scenarios.two_victims import SECOND, TARGET, two_victims
from lab.tenant.logbook import SignIn
from lab.tenant.population import Population
from shared.model import Json
from shared.tasks.ripple import MANY
from tests.tasks.benches import Bench


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with Bench(story=two_victims) as made:
        yield made


async def ripple(bench: Bench) -> Json:
    await bench.tell()
    await bench.settle()
    newest = max(bench.all_cases(), key=lambda case: case.opened_at)
    found: Json = (await bench.case(newest.id))["findings"]["ripple"]
    return found


def second(bench: Bench) -> str:
    [oid] = bench.tenant.state.where("upn", SECOND)
    return oid


async def test_exactly_the_second_account_of_the_intruder_is_proposed(bench: Bench) -> None:
    found = await ripple(bench)
    assert [other["object_id"] for other in found["linked"]] == [second(bench)]
    assert found["unknown"] == []
    reasons = " | ".join(found["linked"][0]["reasons"])
    for trait in (f"signed in from {INTRUDER_IP}", "Mail Backup Pro", TARGET, "a rule that"):
        assert trait in reasons
    assert OFFICE_IP not in reasons


async def test_nothing_is_done_to_a_proposed_account_by_itself(bench: Bench) -> None:
    mailbox = bench.tenant.mailboxes[second(bench)]
    await ripple(bench)
    assert bench.tenant.mailboxes[second(bench)] == mailbox
    assert bench.tenant.users[second(bench)].enabled
    assert [w for w in bench.tenant.writes if w.oid == second(bench)] == []
    assert len(bench.all_cases()) == 1


async def test_the_page_gives_the_command_that_opens_a_case_for_it(bench: Bench) -> None:
    await ripple(bench)
    page = await bench.app.page(f"cases/{bench.the_case().id}", {})
    assert SECOND in page.body
    assert f"firebreak respond {second(bench)}" in page.body
    [linked] = (await bench.case(bench.the_case().id))["findings"]["ripple"]["linked"]
    assert linked["command"] == (
        f"firebreak respond {second(bench)} --reason 'Linked to case {bench.the_case().id}'"
    )


async def test_an_account_that_has_a_case_already_is_linked_to_it(bench: Bench) -> None:
    await bench.tell()
    await bench.settle()
    first = bench.the_case()
    user = bench.tenant.users[second(bench)]
    alert = risk_detection(bench.tenant, user, at=bench.clock.now(), kind="anomalousToken")
    await bench.post(alert.source, alert.body)
    await bench.settle()
    [other] = [case for case in bench.all_cases() if case.id != first.id]
    found = (await bench.case(other.id))["findings"]["ripple"]
    [linked] = found["linked"]
    assert (linked["object_id"], linked["case"]) == (first.account.object_id, first.id)
    assert any(f"forwards to {TARGET}" in reason for reason in linked["reasons"])


async def test_an_address_of_many_accounts_is_said_and_not_listed(bench: Bench) -> None:
    people = Population(bench.tenant)
    for number in range(MANY + 1):
        entry = SignIn(
            id=bench.tenant.guid(),
            oid=people.person(f"Neighbour {number}"),
            at=bench.clock.now() - timedelta(minutes=5),
            ip=INTRUDER_IP,
        )
        bench.tenant.state.logbook.sign_ins.append(entry)
    found = await ripple(bench)
    assert [other["object_id"] for other in found["linked"]] == [second(bench)]
    assert any("too many for one intruder" in why for why in found["unknown"])


async def test_a_right_password_that_something_else_stopped_is_proposed_too(bench: Bench) -> None:
    oid = Population(bench.tenant).person("Carl Mohn")
    entry = SignIn(
        id=bench.tenant.guid(), oid=oid, at=bench.clock.now(), ip=INTRUDER_IP, error=50076
    )
    bench.tenant.state.logbook.sign_ins.append(entry)
    found = await ripple(bench)
    [one] = [other for other in found["linked"] if other["object_id"] == oid]
    assert "password was used" in one["reasons"][0]


async def test_where_nobody_may_look_is_unknown_and_nobody_is_proposed_from_there(
    bench: Bench,
) -> None:
    granted = bench.tenant.granted
    bench.tenant.granted = frozenset(r for r in granted if not r.startswith("AuditLog"))
    found = await ripple(bench)
    assert found["linked"] == []
    said = " | ".join(found["unknown"])
    for what in ("sign ins", "directory changes", "addresses", "AuditLogsQuery.Read.All"):
        assert what in said
    page = await bench.app.page(f"cases/{bench.the_case().id}", {})
    assert "Not known" in page.body


async def test_altered_evidence_proposes_nobody(bench: Bench) -> None:
    await bench.tell()
    await bench.step()
    await bench.step()
    for name in list(bench.store._blobs):
        if name.startswith("evidence/"):
            bench.store._blobs[name] = b"{}"
    await bench.settle()
    found = (await bench.case(bench.the_case().id))["findings"]["ripple"]
    assert found["linked"] == []
    assert any("is altered" in why for why in found["unknown"])
