from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from lab.stage import sent_to
from lab.tenant.population import Population
from tests.tasks.returns import BROWSER, BY_HAND, Place


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    made = Place()
    async with made.bench:
        yield made


async def test_what_nobody_looked_for_is_unknown_and_keeps_the_door_shut(place: Place) -> None:
    case = await place.contained(minutes=70)
    lights = await place.lights(case)
    assert {lights[name] for name in BY_HAND} == {"unknown"}
    assert {lights[name] for name in ("doors", "password", "mail", "proof")} == {"green"}
    status, said = await place.ask("restore", case)
    assert status == 409
    assert "not green" in said["error"]
    await place.bench.settle()
    assert not place.lab.users[place.oid].enabled


async def test_a_person_confirms_what_only_a_person_can_do_and_the_journal_says_who(
    place: Place,
) -> None:
    case = await place.green()
    assert set((await place.lights(case)).values()) == {"green"}
    confirmed = await place.events(case, "confirmed")
    assert {line["actor"] for line in confirmed} == {"olga"}
    assert len(confirmed) == len(BY_HAND)


async def test_proof_is_not_for_a_person_to_confirm(place: Place) -> None:
    case = await place.contained()
    for check in ("proof", "nonsense"):
        status, said = await place.ask("confirm", case, check=check)
        assert status == 409
        assert said["error"]
    assert (await place.lights(case))["proof"] == "not_yet"


async def test_what_was_confirmed_before_another_alert_came_is_asked_again() -> None:
    place = Place()
    async with place.bench:
        case = await place.green()
        alert = place.scenario.alerts[0]
        page = json.loads(alert.body)
        page["value"][0]["id"] = "f" * 64
        await place.bench.post(alert.source, page)
        await place.bench.settle()
        assert (await place.lights(case))["methods"] == "unknown"


async def test_when_it_is_green_a_person_lets_the_owner_back_in(place: Place) -> None:
    case = await place.green()
    before = place.lab.users[place.oid].password_changed_at
    status, _ = await place.ask("restore", case)
    assert status == 202
    place.lab.clock.advance(1)
    await place.bench.settle()
    assert place.lab.users[place.oid].enabled
    assert place.lab.users[place.oid].password_changed_at > before
    assert (await place.task(case, "restore_sign_in"))["state"] == "verified"
    found = await place.bench.case(case)
    assert found["way_back"]["restored_at"]
    assert found["status"] == "contained"
    assert "proven" in found["answer"]["word"]
    [asked] = await place.events(case, "restore_asked")
    assert asked["actor"] == "olga"
    assert found["chain"] == "intact"


async def test_whoever_overrides_is_written_down_with_the_reason_before_anything_is_done(
    place: Place,
) -> None:
    case = await place.contained()
    status, _ = await place.ask("restore", case, reason="the board meets at one")
    assert status == 202
    [asked] = await place.events(case, "restore_asked")
    assert asked["actor"] == "olga"
    assert "the board meets at one" in asked["text"]
    assert not place.lab.users[place.oid].enabled
    await place.bench.settle()
    assert place.lab.users[place.oid].enabled
    assert (await place.bench.case(case))["way_back"]["override"] == "the board meets at one"


async def test_it_is_asked_for_once(place: Place) -> None:
    case = await place.green()
    await place.ask("restore", case)
    assert (await place.ask("restore", case))[0] == 409
    await place.bench.settle()
    status, said = await place.ask("restore", case)
    assert status == 409
    assert "let back in at" in said["error"]


class Killed(BaseException):
    """The worker was killed."""


@pytest.mark.parametrize("k", [1, 2])
async def test_a_crash_after_any_write_ends_with_the_owner_in(place: Place, k: int) -> None:
    case = await place.green()
    await place.ask("restore", case)
    place.lab.crash_after_write(k, Killed())
    with pytest.raises(Killed):
        await place.bench.settle()
    place.lab.clock.advance(700)
    await place.bench.settle()
    assert place.lab.users[place.oid].enabled
    assert (await place.task(case, "restore_sign_in"))["state"] == "verified"


async def test_what_came_back_before_the_return_is_found_at_the_door(place: Place) -> None:
    case = await place.green()
    people = Population(place.lab)
    people.rule(place.oid, "...", hidden=True, actions={"redirectTo": sent_to("x@evil.example")})
    await place.ask("restore", case)
    await place.bench.settle()
    assert not place.lab.mailboxes[place.oid].rules[-1].enabled
    assert not place.lab.users[place.oid].enabled
    task = await place.task(case, "restore_sign_in")
    assert task["state"] == "refused"
    assert "found at the door" in task["reason"]
    assert "proof" in {n for n, light in (await place.lights(case)).items() if light != "green"}
    status, _ = await place.ask("restore", case, reason="seen, gone")
    assert status == 202
    await place.bench.settle()
    assert place.lab.users[place.oid].enabled


async def test_a_door_that_cannot_be_looked_behind_stays_shut_until_it_can(place: Place) -> None:
    case = await place.green()
    await place.ask("restore", case)
    place.lab.fail(times=500)
    await place.bench.settle(within=timedelta(minutes=2))
    assert not place.lab.users[place.oid].enabled
    place.lab.faults.clear()
    await place.bench.settle(within=timedelta(minutes=30))
    assert place.lab.users[place.oid].enabled


async def test_the_pages_buttons_do_it_and_no_other_sites_form_does(place: Place) -> None:
    case = await place.contained(minutes=70)
    shown = await place.bench.app.page(f"cases/{case}/restore", {"accept": "text/html"})
    assert shown.body.count("I have done this") == len(BY_HAND)
    foreign = {"sec-fetch-site": "cross-site"}
    for take in (place.bench.app.confirm, place.bench.app.restore, place.bench.app.access_pass):
        assert (await take(case, foreign, b"check=methods&reason=x")).status == 403
    for check in BY_HAND:
        page = await place.bench.app.confirm(case, BROWSER, f"check={check}".encode())
        assert (page.status, page.headers["Location"]) == (303, f"/api/cases/{case}/restore")
    page = await place.bench.app.restore(case, BROWSER, b"")
    assert page.status == 303
    await place.bench.settle()
    assert place.lab.users[place.oid].enabled
