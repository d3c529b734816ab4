"""Say what is wrong with a policy in sentences that tell a person what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from shared.policy.locate import Path

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_QUOTED: Final = re.compile(r"'([^']*)'")
_THING: Final = {
    "kinds": "alert kind",
    "severity": "severity",
    "account": "account kind",
    "events": "event",
    "pages": "event",
}
"""What a list holds; every other choice in the language is a mode."""

_SHAPES: Final = {
    "string_type": "a text in quotes",
    "frozen_set_type": "a list in [brackets]",
    "tuple_type": "a list in [brackets]",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "dict_type": "a table",
    "model_type": "a table",
}

_NEEDED: Final = {
    "rule": "there is no rule, so no alert would be answered; add at least one [[rule]]",
    "responders": (
        "this rule answers with nothing; add [rule.responders] with at least one responder "
        '("observe" only reports)'
    ),
}
"""What must be there, and not empty."""


def near(word: str, known: Iterable[str]) -> str:
    """Suggest what was probably meant, as the end of a sentence."""
    known = list(known)
    close = get_close_matches(word, known, n=1)
    return f"; did you mean '{close[0]}'?" if close else f"; use one of: {', '.join(known)}"


def path_of(error: ErrorDetails) -> Path:
    """Where in the document an error stands; pydantic marks a bad key with an extra part."""
    return tuple(part for part in error["loc"] if part != "[key]")


def sentence(error: ErrorDetails, known_keys: Callable[[Path], Iterable[str]]) -> str:
    """Turn one of pydantic's findings into a sentence."""
    path, kind = path_of(error), error["type"]
    name = next((part for part in reversed(path) if isinstance(part, str)), "policy")
    said = f"'{name}': {error['msg']}"
    match kind:
        case "missing" | "too_short" if name in _NEEDED:
            said = _NEEDED[name]
        case "missing":
            said = f"'{name}' is missing; add it"
        case "too_short":
            said = f"'{name}' is empty and would match nothing; leave it out to match everything"
        case "extra_forbidden":
            said = f"unknown key '{name}'{near(name, known_keys(path[:-1]))}"
        case "enum":
            choices = _QUOTED.findall(error["ctx"]["expected"])
            thing = _THING.get(name, "mode")
            said = f"unknown {thing} '{error['input']}'{near(str(error['input']), choices)}"
        case _ if kind in _SHAPES:
            said = f"'{name}' must be {_SHAPES[kind]}"
    return said
