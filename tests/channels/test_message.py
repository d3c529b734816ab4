"""Somebody else's words are harmless wherever they are shown, and secrets are in no error."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lab.services import channels
from shared.channels.configured import Channels
from shared.channels.message import plain
from shared.channels.texts import written
from shared.errors import Defect
from shared.policy.notify import Told


@given(st.text(max_size=400), st.integers(2, 200))
def test_whatever_a_name_is_it_becomes_one_short_line_without_markup(text: str, most: int) -> None:
    said = plain(text, most)
    assert len(said) <= most
    assert not set(said) & set("<>[]{}*`|\r\n")
    assert "://" not in said
    assert all(unicodedata.category(letter)[0] != "C" for letter in said)
    assert plain(said, most) == said


@pytest.mark.parametrize("what", [*Told, "digest", "test"])
def test_every_event_has_a_title_and_a_text_in_which_names_are_plain(what: str) -> None:
    name = "<b>[x](https://mallory.example)"
    facts = dict.fromkeys(
        (
            *("upn", "who", "kinds", "severity", "status", "false_alarm", "responder"),
            *("until", "contained", "said"),
        ),
        name,
    )
    title, text = written(what, **facts, count=2, lines=[name, name])
    assert title
    assert text
    assert not set(title + text) & set("<>[]")


def changed(index: int, **wishes: Any) -> list[dict[str, Any]]:
    given = [dict(channel) for channel in channels(2525)]
    given[index] |= wishes
    return given


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ({"url": "http://mallory.example/secret-path"}, "must start with https"),
        ({"url": "secret-path"}, "must start with https"),
        ({"kind": "pigeon"}, "does not match any of the expected tags"),
        ({"secret-path": 1}, "not permitted"),
    ],
)
def test_a_wrong_channel_is_named_and_its_secret_is_not_repeated(
    wishes: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValidationError, match=said) as caught:
        Channels.model_validate(changed(0, **wishes))
    assert "lab-Teams-signature" not in str(caught.value)
    assert "mallory" not in str(caught.value)


def test_mail_is_not_sent_in_the_clear_to_another_computer() -> None:
    with pytest.raises(ValidationError, match="on this computer"):
        Channels.model_validate(changed(2, host="relay.contoso.example"))


def test_a_way_back_to_nobody_stops_the_start() -> None:
    made = Channels.model_validate(changed(8, source="splunk"))
    with pytest.raises(Defect, match="splunk"):
        made.check_sources(frozenset({"operator"}))


def test_two_channels_of_one_name_stop_the_start() -> None:
    with pytest.raises(ValidationError, match="two channels are called slack"):
        Channels.model_validate(changed(0, name="slack"))


@pytest.mark.parametrize(("count", "said"), [(1, "1 thing from"), (2, "2 things from")])
def test_a_digest_counts_what_it_holds(count: int, said: str) -> None:
    title, text = written("digest", count=count, lines=["contained"] * count)
    assert title.startswith(said)
    assert text.count("contained") == count
