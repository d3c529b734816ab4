"""An alert that came before those it is about is read again until it says who they are."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lab.tenant.sentinel import Incident, account_entity
from shared.model import Alert, AlertKind, AlertState, Json
from tests.tasks.benches import NOON, Bench, other

PRODUCT = "Azure Active Directory Identity Protection"
NAME = "afbd324f-6c48-459c-8710-8d1e1cd03812"
HALF_AN_HOUR = timedelta(minutes=31)


def about(*oids: str) -> tuple[dict[str, Any], ...]:
    return tuple(account_entity(oid, aadUserId=oid) for oid in oids)


def incident(bench: Bench, **wishes: Any) -> Incident:
    """Let Sentinel have an incident about the story's account, whose entities are there."""
    made = {"name": NAME, "title": "Password Spray", "product": PRODUCT, "created_at": NOON}
    kept = Incident(**{**made, "entities": about(bench.oid), **wishes})
    bench.tenant.workspace.incidents[kept.name] = kept
    return kept


def told(bench: Bench, kept: Incident, **changes: Any) -> Json:
    """Tell an incident as an automation rule does the moment it is made: without entities."""
    view = bench.tenant.workspace.view(kept) | changes
    return {"objectSchemaType": "Incident", "objectEventType": "Create", "object": view}


async def the_alert(bench: Bench, body: Json, *, within: timedelta = HALF_AN_HOUR) -> Alert:
    reply = await bench.post("sentinel", body)
    assert reply.status == 202
    await bench.settle(within=within)
    (alert,) = bench.alerts()
    return alert


def asked(bench: Bench) -> int:
    return sum(call.path == "/incidents/{id}" for call in bench.tenant.calls)


async def test_entities_that_come_seven_minutes_later_open_the_right_account_s_case() -> None:
    async with Bench() as bench:
        kept = incident(bench, entities_at=NOON + timedelta(minutes=7))
        alert = await the_alert(bench, told(bench, kept), within=timedelta(minutes=8))
        case = bench.the_case()
        assert case.account.object_id == bench.oid
        assert case.kinds == {AlertKind.RISKY_SIGN_IN}
        assert (alert.state, alert.case, alert.awaits) == (AlertState.TRIAGED, case.id, None)
        assert timedelta(minutes=7) <= case.opened_at - NOON <= timedelta(minutes=8)
        assert asked(bench) == 5


async def test_entities_that_never_come_end_at_a_person_with_the_reason() -> None:
    async with Bench() as bench:
        kept = incident(bench, entities_at=NOON + timedelta(days=1))
        alert = await the_alert(bench, told(bench, kept))
        assert alert.state is AlertState.UNRESOLVED
        assert alert.reason == "Its source named nobody for 30 minutes: find out who it is about"
        page = await bench.app.page("alerts", {})
        assert alert.reason in page.body
        assert bench.all_cases() == []
        assert bench.unfinished() == []
        assert 8 <= asked(bench) <= 12


async def test_while_it_waits_its_page_says_what_for() -> None:
    async with Bench() as bench:
        kept = incident(bench, entities_at=NOON + timedelta(minutes=7))
        alert = await the_alert(bench, told(bench, kept), within=timedelta(minutes=1))
        page = await bench.app.page(f"alert/{alert.id}", {})
        assert page.status == 202
        assert "does not say yet who it is about" in page.body


async def test_without_a_workspace_a_person_is_asked_at_once_and_told_which_setting_helps() -> None:
    async with Bench(settings={"sentinel_workspace": None}) as bench:
        kept = incident(bench)
        alert = await the_alert(bench, told(bench, kept), within=timedelta(0))
        assert alert.state is AlertState.UNRESOLVED
        assert "FIREBREAK_SENTINEL_WORKSPACE" in alert.reason
        assert asked(bench) == 0


@pytest.mark.parametrize(
    "resource",
    [
        "{elsewhere}",
        "https://mallory.example/subscriptions/x",
        "{ours}/../../elsewhere",
        "{ours}?x=1",
        "{ours}%2F..%2Fother",
    ],
)
async def test_an_incident_of_anywhere_else_is_not_fetched(resource: str) -> None:
    async with Bench() as bench:
        kept = incident(bench)
        ours = bench.tenant.workspace.resource(kept)
        elsewhere = ours.replace("contoso-sentinel", "fabrikam-sentinel")
        body = told(bench, kept, id=resource.format(ours=ours, elsewhere=elsewhere))
        alert = await the_alert(bench, body, within=timedelta(0))
        assert alert.state is AlertState.UNRESOLVED
        assert alert.reason
        assert asked(bench) == 0


async def test_without_the_role_a_person_is_told_which_one_to_give() -> None:
    async with Bench() as bench:
        bench.tenant.workspace.roles = frozenset()
        alert = await the_alert(bench, told(bench, incident(bench)), within=timedelta(0))
        assert alert.state is AlertState.UNRESOLVED
        assert "Microsoft Sentinel Responder" in alert.reason


async def test_a_source_in_trouble_is_asked_again() -> None:
    async with Bench() as bench:
        bench.tenant.fail(match="POST /incidents/*/entities", status=503, times=3)
        bench.tenant.fail(match="GET /incidents/*", status=429, times=1, retry_after=90)
        await the_alert(bench, told(bench, incident(bench)))
        assert bench.the_case().account.object_id == bench.oid


async def test_a_source_that_stays_in_trouble_ends_at_a_person_with_what_it_said() -> None:
    async with Bench() as bench:
        bench.tenant.fail(match="*/incidents/*", status=503, times=999)
        alert = await the_alert(bench, told(bench, incident(bench)))
        assert alert.state is AlertState.UNRESOLVED
        assert "could not be read (Sentinel answered 503" in alert.reason


async def test_an_incident_about_two_people_becomes_a_case_each() -> None:
    async with Bench() as bench:
        kept = incident(bench, entities=about(bench.oid, other(bench)))
        await bench.post("sentinel", told(bench, kept))
        await bench.settle()
        cases = {case.account.object_id: case.id for case in bench.all_cases()}
        assert set(cases) == {bench.oid, other(bench)}
        assert {alert.case for alert in bench.alerts()} == set(cases.values())


async def test_an_incident_that_is_closed_meanwhile_does_nothing_and_says_so() -> None:
    async with Bench() as bench:
        kept = incident(bench, entities_at=NOON + timedelta(minutes=7))
        await the_alert(bench, told(bench, kept), within=timedelta(minutes=2))
        bench.tenant.workspace.incidents[NAME] = replace(kept, status="Closed")
        await bench.settle()
        (alert,) = bench.alerts()
        assert (alert.state, alert.reason) == (AlertState.IGNORED, "the incident is closed")
        assert bench.all_cases() == []
        assert bench.unfinished() == []


async def test_entities_without_an_account_end_as_no_account() -> None:
    address = {"kind": "Ip", "name": "ip", "properties": {"address": "203.0.113.7"}}
    async with Bench() as bench:
        kept = incident(bench, entities=(address,))
        alert = await the_alert(bench, told(bench, kept), within=timedelta(0))
        assert alert.state is AlertState.UNRESOLVED
        assert "names no account" in alert.reason


async def test_the_same_incident_delivered_twice_while_it_waits_is_one() -> None:
    async with Bench() as bench:
        body = told(bench, incident(bench, entities_at=NOON + timedelta(minutes=7)))
        await bench.post("sentinel", body)
        await bench.settle(within=timedelta(minutes=1))
        await bench.post("sentinel", json.dumps(body).encode())
        await bench.settle()
        assert len(bench.alerts()) == len(bench.all_cases()) == 1


async def test_an_alert_whose_wake_up_was_lost_is_found_by_reconcile() -> None:
    async with Bench() as bench:
        kept = incident(bench, entities_at=NOON + timedelta(minutes=7))
        await the_alert(bench, told(bench, kept), within=timedelta(minutes=1))
        for message in bench.messages.messages():
            bench.clock.advance((message.visible_at - bench.clock.now()).total_seconds())
            lost = await bench.messages.receive()
            assert lost
            await bench.messages.delete(lost)
        bench.clock.advance(600)
        await bench.app.reconcile()
        await bench.settle()
        assert bench.the_case().account.object_id == bench.oid
