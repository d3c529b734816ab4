from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lab.clock import Clock
from lab.scenarios import Scenario, full_house, token_thief
from lab.tenant import SimulatedTenant, TenantSettings
from lab.tenant.mailbox_state import FolderEntry
from lab.tenant.population import Population
from lab.tenant.settings import Throttling
from lab.workbench import Workbench, as_operator
from shared.model import Json, TaskState
from tests.tasks.approving import Person
from tests.tasks.benches import POLICY, policy

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
REVERSIBLE = {"confirm_compromised", "disable_sign_in", "disable_inbox_rules", "stop_forwarding"}


class Place:
    def __init__(self, **wishes: Any) -> None:
        settings = TenantSettings.instant(**wishes)
        self.lab = SimulatedTenant(clock=Clock.frozen(NOON), settings=settings)
        self.scenario: Scenario = token_thief(self.lab)
        self.before = self.mailbox()
        self.bench = Workbench(self.lab, settings={"policy": POLICY})

    def mailbox(self) -> object:
        return self.lab.snapshot()["mailboxes"][self.scenario.oid]

    async def contained(self) -> Json:
        for alert in self.scenario.alerts:
            await self.bench.post(alert.source, alert.body)
        self.lab.clock.advance(2)
        await self.bench.settle()
        [case] = await self.bench.cases()
        return case

    async def ask(self, case: str, responder: str | None = None) -> tuple[int, Json]:
        body = json.dumps({"responder": responder, "by": "olga"}).encode()
        headers = as_operator(f"cases/{case}/undo", body, self.lab.now())
        page = await self.bench.app.ask_undo(case, headers, body)
        return page.status, json.loads(page.body)

    async def states(self, case: str) -> dict[str, str]:
        return {t["responder"]: t["state"] for t in (await self.bench.case(case))["tasks"]}


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    made = Place()
    async with made.bench:
        yield made


async def test_undo_puts_back_what_can_be_put_back_and_says_who_asked(place: Place) -> None:
    case = await place.contained()
    status, answer = await place.ask(case["id"])
    assert status == 202
    assert {step["responder"] for step in answer["steps"]} == REVERSIBLE
    await place.bench.settle()
    assert place.mailbox() == place.before
    assert place.lab.users[place.scenario.oid].enabled
    states = await place.states(case["id"])
    assert {name for name, state in states.items() if state == "undone"} == REVERSIBLE
    asked = [e for e in (await place.bench.case(case["id"]))["happened"] if e["actor"] == "olga"]
    assert [e["event"] for e in asked] == ["undo_asked"]
    assert (await place.bench.case(case["id"]))["status"] == "closed"
    assert (await place.bench.case(case["id"]))["chain"] == "intact"


async def test_one_responder_alone_can_be_put_back(place: Place) -> None:
    case = await place.contained()
    await place.ask(case["id"], "stop_forwarding")
    await place.bench.settle()
    assert place.lab.mailboxes[place.scenario.oid].forwarding_smtp is not None
    assert not place.lab.users[place.scenario.oid].enabled


async def test_what_moved_since_is_left_and_the_case_says_what_moved(place: Place) -> None:
    case = await place.contained()
    place.lab.change_user(place.scenario.oid, enabled=True)
    await place.ask(case["id"], "disable_sign_in")
    await place.bench.settle()
    writes = [w for w in place.lab.writes if w.path == "/users/{id}" and "enabled" in w.what]
    task = {t["responder"]: t for t in (await place.bench.case(case["id"]))["tasks"]}
    assert "moved since" in task["disable_sign_in"]["reason"]
    assert "Sign-in is allowed" in task["disable_sign_in"]["reason"]
    assert task["disable_sign_in"]["state"] == "verified"
    assert len(writes) <= 1


async def test_what_is_irreversible_says_so(place: Place) -> None:
    case = await place.contained()
    status, answer = await place.ask(case["id"], "reset_password")
    assert status == 409
    assert "cannot be undone" in answer["error"]


class Killed(BaseException):
    """The worker was killed."""


@pytest.mark.parametrize("k", range(1, 6))
async def test_a_crash_half_way_goes_on_where_it_was(place: Place, k: int) -> None:
    case = await place.contained()
    await place.ask(case["id"])
    place.lab.crash_after_write(k, Killed())
    with pytest.raises(Killed):
        await place.bench.settle()
    place.lab.clock.advance(700)
    await place.bench.settle()
    assert place.mailbox() == place.before
    assert place.lab.users[place.scenario.oid].enabled
    assert set((await place.states(case["id"])).values()) == {"undone", "verified"}


async def test_without_signature_or_session_nobody_can_ask(place: Place) -> None:
    case = await place.contained()
    page = await place.bench.app.ask_undo(case["id"], {"sec-fetch-site": "cross-site"}, b"")
    assert page.status == 403
    place.bench.app.settings.__dict__["pages"] = "signed_in"
    page = await place.bench.app.ask_undo(case["id"], {"sec-fetch-site": "same-origin"}, b"")
    assert page.status == 403
    await place.bench.settle()
    assert not place.lab.users[place.scenario.oid].enabled


async def test_the_case_pages_button_asks_and_leads_back(place: Place) -> None:
    case = await place.contained()
    shown = await place.bench.app.show_undo(case["id"], {"accept": "text/html"})
    assert "Put this back" in shown.body
    headers = {"sec-fetch-site": "same-origin", "accept": "text/html"}
    page = await place.bench.app.ask_undo(case["id"], headers, b"responder=disable_sign_in")
    assert page.status == 303
    await place.bench.settle()
    assert place.lab.users[place.scenario.oid].enabled


async def test_undo_twice_is_undo_once(place: Place) -> None:
    case = await place.contained()
    await place.ask(case["id"])
    await place.bench.settle()
    writes = len(place.lab.writes)
    status, answer = await place.ask(case["id"])
    assert status == 409
    assert answer["error"]
    await place.bench.settle()
    assert len(place.lab.writes) == writes


async def test_an_undo_whose_message_was_lost_is_made_all_the_same(place: Place) -> None:
    case = await place.contained()
    await place.ask(case["id"], "disable_sign_in")
    for lost in place.bench.messages.messages():
        await place.bench.messages.delete(lost)
    place.lab.clock.advance(60)
    await place.bench.app.reconcile()
    await place.bench.settle()
    assert place.lab.users[place.scenario.oid].enabled


async def test_a_poisoned_undo_is_said_not_to_be_done_and_can_be_asked_for_again(
    place: Place,
) -> None:
    case = await place.contained()
    await place.ask(case["id"], "disable_sign_in")
    [undo] = [m for m in place.bench.messages.messages() if '"do":"undo"' in m.text]
    await place.bench.messages.delete(undo)
    await place.bench.app.poison(undo.text)
    [task] = [
        task
        for task in (await place.bench.case(case["id"]))["tasks"]
        if task["responder"] == "disable_sign_in"
    ]
    assert "failed too often" in task["reason"]
    await place.ask(case["id"], "disable_sign_in")
    await place.bench.settle()
    assert place.lab.users[place.scenario.oid].enabled


async def test_under_microsofts_limits_each_change_is_put_back_and_begun_once() -> None:
    place = Place(throttling=Throttling.PUBLISHED)
    async with place.bench:
        case = await place.contained()
        await place.ask(case["id"])
        await place.bench.settle(within=timedelta(minutes=5))
        states = await place.states(case["id"])
        assert {name for name, state in states.items() if state == "undone"} == REVERSIBLE
        happened = (await place.bench.case(case["id"]))["happened"]
        events = [one["event"] for one in happened if one["responder"] in REVERSIBLE]
        assert events.count("undoing") == events.count("undone") == events.count("change")


async def test_what_was_left_to_a_person_does_not_keep_the_rest_from_being_put_back(
    tmp_path: Path,
) -> None:
    rule = '[[rule]]\nname = "asked"\nkinds = ["admin_request"]\n[rule.responders]\n'
    written = policy(tmp_path, f'{rule}remove_delegates = "enforce"\n')
    async with Person(story=full_house, settings={"policy": written}) as bench:
        partner = Population(bench.tenant).guest("Old Partner")
        doubtful = FolderEntry(folder="Calendar", trustee=partner, rights=("Reviewer",))
        folders = (*bench.box.delegation.folders, doubtful)
        given = bench.box.delegation.with_(folders=folders)
        bench.tenant.change_mailbox(bench.oid, delegation=given)
        before = bench.tenant.snapshot()["mailboxes"]
        await bench.ask()
        await bench.settle()
        task = bench.tasks()["remove_delegates"]
        assert task.state is TaskState.REFUSED
        assert "may or may not be the intruder's" in task.reason
        assert bench.tenant.snapshot()["mailboxes"] != before
        await bench.undo()
        await bench.settle()
        assert bench.tasks()["remove_delegates"].state is TaskState.UNDONE
        assert bench.tenant.snapshot()["mailboxes"] == before
