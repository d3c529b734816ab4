"""Whatever is to be told, each service takes it, and people read what was written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter

from lab import services
from lab.receivers import Receivers
from lab.services import channels
from shared.channels.configured import Channel
from shared.channels.message import Message, plain
from shared.channels.send import send
from shared.errors import Transient

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ODD = plain('Ada "A\\dmin" {{ link }} $x_y_ 50% 3. # é漢 \\u0041 \\n', most=200)
EVERY = [channel["name"] for channel in channels(2525)]


@pytest.fixture
async def far(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Receivers]:
    async with Receivers() as made:
        for name, value in made.environment().items():
            monkeypatch.setenv(name, value)
        yield made


def named(far: Receivers, name: str) -> Channel:
    (found,) = [each for each in channels(far.smtp_port) if each["name"] == name]
    return TypeAdapter[Channel](Channel).validate_python(found)


def message(**wishes: Any) -> Message:
    made: dict[str, Any] = {
        "event": "case_opened",
        "key": "0" * 32,
        "thread": "f28adcb4d61520b3",
        "title": f"Case opened: {ODD}",
        "text": f"{ODD} looks compromised.\nA second line.",
        "link": "https://firebreak.contoso.example/api/cases/f28adcb4d61520b3",
        "link_words": "Open the case",
        "at": NOON,
    }
    return Message(**{**made, **wishes})


@pytest.mark.parametrize("name", EVERY)
async def test_every_service_takes_the_longest_title_and_text_and_odd_letters(
    far: Receivers, name: str
) -> None:
    channel = named(far, name)
    long = {"title": "t" * 400, "text": "\n".join([f"{n} {'x' * 70}" for n in range(40)])}
    for told in (message(), message(**long), message(urgent=True)):
        await send(channel, told, at=NOON)
    assert len(far.heard) + len(far.mails) >= 3


async def test_a_card_in_teams_says_what_was_written_and_leads_to_the_case(far: Receivers) -> None:
    await send(named(far, "teams"), message(), at=NOON)
    (call,) = far.at(services.TEAMS)
    card = call.json["attachments"][0]["content"]
    title, text = (part["text"] for part in card["body"])
    assert title == f"Case opened: {ODD}"
    assert text == f"{ODD} looks compromised.\n\nA second line."
    (action,) = card["actions"]
    assert (action["type"], action["url"]) == ("Action.OpenUrl", message().link)


@pytest.mark.parametrize("name", [each for each in EVERY if each != "mail"])
async def test_a_redirect_takes_no_secret_along_to_another_host(far: Receivers, name: str) -> None:
    far.trouble |= dict.fromkeys(services.SERVICES, 307)
    with pytest.raises(Transient):
        await send(named(far, name), message(), at=NOON)
    assert far.heard
    assert not [call for call in far.heard if call.path == services.ELSEWHERE]
