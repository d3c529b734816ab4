"""Approvals over time: two people, two at once, crashes, silence, and a corrected start."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from lab.scenarios.kinds import admin
from lab.tenant.population import Population
from shared.model import CaseStatus, TaskState
from tests.shared.principals import OLGA
from tests.tasks.approving import AZURE, Person, signed_in

NIA_ = signed_in("approver")
OLGA_ = signed_in("approver", oid=OLGA, name="Olga Berg")


class Killed(BaseException):
    """The worker was killed."""


@pytest.fixture
async def bench() -> AsyncIterator[Person]:
    async with Person() as made:
        yield made


async def test_of_two_people_who_answer_at_once_one_is_heard_and_the_other_told(
    bench: Person,
) -> None:
    card = (await bench.asked())["stop_forwarding"]
    answers = await asyncio.gather(*(bench.approve(card) for _ in range(4)))
    assert sorted(status for status, _ in answers) == [202, 409, 409, 409]
    told = [answer["error"] for status, answer in answers if status == 409]
    assert all("released by Nia" in said for said in told)
    await bench.settle()
    assert bench.events("stop_forwarding").count("change") == 1


async def test_a_yes_and_a_no_at_once_are_one_answer(bench: Person) -> None:
    card = (await bench.asked())["stop_forwarding"]
    answers = await asyncio.gather(bench.approve(card), bench.decline(card, "the owner's"))
    assert sorted(status for status, _ in answers) == [202, 409]
    await bench.settle()
    events = bench.events("stop_forwarding")
    assert len([e for e in events if e in {"released", "declined"}]) == 1
    assert ("change" in events) is ("released" in events)


async def test_what_a_crash_left_of_a_released_change_needs_no_second_yes(bench: Person) -> None:
    card = (await bench.asked())["disable_inbox_rules"]
    await bench.approve(card)
    bench.tenant.crash_after_write(1, Killed())
    with pytest.raises(Killed):
        await bench.settle()
    bench.clock.advance(700)
    await bench.app.reconcile()
    await bench.settle()
    assert bench.tasks()["disable_inbox_rules"].state is TaskState.VERIFIED
    assert bench.events("disable_inbox_rules").count("waiting") == 1
    assert not {"sync", "."} & {rule.name for rule in bench.box.rules if rule.enabled}


async def test_a_release_whose_message_was_lost_is_carried_out_all_the_same(bench: Person) -> None:
    card = (await bench.asked())["stop_forwarding"]
    await bench.approve(card)
    for lost in bench.messages.messages():
        await bench.messages.delete(lost)
    bench.clock.advance(61)
    await bench.app.reconcile()
    await bench.settle()
    assert bench.tasks()["stop_forwarding"].state is TaskState.VERIFIED


async def test_silence_is_told_to_others_and_then_given_up(bench: Person) -> None:
    await bench.asked()
    bench.clock.advance(29 * 60)
    await bench.settle(within=timedelta(0))
    assert not any(task.wait and task.wait.escalated for task in bench.tasks().values())
    await bench.settle(within=timedelta(minutes=5))
    waiting = [task for task in bench.tasks().values() if task.state is TaskState.WAITING]
    assert len(waiting) == 5
    assert all(task.wait and task.wait.escalated for task in waiting)
    await bench.settle(within=timedelta(hours=25))
    assert {t.state for t in bench.tasks().values()} == {TaskState.REFUSED, TaskState.VERIFIED}
    assert bench.the_case().status is CaseStatus.NEEDS_PERSON
    task = bench.tasks()["stop_forwarding"]
    assert "Nobody approved or declined it for 1 d" in task.reason
    assert task.steps
    told = {body["what"] for body in bench.outbox()}
    assert told == {"case_opened", "approval_wanted", "escalated", "expired", "needs_person"}


async def test_after_the_time_to_answer_nothing_is_released(bench: Person) -> None:
    card = (await bench.asked())["stop_forwarding"]
    bench.clock.advance(24 * 3600 + 1)
    status, answer = await bench.approve(card)
    assert status == 409
    assert "over" in answer["error"]


async def test_a_lost_wake_up_of_a_waiting_task_is_sent_again(bench: Person) -> None:
    await bench.asked()
    for lost in bench.messages.messages():
        await bench.messages.delete(lost)
    bench.clock.advance(24 * 3600 + 60)
    await bench.app.reconcile()
    await bench.settle()
    assert bench.tasks()["stop_forwarding"].state is TaskState.REFUSED


async def test_an_administrators_account_takes_two_different_people() -> None:
    async with Person(story=admin, settings=AZURE) as bench:
        cards = await bench.asked(as_=NIA_)
        card = cards["stop_forwarding"] if "stop_forwarding" in cards else cards["disable_sign_in"]
        named = {"responder": card["responder"], "fingerprint": card["fingerprint"]}
        name = card["responder"]
        assert (await bench.form("approve", NIA_, **named)).status == 303
        await bench.settle()
        assert bench.tasks()[name].state is TaskState.WAITING
        again = await bench.form("approve", NIA_, **named)
        assert again.status == 409
        assert "second person" in again.body
        status, answer = await bench.approve(card)
        assert status == 409
        assert "command line proves nobody" in answer["error"]
        assert (await bench.form("approve", OLGA_, **named)).status == 303
        [said] = [e for e in bench.journal().entries if e.event == "released"]
        assert said.text.endswith("released by Nia Okafor and Olga Berg")
        assert said.data["by"]["id"] == OLGA


async def test_an_account_that_was_given_a_role_since_takes_two_people_too() -> None:
    async with Person(settings=AZURE) as bench:
        await bench.asked(as_=NIA_)
        Population(bench.tenant).role("Global Administrator", [bench.oid])
        await bench.detect(2, level="medium")
        await bench.settle()
        card = (await bench.cards(NIA_))["stop_forwarding"]
        named = {"responder": card["responder"], "fingerprint": card["fingerprint"]}
        assert card["four_eyes"]
        assert (await bench.form("approve", NIA_, **named)).status == 303
        await bench.settle()
        assert bench.tasks()["stop_forwarding"].state is TaskState.WAITING


async def test_a_new_start_plans_again_what_waits_and_names_what_it_leaves(bench: Person) -> None:
    cards = await bench.asked()
    before = bench.the_case().compromised_since
    earlier = before - timedelta(hours=3)
    status, told = await bench.send("since", since=earlier.isoformat())
    assert status == 202
    assert set(told["planned_again"]) == set(cards)
    assert told["left"] == ["revoke_sessions"]
    await bench.settle()
    assert bench.the_case().compromised_since == earlier
    assert set(await bench.cards()) == set(cards)
    assert bench.tasks()["revoke_sessions"].state is TaskState.VERIFIED
    [said] = [e for e in bench.journal().entries if e.event == "since"]
    assert "not run again: revoke_sessions" in said.text
    assert bench.journal().broken_at() is None


async def test_what_has_ended_is_planned_again_when_that_is_asked_for(bench: Person) -> None:
    await bench.asked()
    writes = len(bench.written("revokeSignInSessions"))
    later = bench.clock.now() - timedelta(seconds=1)
    status, told = await bench.send("since", since=later.isoformat(), again=True)
    assert status == 202
    assert "revoke_sessions" in told["planned_again"]
    await bench.settle()
    assert bench.tasks()["revoke_sessions"].state in {TaskState.VERIFIED, TaskState.SKIPPED}
    assert len(bench.written("revokeSignInSessions")) == writes


async def test_a_start_in_the_future_changes_nothing(bench: Person) -> None:
    await bench.asked()
    before = bench.the_case()
    future = bench.clock.now() + timedelta(minutes=1)
    status, answer = await bench.send("since", since=future.isoformat())
    assert (status, bench.the_case()) == (409, before)
    assert "future" in answer["error"]


async def test_an_undo_after_a_narrowed_release_does_not_stumble_over_what_was_spared(
    bench: Person,
) -> None:
    card = (await bench.asked())["disable_inbox_rules"]
    was = bench.box.rules
    await bench.approve(card, only=[card["choices"][0]["key"]])
    await bench.settle()
    assert bench.box.rules != was
    await bench.undo("disable_inbox_rules")
    await bench.settle()
    assert bench.tasks()["disable_inbox_rules"].state is TaskState.UNDONE
    assert bench.box.rules == was
