from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lab.scenarios import guest
from lab.tenant import TenantSettings
from lab.tenant.defender import Delivery, SentMessage
from lab.tenant.settings import Licence
from responders.purge_sent_phish import PurgeSentPhish
from shared.clients.analyzed_mail import MailCopy
from shared.clients.sent import SentMessage as Sent
from shared.errors import Denied, Refused, Transient
from shared.policy.sent_mail import reasons
from tests.lab.tenancy import NOON


def mail(place: Any) -> dict[str, SentMessage]:
    return {message.subject: message for message in place.lab.state.sent.values()}


def removed(place: Any) -> set[tuple[str, str]]:
    return {
        (message.subject, copy.recipient)
        for message in place.lab.state.sent.values()
        for copy in message.deliveries
        if copy.purged_at is not None
    }


async def test_phish_and_mailings_go_and_what_the_owner_wrote_stays(stand: Any) -> None:
    place = stand(PurgeSentPhish())
    (change,) = await place.until_done(await place.case())
    inside = {"hanna.weiss@contoso.example", "igor.blum@contoso.example"}
    subjects = ("Shared document: invoice", "Your voicemail")
    assert removed(place) == {(subject, one) for subject in subjects for one in inside}
    assert {message.subject for message in change.messages} == set(subjects)
    assert change.kept == 1
    assert place.scenario.losses() == []


async def test_a_mailing_goes_whatever_defender_takes_it_for(stand: Any) -> None:
    place = stand(PurgeSentPhish())
    phish = mail(place)["Your voicemail"]
    crowd = tuple(Delivery(recipient=f"contact{number}@partner.example") for number in range(8))
    mailing = replace(
        phish,
        id=place.lab.guid(),
        subject="Please confirm your address",
        threats=(),
        deliveries=(*phish.deliveries, *crowd),
    )
    place.lab.state.sent[mailing.id] = mailing
    change = await place.responder.plan(await place.case(), place.world)
    (found,) = [one for one in change.messages if one.subject == mailing.subject]
    assert found.reasons == ("went to 10 recipients",)


async def test_the_change_counts_recipients_and_keeps_no_address(stand: Any) -> None:
    place = stand(PurgeSentPhish())
    change = await place.responder.plan(await place.case(), place.world)
    (phish,) = [one for one in change.messages if one.subject == "Shared document: invoice"]
    assert (phish.recipients, phish.seen, phish.outside) == (3, 2, 1)
    stored = change.model_dump_json().replace(change.who.upn, "")
    assert "@" not in stored
    told = "".join(line.was + line.becomes for line in change.differences())
    assert "1 outside" in told


async def test_what_was_approved_is_removed_and_nothing_sent_since(stand: Any) -> None:
    place = stand(PurgeSentPhish())
    change = await place.responder.plan(await place.case(), place.world)
    late = replace(mail(place)["Shared document: invoice"], id=place.lab.guid(), subject="Later")
    place.lab.state.sent[late.id] = late
    await place.responder.apply(change, place.world)
    assert not {subject for subject, _ in removed(place)} & {"Later"}


async def test_without_the_licence_it_says_so_and_does_not_say_nothing(stand: Any) -> None:
    licences = frozenset(Licence) - {Licence.DEFENDER_OFFICE_P2}
    place = stand(PurgeSentPhish(), settings=TenantSettings.instant(licences=licences))
    with pytest.raises(Denied, match="licence"):
        await place.responder.plan(await place.case(), place.world)


async def test_until_microsoft_has_removed_them_they_are_still_there(stand: Any) -> None:
    place = stand(PurgeSentPhish(), settings=TenantSettings.instant(purge_delay=60.0))
    case = await place.case()
    change = await place.responder.plan(case, place.world)
    await place.responder.apply(change, place.world)
    left = await place.responder.plan(case, place.world)
    assert left.fingerprint() == change.fingerprint()
    place.clock.advance(60)
    assert await place.responder.plan(case, place.world) is None


async def test_asking_twice_removes_once(stand: Any) -> None:
    place = stand(PurgeSentPhish(), settings=TenantSettings.instant(purge_delay=60.0))
    change = await place.responder.plan(await place.case(), place.world)
    await place.responder.apply(change, place.world)
    count = len(place.lab.writes)
    await place.responder.apply(change, place.world)
    assert len(place.lab.writes) == count


async def test_what_defender_has_not_seen_yet_is_asked_for_again(stand: Any) -> None:
    place = stand(PurgeSentPhish())
    case = await place.case()
    await place.until_done(case)
    name = mail(place)["Minutes of the meeting"].id
    place.lab.state.not_analyzed.add(name)
    with pytest.raises(Transient) as waiting:
        await place.responder.plan(case, place.world)
    assert waiting.value.retry_after == 300


async def test_what_defender_knows_is_removed_before_the_rest_is_waited_for(stand: Any) -> None:
    place = stand(PurgeSentPhish())
    place.lab.state.not_analyzed.add(mail(place)["Shared document: invoice"].id)
    change = await place.responder.plan(await place.case(), place.world)
    assert [message.subject for message in change.messages] == ["Your voicemail"]


async def test_a_flood_is_one_query_for_a_person(stand: Any) -> None:
    place = stand(PurgeSentPhish())
    template = mail(place)["Shared document: invoice"]
    for _ in range(200):
        name = place.lab.guid()
        place.lab.state.sent[name] = replace(template, id=name)
    with pytest.raises(Refused) as refused:
        await place.responder.plan(await place.case(), place.world)
    assert any("Threat Explorer" in step for step in refused.value.steps)
    assert not [call for call in place.lab.calls if "analyzedEmails" in call.name]


async def test_a_guest_sends_from_elsewhere(stand: Any) -> None:
    place = stand(PurgeSentPhish(), story=guest)
    refused = await place.responder.refuse(await place.case(), place.world)
    assert "home" in str(refused)
    assert refused.steps


@pytest.mark.parametrize(
    ("recipients", "threats", "why"),
    [
        (1, ("none",), ()),
        (9, (), ()),
        (10, ("none",), ("went to 10 recipients",)),
        (1, ("spam", "phish"), ("Defender takes it for phish", "Defender takes it for spam")),
    ],
)
def test_a_message_is_the_intruders_by_defenders_word_or_by_its_number(
    recipients: int, threats: tuple[str, ...], why: tuple[str, ...]
) -> None:
    message = Sent(id="m", at=NOON, subject="s", recipients=recipients)
    copy = MailCopy(message="m", recipient="r", location="inbox_folder", threats=threats)
    assert reasons(message, (copy,)) == why
