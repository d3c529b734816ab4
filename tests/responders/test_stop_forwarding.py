from __future__ import annotations

from typing import Any

import pytest

from lab.scenarios import DROP, forwarder, guest, token_thief
from lab.tenant.population import Population
from lab.tenant.records import Call
from responders.stop_forwarding import StopForwarding
from shared.clients.mailbox import Forwarding
from shared.errors import Gone, Refused


def forwards(place: Any) -> tuple[str | None, str | None, bool]:
    box = place.lab.mailboxes[place.scenario.oid]
    return box.forwarding_recipient, box.forwarding_smtp, box.keeps_copy


def received(place: Any) -> list[str]:
    """What the forwarding foothold still brings the intruder."""
    acts = place.scenario.intruder.attempt_all()
    return [act.detail for act in acts if act.succeeded and "received mail" in act.detail]


async def test_clearing_one_address_would_wake_the_other(stand: Any) -> None:
    place = stand(StopForwarding(), story=forwarder)
    who = (await place.case()).account.who
    assert received(place) == ["received mail through ForwardingAddress"]
    was = await place.world.mailbox.forwarding(who)
    half = was.model_copy(update={"to_recipient": None})
    await place.world.mailbox.set_forwarding(who, half)
    assert received(place) == ["received mail through ForwardingSmtpAddress"]


async def test_both_addresses_are_cleared_in_one_call(stand: Any) -> None:
    place = stand(StopForwarding(), story=forwarder)
    await place.until_done(await place.case())
    assert forwards(place) == (None, None, False)
    assert [write.path for write in place.lab.writes] == ["Set-Mailbox"]
    assert received(place) == []


async def test_a_mail_contact_that_leads_out_is_found_and_named_by_where_it_leads(
    stand: Any,
) -> None:
    place = stand(StopForwarding(), story=forwarder)
    place.lab.change_mailbox(place.scenario.oid, forwarding_smtp=None)
    change = await place.responder.plan(await place.case(), place.world)
    assert change.outside == (DROP,)
    assert change.was.to_smtp is None


async def test_forwarding_inside_the_organisation_stays(stand: Any) -> None:
    place = stand(StopForwarding(), story=token_thief)
    _, igor = place.scenario.bystanders
    before = place.lab.mailboxes[igor]
    assert before.forwarding_recipient is not None
    assert await place.responder.plan(await place.case(igor), place.world) is None
    assert place.lab.mailboxes[igor] == before


@pytest.mark.parametrize("domain", ["contoso.example", "CONTOSO.example", "fed.contoso.example"])
async def test_an_address_in_a_domain_of_ours_is_inside(stand: Any, domain: str) -> None:
    place = stand(StopForwarding(), story=token_thief)
    place.lab.change_mailbox(place.scenario.oid, forwarding_smtp=f"somebody@{domain}")
    assert await place.responder.plan(await place.case(), place.world) is None


@pytest.mark.parametrize(
    "address",
    ["a@contoso.example.evil.example", "a@evilcontoso.example", "contoso.example@evil.example"],
)
async def test_a_domain_that_only_looks_like_ours_is_outside(stand: Any, address: str) -> None:
    place = stand(StopForwarding(), story=token_thief)
    place.lab.change_mailbox(place.scenario.oid, forwarding_smtp=address)
    change = await place.responder.plan(await place.case(), place.world)
    assert change.outside == (address,)


async def test_a_recipient_nobody_can_resolve_counts_as_outside(stand: Any) -> None:
    place = stand(StopForwarding(), story=token_thief)
    contact = Population(place.lab).contact("Payroll archive", "pay@contoso.example")
    place.lab.change_mailbox(place.scenario.oid, forwarding_recipient=contact, forwarding_smtp=None)
    case = await place.case()
    assert await place.responder.plan(case, place.world) is None

    def deleted_meanwhile(call: Call) -> None:
        if call.path == "Get-Recipient":
            place.lab.state.contacts.clear()

    place.lab.before_call.append(deleted_meanwhile)
    change = await place.responder.plan(case, place.world)
    assert change is not None
    assert change.outside == ("Payroll archive",)


async def test_a_recipient_whose_name_is_not_unique_counts_as_outside(stand: Any) -> None:
    place = stand(StopForwarding(), story=forwarder)
    held = forwards(place)[0]
    Population(place.lab).contact(place.lab.state.contacts[held].name, "pay@contoso.example")
    change = await place.responder.plan(await place.case(), place.world)
    assert change is not None


async def test_undo_restores_addresses_and_the_copy_flag(stand: Any) -> None:
    place = stand(StopForwarding(), story=forwarder)
    before = forwards(place)
    (change,) = await place.until_done(await place.case())
    await place.responder.undo(change, place.world)
    assert forwards(place) == before


async def test_undo_leaves_what_somebody_has_set_since(stand: Any) -> None:
    place = stand(StopForwarding(), story=token_thief)
    (change,) = await place.until_done(await place.case())
    place.lab.change_mailbox(place.scenario.oid, forwarding_smtp="boss@contoso.example")
    with pytest.raises(Refused, match="changed since"):
        await place.responder.undo(change, place.world)
    assert forwards(place)[1] == "boss@contoso.example"


async def test_the_differences_name_only_what_was_set(stand: Any) -> None:
    place = stand(StopForwarding(), story=token_thief)
    change = await place.responder.plan(await place.case(), place.world)
    assert [line.what for line in change.differences()] == ["Forwarding to an address"]
    both = change.model_copy(update={"was": Forwarding(to_recipient="x", to_smtp="smtp:y@z")})
    assert len(both.differences()) == 2


async def test_without_a_mailbox_it_is_gone(stand: Any) -> None:
    place = stand(StopForwarding(), story=guest)
    with pytest.raises(Gone):
        await place.responder.plan(await place.case(), place.world)
