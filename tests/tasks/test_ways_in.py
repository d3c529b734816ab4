"""What the account made elsewhere for its intruder: found, said, and never touched."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from lab.registrations import Registrations
from lab.scenarios.second_door import SECOND, second_door
from lab.tenant.graph_directory_audits import record
from lab.way_in_footholds import AppSecret
from shared.model import Json
from shared.tasks.looks import LOOKS, PROVEN_AFTER
from shared.tasks.questions import AFTER, Question
from tests.tasks.returns import BY_HAND, Place


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    made = Place(second_door)
    async with made.bench:
        yield made


def second(place: Place) -> str:
    [oid] = place.lab.state.where("upn", SECOND)
    return oid


def secrets(place: Place) -> list[AppSecret]:
    return [f for f in place.scenario.intruder.footholds if isinstance(f, AppSecret)]


async def left(place: Place, case: str) -> list[Json]:
    found = await place.bench.case(case)
    return [one for one in found["open"] if "This account" in one["reason"]]


async def by_hand(place: Place) -> None:
    """Do what the case asks for, as an administrator does it."""
    place.lab.change_user(second(place), enabled=False)
    place.lab.wrote(method="PATCH", path="/users/{id}", actor="admin", oid=second(place), what="")
    for foothold in secrets(place):
        Registrations(place.lab).take_key(foothold.holder, foothold.key, by="admin")


async def test_exactly_what_the_intruder_made_is_left_to_a_person_with_steps(place: Place) -> None:
    case = await place.contained()
    found = await left(place, case)
    said = " | ".join(one["reason"] for one in found)
    for name in (SECOND, "Payroll export", "Mail archive"):
        assert name in said
    assert len(found) == 3
    steps = " | ".join(step for one in found for step in one["steps"])
    assert f"firebreak respond {second(place)} --reason 'Linked to case {case}'" in steps
    for foothold in secrets(place):
        assert foothold.holder in steps
        assert foothold.key.id in steps


async def test_while_one_is_open_the_case_needs_a_person_and_is_not_called_contained(
    place: Place,
) -> None:
    case = await place.contained(minutes=80)
    found = await place.bench.case(case)
    assert found["status"] == "needs_person"
    assert found["answer"]["word"] == "Needs a person"
    assert "3 steps only a person can do" in found["answer"]["sentence"]
    assert not found["way_back"]["green"]
    assert any("3 such ways stand open" in said for said in found["clock"]["conditions"])


async def test_nothing_of_it_is_changed_by_itself(place: Place) -> None:
    await place.contained(minutes=80)
    ours = {w.oid for w in place.lab.writes if w.actor == place.lab.own_object_id}
    assert ours == {place.oid}
    living = place.scenario.intruder.open_doors()
    assert {f.number for f in living if f.killable} >= {20}
    assert place.scenario.losses() == []


async def test_the_second_account_is_proposed_as_a_case_of_its_own(place: Place) -> None:
    case = await place.contained()
    found = (await place.bench.case(case))["findings"]["ripple"]
    [other] = [one for one in found["linked"] if one["object_id"] == second(place)]
    assert any("made by the account of this case" in reason for reason in other["reasons"])
    page = await place.bench.app.page(f"cases/{case}", {})
    assert SECOND in page.body
    assert other["command"] in page.body.replace("&#39;", "'")


async def test_what_a_person_shut_is_seen_before_anything_is_called_proven(place: Place) -> None:
    case = await place.contained()
    await by_hand(place)
    assert [f for f in place.scenario.intruder.open_doors() if f.number == 20] == []
    await place.wait(minutes=70)
    found = await place.bench.case(case)
    assert await left(place, case) == []
    assert found["status"] == "contained"
    assert "proven at" in found["answer"]["word"]
    assert not any("elsewhere" in said for said in found["clock"]["conditions"])


async def test_what_a_person_judged_is_settled_and_what_is_found_after_that_is_not(
    place: Place,
) -> None:
    case = await place.contained()
    lines = (await place.bench.case(case))["way_back"]["lines"]
    for line in lines:
        if line["name"].startswith("left-"):
            status, said = await place.ask("confirm", case, check=line["name"])
            assert status == 202, said
    assert await left(place, case) == []
    assert (await place.bench.case(case))["status"] == "contained"
    user = place.lab.state.users[place.scenario.bystanders[0]]
    record(place.lab, "Add user", by=place.oid, targets=(("User", user.id),))
    await place.wait(minutes=70)
    [new] = await left(place, case)
    assert user.upn in new["reason"]


async def test_what_the_owner_makes_after_the_return_is_the_owners(place: Place) -> None:
    case = await place.contained(minutes=70)
    await by_hand(place)
    for line in (await place.bench.case(case))["way_back"]["lines"]:
        if line["name"].startswith("left-") or line["name"] in BY_HAND:
            await place.ask("confirm", case, check=line["name"])
    status, said = await place.ask("restore", case)
    assert status == 202, said
    await place.wait(minutes=5)
    user = place.lab.state.users[place.scenario.bystanders[0]]
    record(place.lab, "Add user", by=place.oid, targets=(("User", user.id),))
    await place.wait(hours=25)
    assert await left(place, case) == []


async def test_where_the_log_may_not_be_read_it_is_unknown_until_a_person_has_looked(
    place: Place,
) -> None:
    place.lab.granted = frozenset(r for r in place.lab.granted if not r.startswith("AuditLog."))
    case = await place.contained()
    assert (await place.lights(case))["elsewhere"] == "unknown"
    status, said = await place.ask("confirm", case, check="elsewhere")
    assert status == 202, said
    assert (await place.lights(case))["elsewhere"] == "green"


async def test_an_application_that_may_not_be_read_stays_open(place: Place) -> None:
    place.lab.granted = frozenset(
        r for r in place.lab.granted if not r.startswith(("Application.", "Directory."))
    )
    case = await place.contained()
    found = await left(place, case)
    assert len(found) == 3
    ripple = (await place.bench.case(case))["findings"]["ripple"]
    assert any("how it stands now" in why for why in ripple["unknown"])


async def test_an_application_that_is_gone_is_no_way_in(place: Place) -> None:
    payroll, archive = secrets(place)
    del place.lab.state.directory.registered[payroll.holder]
    del place.lab.state.directory.apps[archive.holder]
    case = await place.contained()
    [account] = await left(place, case)
    assert SECOND in account["reason"]


def test_looking_again_is_asked_before_the_proof() -> None:
    assert AFTER[Question.WAYS_IN_AGAIN] < LOOKS[PROVEN_AFTER - 1]
    assert AFTER[Question.LATE_WAYS_IN] > timedelta(hours=24)
