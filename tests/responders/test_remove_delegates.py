from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lab.delegate_footholds import Delegate, FolderReader, PublishedCalendar
from lab.tenant.mailbox_state import ANONYMOUS, DEFAULT, Ace, Delegation, FolderEntry
from lab.tenant.population import Population
from responders.remove_delegates import RemoveDelegates
from shared.errors import Refused

WAYS_IN = (Delegate, FolderReader, PublishedCalendar)


def give(place: Any, **rights: Any) -> None:
    """Let the mailbox have these rights and no others."""
    place.lab.change_mailbox(place.scenario.oid, delegation=Delegation().with_(**rights))


def held(place: Any) -> Delegation:
    found: Delegation = place.lab.mailboxes[place.scenario.oid].delegation
    return found


def folder(where: str, trustee: str, *rights: str) -> FolderEntry:
    return FolderEntry(folder=where, trustee=trustee, rights=rights)


async def plan(place: Any) -> Any:
    return await place.responder.plan(await place.case(), place.world)


async def test_every_way_in_from_elsewhere_dies_within_minutes(stand: Any) -> None:
    place = stand(RemoveDelegates())
    ways = [f for f in place.scenario.intruder.footholds if isinstance(f, WAYS_IN)]
    assert len(ways) == 6
    await place.until_done(await place.case())
    place.clock.advance(place.lab.settings.protocol_lag)
    assert [f.label for f in ways if f.alive(place.lab)] == []


async def test_what_is_taken_is_given_with_its_reasons_and_what_is_left_is_shown(
    stand: Any,
) -> None:
    place = stand(RemoveDelegates())
    change = await plan(place)
    assert len(change.taken) == 6
    assert all(found.reasons for found in change.footholds())
    left = [line for line in change.differences() if line.becomes.startswith("unchanged")]
    assert {line.what.partition(" for ")[2].partition(" ")[0] for line in left} == {
        "hanna.weiss@contoso.example",
        "igor.blum",
        "Hanna",
    }


async def test_a_colleague_who_opens_the_mailbox_is_no_intruder(stand: Any) -> None:
    place = stand(RemoveDelegates())
    hanna, _ = place.scenario.bystanders
    give(place, aces=(Ace(trustee=hanna),), send_as=(hanna,), send_on_behalf=(hanna,))
    assert await plan(place) is None


async def test_an_account_made_after_the_intruder_came_is_told_from_one_made_before(
    stand: Any,
) -> None:
    place = stand(RemoveDelegates())
    case = await place.case()
    for seconds, found in ((-1, False), (0, True), (60, True)):
        made = case.compromised_since + timedelta(seconds=seconds)
        trustee = Population(place.lab).person("Somebody New", created_at=made)
        give(place, aces=(Ace(trustee=trustee),))
        assert (await place.responder.plan(case, place.world) is not None) is found


async def test_what_is_only_in_doubt_is_left_and_handed_to_a_person(stand: Any) -> None:
    place = stand(RemoveDelegates())
    partner = Population(place.lab).guest("Old Partner")
    give(place, folders=(folder("Calendar", partner, "Reviewer"),))
    with pytest.raises(Refused, match="may or may not") as refused:
        await plan(place)
    assert any("old.partner@partner.example" in step for step in refused.value.steps)
    assert place.ours() == []


async def test_a_name_that_two_recipients_share_is_never_acted_on(stand: Any) -> None:
    place = stand(RemoveDelegates())
    hanna, _ = place.scenario.bystanders
    now = place.clock.now()
    twin = Population(place.lab).person("Hanna Weiss", created_at=now)
    give(place, folders=(folder("Inbox", twin, "Owner"), folder("Calendar", hanna, "Editor")))
    with pytest.raises(Refused) as refused:
        await plan(place)
    assert "no single recipient" in " ".join(refused.value.steps)
    assert place.ours() == []


async def test_folders_are_found_in_the_owners_language(stand: Any) -> None:
    place = stand(RemoveDelegates())
    place.lab.change_user(place.scenario.oid, language="de-DE")
    give(place, folders=(folder("Inbox", ANONYMOUS, "Reviewer"),), published=True)
    give(place, folders=(folder("Inbox", ANONYMOUS, "Reviewer"),))
    change = await plan(place)
    assert [one.grant.folder for one in change.taken] == ["Posteingang"]
    await place.responder.apply(change, place.world)
    assert held(place).folders == ()


@pytest.mark.parametrize("where", ["Root", "Inbox", "SentItems", "DeletedItems", "Archive"])
@pytest.mark.parametrize("whom", [DEFAULT, ANONYMOUS])
async def test_no_folder_of_mail_is_open_to_everybody(stand: Any, where: str, whom: str) -> None:
    place = stand(RemoveDelegates())
    give(place, folders=(folder(where, whom, "Reviewer"),))
    change = await plan(place)
    assert [one.grant.folder_type for one in change.taken] == [where]
    await place.responder.apply(change, place.world)
    assert held(place).folders == ()
    await place.responder.undo(change, place.world)
    assert held(place).folders == (folder(where, whom, "Reviewer"),)


async def test_a_calendar_the_organisation_may_read_stays_and_so_does_busy_on_the_web(
    stand: Any,
) -> None:
    place = stand(RemoveDelegates())
    give(place, folders=(folder("Calendar", DEFAULT, "Reviewer"),), published=True)
    assert await plan(place) is None


async def test_denials_and_what_a_deleted_account_left_are_no_ways_in(stand: Any) -> None:
    place = stand(RemoveDelegates())
    new = Population(place.lab).person("Denied Person", created_at=place.clock.now())
    gone = "00000000-0000-4000-8000-000000000000"
    give(place, aces=(Ace(trustee=new, deny=True), Ace(trustee=gone)))
    assert await plan(place) is None


async def test_a_right_that_is_gone_meanwhile_is_fine(stand: Any) -> None:
    place = stand(RemoveDelegates())
    change = await plan(place)
    give(place)
    await place.responder.apply(change, place.world)
    assert held(place) == Delegation()


async def test_undo_leaves_what_somebody_has_given_since(stand: Any) -> None:
    place = stand(RemoveDelegates())
    (change,) = await place.until_done(await place.case())
    visitor = next(e.trustee for e in _folders_of(change, place) if "@" not in e.trustee)
    after = held(place)
    given = folder("Inbox", visitor, "Editor")
    give(place, aces=after.aces, folders=(given,))
    with pytest.raises(Refused, match="Changed since"):
        await place.responder.undo(change, place.world)
    assert given in held(place).folders
    assert len(held(place).aces) == len(after.aces)


async def test_undo_gives_the_rest_and_says_whose_account_is_gone(stand: Any) -> None:
    place = stand(RemoveDelegates())
    (change,) = await place.until_done(await place.case())
    spy = next(one.trustee.id for one in change.taken if one.grant.kind == "mailbox")
    place.lab.state.mailboxes.pop(spy)
    place.lab.change_user(str(spy), mail=None)
    with pytest.raises(Refused, match="Nobody is there"):
        await place.responder.undo(change, place.world)
    assert held(place).published
    assert folder("SentItems", ANONYMOUS, "Reviewer") in held(place).folders


def _folders_of(change: Any, place: Any) -> list[FolderEntry]:
    return [
        folder("Inbox", str(one.trustee.id), *one.grant.rights)
        for one in change.taken
        if one.grant.folder_type == "Inbox"
    ]
