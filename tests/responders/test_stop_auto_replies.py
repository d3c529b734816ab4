from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import pytest

from lab.plants.auto_replies import LINK, OWN_WORDS
from lab.reply_footholds import AutoReply as Phish
from lab.tenant.mailbox_state import AutoReply
from responders.stop_auto_replies import StopAutoReplies
from shared.errors import Gone, Refused

CANARY = "Zebra-Canary-4711"


def reply(place: Any, **wish: Any) -> None:
    place.lab.change_mailbox(
        place.scenario.oid, auto_reply=AutoReply(**{"status": "alwaysEnabled", **wish})
    )


def held(place: Any) -> AutoReply:
    found: AutoReply = place.lab.mailboxes[place.scenario.oid].auto_reply
    return found


async def plan(place: Any) -> Any:
    return await place.responder.plan(await place.case(), place.world)


async def test_the_link_goes_out_no_more_and_every_word_stays_in_the_mailbox(stand: Any) -> None:
    place = stand(StopAutoReplies())
    (phish,) = [f for f in place.scenario.intruder.footholds if isinstance(f, Phish)]
    before = held(place)
    await place.until_done(await place.case())
    assert not phish.alive(place.lab)
    assert held(place) == replace(before, status="disabled")
    assert LINK in held(place).external
    assert held(place).internal == OWN_WORDS


async def test_no_word_of_the_text_reaches_a_change_a_log_or_a_record(
    stand: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    place = stand(StopAutoReplies())
    reply(place, external=f"{CANARY} https://files.mallory.example/{CANARY} password")
    (change,) = await place.until_done(await place.case())
    await place.responder.undo(change, place.world)
    said = change.model_dump_json() + caplog.text + repr(change)
    said += "".join(write.what for write in place.lab.writes)
    who = change.who.object_id
    said += repr(await place.world.auto_replies.of(who))
    assert CANARY not in said
    assert "mallory" not in said
    assert change.was.text_length > len(CANARY)


async def test_a_refusal_does_not_quote_the_text_either(stand: Any) -> None:
    place = stand(StopAutoReplies())
    reply(place, external=f"{CANARY}: write to {CANARY}@else.example")
    with pytest.raises(Refused) as refused:
        await plan(place)
    assert CANARY not in str(refused.value) + "".join(refused.value.steps)
    assert place.ours() == []


@pytest.mark.parametrize(
    "text",
    [
        "I am away until Monday.",
        "Away. See https://www.contoso.example/holidays and https://contoso.example",
        "Please ask hanna.weiss@contoso.example instead.",
    ],
)
async def test_an_owner_on_holiday_stays_on_holiday(stand: Any, text: str) -> None:
    place = stand(StopAutoReplies())
    reply(place, external=text, internal=text)
    assert await plan(place) is None


async def test_a_reply_that_is_off_is_nobodys_business(stand: Any) -> None:
    place = stand(StopAutoReplies())
    reply(place, status="disabled", external=f"payment {LINK}")
    assert await plan(place) is None


async def test_a_schedule_comes_back_as_it_was(stand: Any) -> None:
    place = stand(StopAutoReplies())
    before = held(place)
    assert before.status == "scheduled"
    (change,) = await place.until_done(await place.case())
    await place.responder.undo(change, place.world)
    assert held(place) == before


async def test_undo_does_not_switch_on_a_text_that_was_changed_since(stand: Any) -> None:
    place = stand(StopAutoReplies())
    (change,) = await place.until_done(await place.case())
    place.lab.change_mailbox(
        place.scenario.oid, auto_reply=replace(held(place), external="Back on Monday.")
    )
    with pytest.raises(Refused, match="changed since"):
        await place.responder.undo(change, place.world)
    assert held(place).status == "disabled"


async def test_undo_leaves_a_reply_that_was_switched_on_otherwise_since(stand: Any) -> None:
    place = stand(StopAutoReplies())
    (change,) = await place.until_done(await place.case())
    reply(place, external="Back on Monday.")
    with pytest.raises(Refused, match="changed since"):
        await place.responder.undo(change, place.world)


async def test_without_a_mailbox_it_is_gone(stand: Any) -> None:
    place = stand(StopAutoReplies())
    place.lab.state.mailboxes.pop(place.scenario.oid)
    with pytest.raises(Gone):
        await plan(place)
