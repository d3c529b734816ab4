from __future__ import annotations

from typing import Any

import pytest

from lab.access import SmtpAuth
from lab.protocol_footholds import AppPassword, Imap
from lab.scenarios import guest
from lab.tenant.mailbox_state import Protocols
from responders.block_legacy_mail import BlockLegacyMail
from shared.errors import Gone, Refused

PASSWORD_ALONE = (AppPassword, SmtpAuth, Imap)


def held(place: Any) -> tuple[bool | None, Protocols]:
    box = place.lab.mailboxes[place.scenario.oid]
    return box.smtp_auth_disabled, box.protocols


async def test_a_password_and_an_app_password_open_nothing_any_more(stand: Any) -> None:
    place = stand(BlockLegacyMail())
    ways = [f for f in place.scenario.intruder.footholds if isinstance(f, PASSWORD_ALONE)]
    assert len(ways) == 3
    await place.until_done(await place.case())
    place.clock.advance(place.lab.settings.protocol_lag)
    assert [f.label for f in ways if f.alive(place.lab)] == []


async def test_phone_web_and_outlook_go_on(stand: Any) -> None:
    place = stand(BlockLegacyMail())
    await place.until_done(await place.case())
    assert held(place) == (True, Protocols(imap=False, pop=False, ews=False))
    assert (held(place)[1].active_sync, held(place)[1].owa, held(place)[1].mapi) == (True,) * 3


@pytest.mark.parametrize("smtp", [None, False, True])
@pytest.mark.parametrize("ews", [None, False, True])
async def test_undo_restores_also_what_followed_the_organisation(
    stand: Any, *, smtp: bool | None, ews: bool | None
) -> None:
    place = stand(BlockLegacyMail())
    before = Protocols(imap=True, pop=False, ews=ews)
    place.lab.change_mailbox(place.scenario.oid, smtp_auth_disabled=smtp, protocols=before)
    (change,) = await place.until_done(await place.case())
    await place.responder.undo(change, place.world)
    assert held(place) == (smtp, before)


async def test_what_follows_the_organisation_counts_as_open(stand: Any) -> None:
    place = stand(BlockLegacyMail())
    shut = Protocols(imap=False, pop=False, ews=False)
    place.lab.change_mailbox(place.scenario.oid, smtp_auth_disabled=None, protocols=shut)
    change = await place.responder.plan(await place.case(), place.world)
    assert [line.was for line in change.differences()] == ["as the organisation has it"]
    assert change.summary() == "Shut SMTP AUTH"
    place.lab.change_mailbox(place.scenario.oid, smtp_auth_disabled=True)
    assert await place.responder.plan(await place.case(), place.world) is None


async def test_undo_leaves_what_somebody_has_opened_since(stand: Any) -> None:
    place = stand(BlockLegacyMail())
    (change,) = await place.until_done(await place.case())
    opened = Protocols(imap=False, pop=True, ews=False)
    place.lab.change_mailbox(place.scenario.oid, protocols=opened)
    with pytest.raises(Refused, match="changed since"):
        await place.responder.undo(change, place.world)
    assert held(place) == (True, opened)


async def test_all_is_shut_in_one_call(stand: Any) -> None:
    place = stand(BlockLegacyMail())
    await place.until_done(await place.case())
    assert place.ours() == [f"POST Set-CASMailbox {place.scenario.oid}"]


async def test_without_a_mailbox_it_is_gone(stand: Any) -> None:
    place = stand(BlockLegacyMail(), story=guest)
    with pytest.raises(Gone):
        await place.responder.plan(await place.case(), place.world)
