"""A person's word that nobody was in: what waits is let be, and sources are told so."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from lab.carrier_alerts import risk_detection
from lab.scenarios import forwarder
from shared.model import CaseStatus, Json, TaskState
from tests.tasks.approving import AZURE, Person, signed_in
from tests.tasks.benches import policy

ASKS = """
[[rule]]
name = "asks"
[rule.responders]
disable_sign_in = "approve"
stop_forwarding = "approve"
close_alert = "enforce"
close_incident = "enforce"
"""
ACTS = ASKS.replace("approve", "enforce")


def bench(folder: Path, text: str = ASKS) -> Person:
    return Person(story=forwarder, settings={"policy": policy(folder, text)})


def graded(place: Person) -> set[tuple[str, str | None]]:
    alerts = place.tenant.state.alerts.values()
    return {(a.status, a.classification) for a in alerts if a.oid == place.oid}


def enabled(place: Person) -> bool:
    return place.tenant.users[place.oid].enabled


async def told(place: Person) -> None:
    await place.tell()
    place.clock.advance(2)
    await place.settle()


async def again(place: Person) -> None:
    """Let one more sign-in be reported, ten minutes later."""
    place.clock.advance(600)
    user = place.tenant.users[place.oid]
    alert = risk_detection(place.tenant, user, at=place.clock.now(), kind="anomalousToken")
    await place.post(alert.source, alert.body)
    place.clock.advance(2)
    await place.settle()


async def judge(
    place: Person, what: str, *cases: str, reason: str = "the owner travels"
) -> tuple[int, Json]:
    named = list(cases) or [place.the_case().id]
    status, answer = await place.send(what, cases=named, reason=reason)
    await place.settle()
    return status, answer


async def test_a_false_alarm_lets_be_what_waits_and_is_a_false_positive_at_its_source(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path) as place:
        await told(place)
        assert place.the_case().status is CaseStatus.WAITING
        status, answer = await judge(place, "false-alarm")
        assert status == 202
        assert set(answer["judged"][0]["let_be"]) == {"disable_sign_in", "stop_forwarding"}
        assert place.the_case().status is CaseStatus.CLOSED
        assert graded(place) == {("resolved", "falsePositive")}
        assert enabled(place)
        assert place.box.forwarding_smtp
        task = place.tasks()["disable_sign_in"]
        assert task.reason == "Declined by Nia: false alarm: the owner travels"
        [said] = [e for e in place.journal().entries if e.event == "false_alarm"]
        assert said.actor == "Nia"
        [alert] = [a for a in place.tenant.state.alerts.values() if a.oid == place.oid]
        assert "false alarm" in alert.comments[-1].text
        assert await place.cards() == {}


async def test_what_was_changed_before_stands_until_somebody_puts_it_back(tmp_path: Path) -> None:
    async with bench(tmp_path, ACTS) as place:
        await told(place)
        assert graded(place) == {("resolved", "truePositive")}
        _, answer = await judge(place, "false-alarm")
        assert set(answer["judged"][0]["stands"]) == {"disable_sign_in", "stop_forwarding"}
        assert not enabled(place)
        assert graded(place) == {("resolved", "falsePositive")}
        assert await place.undo() == 202
        await place.settle()
        assert enabled(place)
        assert graded(place) == {("resolved", "falsePositive")}
        assert place.the_case().status is CaseStatus.CLOSED


async def test_a_false_alarm_is_not_looked_at_again_and_asks_a_person_nothing(
    tmp_path: Path,
) -> None:
    text = ACTS.replace("[rule.resp", "irreversible = true\n[rule.resp")
    async with bench(tmp_path, f'{text}reset_password = "enforce"\n') as place:
        place.tenant.granted -= {"User-PasswordProfile.ReadWrite.All"}
        await told(place)
        assert place.the_case().status is CaseStatus.NEEDS_PERSON
        await judge(place, "false-alarm")
        assert place.the_case().status is CaseStatus.CLOSED
        before = len(place.journal().entries)
        await place.settle(within=timedelta(days=8))
        assert len(place.journal().entries) == before


async def test_after_a_false_alarm_another_alert_asks_although_the_policy_acts(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path, ACTS) as place:
        await told(place)
        await judge(place, "false-alarm")
        await place.undo()
        await place.settle()
        await again(place)
        assert enabled(place)
        case = place.the_case()
        assert case.status is CaseStatus.WAITING
        assert set(await place.cards()) == {"disable_sign_in", "stop_forwarding"}
        assert any("called this case a false alarm" in reason for reason in case.reasons)


async def test_whoever_takes_it_back_has_planned_again_what_was_let_be(tmp_path: Path) -> None:
    async with bench(tmp_path) as place:
        await told(place)
        await judge(place, "false-alarm")
        status, answer = await judge(place, "take-back", reason="the owner is at home")
        assert status == 202
        assert {"disable_sign_in", "stop_forwarding"} <= set(answer["judged"][0]["planned_again"])
        cards = await place.cards()
        assert set(cards) == {"disable_sign_in", "stop_forwarding"}
        await place.approve(*cards.values())
        await place.settle()
        assert place.the_case().status is CaseStatus.CONTAINED
        assert graded(place) == {("resolved", "truePositive")}


async def test_whoever_releases_a_change_takes_the_case_for_no_false_alarm(tmp_path: Path) -> None:
    async with bench(tmp_path) as place:
        await told(place)
        await judge(place, "false-alarm")
        await again(place)
        cards = await place.cards()
        await place.approve(cards["disable_sign_in"])
        await place.settle()
        assert not place.the_case().false_alarm
        assert not enabled(place)


async def test_a_persons_own_request_overrules_the_word(tmp_path: Path) -> None:
    async with bench(tmp_path, ACTS) as place:
        await told(place)
        await judge(place, "false-alarm")
        await place.undo()
        await place.settle()
        place.clock.advance(600)
        await place.ask()
        place.clock.advance(2)
        await place.settle()
        assert not place.the_case().false_alarm
        assert not enabled(place)


async def test_it_is_said_once_with_a_reason_and_only_taken_back_where_it_was_said(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path) as place:
        await told(place)
        for what, reason in (("false-alarm", " "), ("take-back", "a reason")):
            status, _ = await judge(place, what, reason=reason)
            assert status == 409
        assert len(await place.cards()) == 2
        await judge(place, "false-alarm")
        status, answer = await judge(place, "false-alarm")
        assert (status, "already" in answer["error"]) == (409, True)


async def test_of_several_cases_each_that_can_be_is_closed_and_the_others_are_named(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path) as place:
        await told(place)
        nobody = "0" * 16
        status, answer = await judge(place, "false-alarm", place.the_case().id, nobody)
        assert status == 202
        assert [one["case"] for one in answer["judged"]] == [place.the_case().id]
        assert answer["failed"] == [{"case": nobody, "reason": "There is no such case"}]
        assert place.the_case().status is CaseStatus.CLOSED


async def test_nobody_calls_the_case_about_their_own_account_a_false_alarm(tmp_path: Path) -> None:
    async with Person(
        story=forwarder, settings=AZURE | {"policy": policy(tmp_path, ASKS)}
    ) as place:
        await told(place)
        own = signed_in("approver", oid=place.oid)
        body = f"case={place.the_case().id}&reason=it+was+me".encode()
        page = await place.app.judge("false-alarm", own, body)
        assert page.status == 409
        assert place.tasks()["disable_sign_in"].state is TaskState.WAITING


async def test_an_owner_whose_password_was_replaced_is_let_back_in_after_a_false_alarm(
    tmp_path: Path,
) -> None:
    text = ACTS.replace("[rule.resp", "irreversible = true\n[rule.resp")
    async with bench(tmp_path, f'{text}reset_password = "enforce"\n') as place:
        await told(place)
        await judge(place, "false-alarm")
        password = place.tenant.users[place.oid].password_changed_at
        status, _ = await place.send("restore", reason="the owner was at home all day")
        assert status == 202
        await place.settle()
        assert enabled(place)
        assert place.tenant.users[place.oid].password_changed_at != password
        assert place.the_case().restored_at is not None
        assert place.the_case().status is CaseStatus.CLOSED


async def test_the_page_leads_to_the_owners_return_only_where_something_of_the_account_stands(
    tmp_path: Path,
) -> None:
    for text, stands in ((ASKS, False), (ACTS, True)):
        async with bench(tmp_path, text) as place:
            await told(place)
            await judge(place, "false-alarm")
            page = await place.app.page(f"cases/{place.the_case().id}", {"accept": "text/html"})
            assert ("let the owner back in" in page.body) is stands
