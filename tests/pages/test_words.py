from __future__ import annotations

from enum import StrEnum

import pytest

from shared import model
from shared.pages import choices, words

CHOICES = [
    thing
    for module in (model, choices)
    for thing in vars(module).values()
    if isinstance(thing, type) and issubclass(thing, StrEnum) and thing is not StrEnum
]


@pytest.mark.parametrize("choice", CHOICES)
def test_every_choice_can_be_said(choice: type[StrEnum]) -> None:
    known = words.SIGNS.get(choice) or words.SAID.get(choice) or words.SHAPES
    assert set(known) == set(choice)


def test_two_states_with_one_value_keep_their_own_words() -> None:
    assert words.sign(model.TaskState.WAITING)[0] == "Waits for approval"
    assert words.sign(model.Event.WAITING)[0] == "waits"
    assert words.sign(model.Severity.UNKNOWN) != words.sign(choices.ChainState.UNKNOWN)


@pytest.mark.parametrize("choice", [model.CaseStatus, model.TaskState, choices.Fate, choices.Need])
def test_states_of_different_tone_differ_in_word_and_shape_too(choice: type[StrEnum]) -> None:
    signs = [words.sign(state) for state in choice]
    for word, tone, shape in signs:
        for other_word, other_tone, other_shape in signs:
            if tone is not other_tone:
                assert word != other_word
                assert shape != other_shape


def test_what_has_no_word_is_said_as_it_is() -> None:
    assert words.said("ip_address") == "IP address"
    assert words.named("disable_sign_in") == "Disable sign in"
