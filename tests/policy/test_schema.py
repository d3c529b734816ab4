from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from copy import deepcopy
from datetime import date, time
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from responders import catalogue
from shared.model import Json
from shared.policy.document import Document, ResponderTraits
from shared.policy.reading import mistakes
from shared.policy.schema import schema

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = tomllib.loads((ROOT / "policy.toml").read_text(encoding="utf-8"))
TRAITS = ResponderTraits.of(catalogue())
VALIDATOR = jsonschema.Draft202012Validator(schema(catalogue()))


def test_the_shipped_policy_fits_the_schema() -> None:
    assert list(VALIDATOR.iter_errors(SHIPPED)) == []


@pytest.mark.parametrize(
    "change",
    [
        {"mode_celling": "observe"},
        {"mode_ceiling": "off"},
        {"episode": {"hours": 0}},
        {"rule": []},
        {"rule": [{"name": "a", "responders": {"disable_singin": "enforce"}}]},
        {"rule": [{"name": "a", "responders": {"disable_sign_in": "maybe"}}]},
        {"rule": [{"name": "a", "responders": {}}]},
        {
            "rule": [
                {"name": "a", "kinds": ["weather"], "responders": {"disable_sign_in": "observe"}}
            ]
        },
    ],
)
def test_what_the_reader_refuses_the_schema_refuses_too(change: dict[str, Any]) -> None:
    assert list(VALIDATOR.iter_errors(SHIPPED | change))


FULL: Final[Json] = tomllib.loads("""
version = 1
mode_ceiling = "enforce"
episode.hours = 72
sweeps.score_drop = 2.5
approvals = { escalate_after_minutes = 30, expire_after_hours = 24 }
retention = { evidence_days = 1, raw_days = 2, case_days = 3 }
block.group = "6f1f2d5e-0000-4000-8000-00000000000a"
on_premises.defender_for_identity = true
[protected]
accounts = ["ada@contoso.example", "6f1f2d5e-0000-4000-8000-00000000000b"]
groups = ["6f1f2d5e-0000-4000-8000-00000000000a"]
[guards]
privileged = "approve"
four_eyes = true
stale_hours = 72
radius = { per_hour = 2, per_day = 3, share_per_hour = 5, at_least = 1, kinds.risky_user = 2 }
burst = { cases = 3, minutes = 10, hold_minutes = 60 }
[[freeze]]
name = "night"
days = ["mon", "tue"]
after = 22:00:00
before = "06:00"
zone = "Europe/Berlin"
[[freeze]]
name = "move"
mode = "observe"
starts = 2026-12-24T18:00:00+01:00
ends = "2026-12-27T06:00:00Z"
[[notify]]
channels = ["team"]
events = ["escalated"]
severity = ["high"]
pages = []
digest = { at = 08:00:00, zone = "UTC" }
[[notify]]
channels = ["pager"]
quiet = { after = 20:00:00, before = 07:00:00, days = ["sat"] }
[[rule]]
name = "sure"
kinds = ["risky_user", "risky_sign_in"]
severity = ["high"]
account = ["cloud"]
groups = ["6f1f2d5e-0000-4000-8000-00000000000a"]
irreversible = true
[rule.responders]
disable_sign_in = "enforce"
reset_password = "approve"
[[rule]]
name = "rest"
responders = { disable_sign_in = "observe" }
""")
TOGETHER: Final = re.compile(
    "never gets a turn|names a rule|cannot be put back|no time zone|not after 'starts'"
    "|a freeze has either|means nothing beside|holds nothing back|quiet hours never end"
    "|a digest is sent|nobody else is ever told|no moment|datetime|timezone|whole number"
)
"""What only shows when parts are seen together, and what JSON has no word for."""
ODD = st.one_of(
    st.booleans(),
    st.integers(-2, 2000),
    st.floats(-2, 200),
    st.text(max_size=4),
    st.sampled_from(["observe", "high", "mon", "12:00", "2026-12-24T18:00:00Z", "a@b.example"]),
    st.lists(st.sampled_from(["mon", "high", "cloud", "x"]), max_size=3),
    st.just({}),
)


def places(part: Json | list[Any]) -> Iterator[tuple[Json | list[Any], Any]]:
    """Every key and item of a document, with what it is in."""
    for key, inner in list(part.items() if isinstance(part, dict) else enumerate(part)):
        yield part, key
        if isinstance(inner, dict | list):
            yield from places(inner)


@st.composite
def documents(draw: st.DrawFn) -> Json:
    """Draw the full document with one or two of its parts changed, taken out or put elsewhere."""
    document: Json = deepcopy(FULL)
    for _ in range(draw(st.integers(1, 2))):
        inside, key = draw(st.sampled_from(list(places(document))))
        match draw(st.sampled_from(["replace", "remove", "add", "move"])):
            case "remove":
                del inside[key]
            case "add" if isinstance(inside, dict):
                inside[draw(st.sampled_from(["mode", "name", "days", "hours"]))] = draw(ODD)
            case "move":
                other, there = draw(st.sampled_from(list(places(FULL))))
                inside[key] = deepcopy(other[there])
            case _:
                inside[key] = draw(ODD)
    return document


def read(document: Json) -> list[str]:
    """What the reader says is wrong."""
    return [said for _, said in mistakes(document, lines=defaultdict(int), responders=TRAITS)]


def edited(part: Any) -> Any:
    """Give a document as an editor checks it: JSON has no times."""
    if isinstance(part, dict):
        return {key: edited(inner) for key, inner in part.items()}
    if isinstance(part, list):
        return [edited(inner) for inner in part]
    return part.isoformat() if isinstance(part, date | time) else part


def test_the_document_that_is_changed_has_every_key_and_no_mistake() -> None:
    assert read(FULL) == list(VALIDATOR.iter_errors(edited(FULL))) == []
    assert set(Document.model_fields) == set(FULL)


def test_an_item_that_is_listed_twice_is_no_mistake_to_either() -> None:
    twice = FULL | {"protected": {"accounts": ["ada@contoso.example"] * 2}}
    assert read(twice) == list(VALIDATOR.iter_errors(edited(twice))) == []


@given(documents())
@settings(max_examples=150)
def test_an_editor_marks_nothing_that_the_reader_takes_and_all_that_one_part_shows(
    document: Json,
) -> None:
    said, marked = read(document), list(VALIDATOR.iter_errors(edited(document)))
    if marked:
        assert said
    assert marked or all(TOGETHER.search(one) for one in said)


def test_every_key_says_what_it_means() -> None:
    made = schema(catalogue())
    parts = {"policy": made, **made["$defs"]}
    keys = {
        f"{name}.{key}": known
        for name, part in parts.items()
        for key, known in part.get("properties", {}).items()
    }
    assert {name for name, known in keys.items() if not known.get("description")} == set()
