from __future__ import annotations

from typing import Any

import pytest

from lab.scenarios import guest, spammer, token_thief
from lab.stage import to_folder
from lab.tenant.population import Population
from lab.tenant.state import Rule
from responders.disable_inbox_rules import DisableInboxRules
from shared.clients import exchange
from shared.clients.inbox import RuleState
from shared.errors import Defect, Denied, Gone, Refused, Transient

EVIL: dict[str, Any] = {
    "conditions": {"subjectContains": ["invoice", "payment"]},
    "actions": {**to_folder("RSS Feeds"), "markAsRead": True},
}


def rules(place: Any) -> dict[str, Rule]:
    """The rules of the mailbox by name, as they are."""
    return {rule.name: rule for rule in place.lab.mailboxes[place.scenario.oid].rules}


def on(place: Any) -> set[str]:
    """The names of the rules that are on."""
    return {name for name, rule in rules(place).items() if rule.enabled}


def without_exchange(place: Any) -> None:
    place.lab.granted = place.lab.granted - {exchange.MANAGE_AS_APP}


async def test_the_owners_rules_and_outlook_rules_survive(stand: Any) -> None:
    place = stand(DisableInboxRules(), story=spammer)
    await place.until_done(await place.case())
    assert on(place) == {"Junk E-Mail Rule", "Orders"}
    assert place.lab.mailboxes[place.scenario.oid].outlook_rules == ("Play a sound for the boss",)
    assert place.scenario.losses() == []


async def test_a_hidden_rule_survives_graph_alone_and_dies_through_exchange(stand: Any) -> None:
    place = stand(DisableInboxRules(), story=token_thief)
    case = await place.case()
    shown = await place.world.inbox.all(case.account.object_id)
    assert "sync" not in {rule.name for rule in shown}
    await place.until_done(case)
    assert on(place) == {"Junk E-Mail Rule", "Newsletters", "Project Falcon"}
    paths = {write.what.partition(":")[0]: write.path for write in place.lab.writes}
    assert paths["rule 'sync'"] == "Disable-InboxRule"
    assert paths["rule '.'"].endswith("/messageRules/{rid}")


async def test_every_rule_is_named_with_its_reasons(stand: Any) -> None:
    place = stand(DisableInboxRules(), story=token_thief)
    change = await place.responder.plan(await place.case(), place.world)
    held = {foothold.label: foothold for foothold in change.footholds()}
    assert set(held) == {"inbox rule “.”", "hidden inbox rule “sync”"}
    assert all(foothold.reasons for foothold in held.values())
    assert any("RSS Feeds" in reason for reason in held["inbox rule “.”"].reasons)


async def test_a_read_only_rule_is_handed_to_a_person_with_steps(stand: Any) -> None:
    place = stand(DisableInboxRules(), story=spammer)
    Population(place.lab).rule(place.scenario.oid, "...", read_only=True, **EVIL)
    case = await place.case()
    with pytest.raises(Refused) as refused:
        await place.until_done(case)
    assert [step for step in refused.value.steps if "“...”" in step]
    # What could be done was done first.
    assert on(place) == {"Junk E-Mail Rule", "Orders", "..."}
    assert place.scenario.losses() == []


async def test_without_exchange_the_visible_rules_go_and_the_unknown_is_raised(
    stand: Any,
) -> None:
    place = stand(DisableInboxRules(), story=token_thief)
    case = await place.case()
    without_exchange(place)
    change = await place.responder.plan(case, place.world)
    assert [judged.rule.name for judged in change.rules] == ["."]
    await place.responder.apply(change, place.world)
    assert "." not in on(place)
    assert "sync" in on(place)
    with pytest.raises(Denied, match=exchange.MANAGE_AS_APP):
        await place.responder.plan(case, place.world)


async def test_while_exchange_is_away_the_visible_rules_go_and_the_rest_is_asked_again(
    stand: Any,
) -> None:
    place = stand(DisableInboxRules(), story=token_thief)
    case = await place.case()
    fault = place.lab.fail(match="Get-InboxRule", times=4)
    change = await place.responder.plan(case, place.world)
    await place.responder.apply(change, place.world)
    with pytest.raises(Transient):
        await place.responder.plan(case, place.world)
    fault.times = 0
    await place.until_done(case)
    assert "sync" not in on(place)


@pytest.mark.parametrize("name", [".", "sync"], ids=["visible", "hidden"])
async def test_a_rule_that_was_deleted_meanwhile_is_fine(stand: Any, name: str) -> None:
    place = stand(DisableInboxRules(), story=token_thief)
    case = await place.case()
    change = await place.responder.plan(case, place.world)
    kept = tuple(rule for rule in rules(place).values() if rule.name != name)
    place.lab.change_mailbox(place.scenario.oid, rules=kept)
    await place.responder.apply(change, place.world)
    assert not on(place) & {".", "sync"}
    assert await place.responder.plan(case, place.world) is None
    await place.responder.undo(change, place.world)
    assert name not in rules(place)
    assert on(place) & {".", "sync"}


async def test_without_a_mailbox_there_is_nothing_to_look_at_and_that_is_said(stand: Any) -> None:
    place = stand(DisableInboxRules(), story=guest)
    with pytest.raises(Gone):
        await place.responder.plan(await place.case(), place.world)


async def test_a_rule_that_is_off_already_is_left_alone(stand: Any) -> None:
    place = stand(DisableInboxRules(), story=spammer)
    case = await place.case()
    await place.until_done(case)
    writes = len(place.lab.writes)
    assert await place.until_done(case) == []
    assert len(place.lab.writes) == writes


@pytest.mark.parametrize("first", ["owner", "intruder"])
async def test_rules_of_one_name_are_told_apart_by_what_they_do(stand: Any, first: str) -> None:
    """An intruder who calls a rule like the owner's neither hides behind it nor takes it along."""
    place = stand(DisableInboxRules(), story=spammer)
    people, oid = Population(place.lab), place.scenario.oid
    wishes = {
        "owner": {"conditions": {"subjectContains": ["bank"]}, "actions": to_folder("Money")},
        "intruder": {
            "conditions": {"bodyContains": ["payment"]},
            "actions": to_folder("RSS Feeds"),
        },
    }
    made = {
        whose: people.rule(oid, "Bank statements", **wishes[whose])
        for whose in sorted(wishes, key=lambda whose: whose != first)
    }
    await place.until_done(await place.case())
    left = {rule.id for rule in place.lab.mailboxes[oid].rules if rule.enabled}
    assert made["owner"].id in left
    assert made["intruder"].id not in left


async def test_rules_that_cannot_be_told_apart_are_judged_by_what_graph_shows(
    stand: Any,
) -> None:
    """Exchange shows none of their conditions: whose folder is whose, nobody can say."""
    place = stand(DisableInboxRules(), story=spammer)
    people, oid = Population(place.lab), place.scenario.oid
    for folder in ("RSS Feeds", "Lists"):
        wish = {"conditions": {"headerContains": ["list-id"]}, "actions": to_folder(folder)}
        people.rule(oid, "Lists", **wish)
    await place.until_done(await place.case())
    lists = [rule for rule in place.lab.mailboxes[oid].rules if rule.name == "Lists"]
    assert all(rule.enabled for rule in lists)


async def test_a_read_only_rule_does_not_hide_behind_a_name(stand: Any) -> None:
    place = stand(DisableInboxRules(), story=spammer)
    people, oid = Population(place.lab), place.scenario.oid
    people.rule(oid, "Bills", read_only=True, **EVIL)
    people.rule(oid, "Bills", conditions={"senderContains": ["x"]}, actions=to_folder("Bills"))
    with pytest.raises(Refused, match="1 suspicious rule"):
        await place.until_done(await place.case())
    assert "Bills" in on(place)


async def test_undo_switches_on_what_was_switched_off_and_nothing_else(stand: Any) -> None:
    place = stand(DisableInboxRules(), story=token_thief)
    before = on(place)
    (change,) = await place.until_done(await place.case())
    await place.responder.undo(change, place.world)
    assert on(place) == before


async def test_a_rule_made_again_is_found_again_with_another_fingerprint(stand: Any) -> None:
    place = stand(DisableInboxRules(), story=spammer)
    case = await place.case()
    (first,) = await place.until_done(case)
    Population(place.lab).rule(place.scenario.oid, "..", **EVIL)
    again = await place.responder.plan(case, place.world)
    assert again is not None
    assert again.fingerprint() != first.fingerprint()


async def test_an_empty_identity_never_reaches_the_cmdlet(stand: Any) -> None:
    """For Exchange it would mean every rule of the mailbox."""
    place = stand(DisableInboxRules(), story=token_thief)
    case = await place.case()
    with pytest.raises(Defect, match="without an identity"):
        await place.world.mailbox.set_rule_state(case.account.who, " ", RuleState.DISABLED)
    assert place.lab.calls == []
