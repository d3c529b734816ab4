"""A person's answer: this change and no other, once, by whoever may, and on record."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.model import CaseStatus, TaskState
from tests.tasks.approving import Person


@pytest.fixture
async def bench() -> AsyncIterator[Person]:
    async with Person() as made:
        yield made


async def test_what_waits_is_shown_with_its_change_and_nothing_of_it_is_done(bench: Person) -> None:
    cards = await bench.asked()
    assert set(cards) == {
        "disable_sign_in",
        "reset_password",
        "confirm_compromised",
        "disable_inbox_rules",
        "stop_forwarding",
    }
    card = cards["stop_forwarding"]
    assert card["differences"]
    assert card["case"] == bench.the_case().id
    assert bench.tenant.users[bench.oid].enabled
    assert bench.the_case().status is CaseStatus.WAITING


async def test_what_was_approved_is_done_proven_and_signed(bench: Person) -> None:
    cards = await bench.asked()
    status, answer = await bench.approve(cards["disable_sign_in"])
    assert status == 202
    assert answer["answered"][0]["state"] == "queued"
    await bench.settle()
    assert not bench.tenant.users[bench.oid].enabled
    task = bench.tasks()["disable_sign_in"]
    assert (task.state, task.release) == (TaskState.VERIFIED, None)
    events = bench.events("disable_sign_in")
    assert events == ["waiting", "released", "change", "applied", "verified"]
    [said] = [e for e in bench.journal().entries if e.event == "released"]
    assert said.actor == "Nia"
    assert said.data["by"] == {"id": "operator", "name": "Nia"}
    assert said.data["fingerprint"] == cards["disable_sign_in"]["fingerprint"]
    assert bench.tasks()["stop_forwarding"].state is TaskState.WAITING


async def test_all_of_a_case_is_released_at_once_and_the_case_is_contained(bench: Person) -> None:
    cards = await bench.asked()
    status, _ = await bench.approve(*cards.values())
    assert status == 202
    await bench.settle()
    assert bench.states() == {"verified"}
    assert bench.the_case().status is CaseStatus.CONTAINED
    assert bench.scenario.intruder.open_doors() == []


async def test_a_second_yes_is_told_who_was_first_and_changes_nothing(bench: Person) -> None:
    cards = await bench.asked()
    await bench.approve(cards["disable_sign_in"])
    status, answer = await bench.approve(cards["disable_sign_in"])
    assert status == 409
    assert "released by Nia" in answer["error"]
    await bench.settle()
    assert bench.events("disable_sign_in").count("released") == 1
    assert bench.events("disable_sign_in").count("change") == 1


async def test_what_was_shown_before_the_tenant_moved_is_planned_and_asked_again(
    bench: Person,
) -> None:
    cards = await bench.asked()
    await bench.approve(cards["stop_forwarding"])
    bench.forward("elsewhere@mallory.example")
    await bench.settle()
    task = bench.tasks()["stop_forwarding"]
    assert task.state is TaskState.WAITING
    assert bench.box.forwarding_smtp == "elsewhere@mallory.example"
    again = (await bench.cards())["stop_forwarding"]
    assert "planned and is asked again" in again["note"]
    status, answer = await bench.approve(cards["stop_forwarding"])
    assert status == 409
    assert "moved" in answer["error"]
    await bench.approve(again)
    await bench.settle()
    assert bench.box.forwarding_smtp is None


async def test_what_was_declined_stays_and_the_case_says_why(bench: Person) -> None:
    cards = await bench.asked()
    for name in ("disable_sign_in", "reset_password", "confirm_compromised", "stop_forwarding"):
        await bench.approve(cards[name])
    status, _ = await bench.decline(cards["disable_inbox_rules"], "the owner made them")
    assert status == 202
    await bench.settle()
    task = bench.tasks()["disable_inbox_rules"]
    assert task.state is TaskState.DECLINED
    assert task.reason == "Declined by Nia: the owner made them"
    assert bench.the_case().status is CaseStatus.CLOSED
    assert any(rule.enabled for rule in bench.box.rules)


async def test_a_no_without_a_reason_is_asked_for_one(bench: Person) -> None:
    cards = await bench.asked()
    status, answer = await bench.decline(cards["stop_forwarding"], "  ")
    assert status == 409
    assert "Say why" in answer["error"]
    assert bench.tasks()["stop_forwarding"].state is TaskState.WAITING


async def test_one_unknown_change_among_several_releases_none(bench: Person) -> None:
    cards = await bench.asked()
    wrong = {**cards["disable_sign_in"], "fingerprint": "0" * 32}
    status, _ = await bench.approve(cards["stop_forwarding"], wrong)
    assert status == 409
    await bench.settle()
    assert bench.tasks()["stop_forwarding"].state is TaskState.WAITING


async def test_single_footholds_are_released_and_the_rest_stays_the_owners(bench: Person) -> None:
    cards = await bench.asked()
    card = cards["disable_inbox_rules"]
    chosen, *others = card["choices"]
    assert others
    status, _ = await bench.approve(card, only=[chosen["key"]])
    assert status == 202
    await bench.settle()
    task = bench.tasks()["disable_inbox_rules"]
    assert task.state is TaskState.VERIFIED
    assert [hold.label for hold in task.footholds] == [chosen["foothold"]["label"]]
    on = [rule for rule in bench.box.rules if rule.enabled]
    assert len(on) >= len(others)
    bench.clock.advance(16 * 60)
    await bench.app.reconcile()
    await bench.settle()
    assert bench.tasks()["disable_inbox_rules"].state is TaskState.VERIFIED


async def test_one_setting_cannot_be_released_in_part(bench: Person) -> None:
    cards = await bench.asked()
    status, answer = await bench.approve(cards["stop_forwarding"], only=["0" * 12])
    assert status == 409
    assert "one setting" in answer["error"]
