from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from responders import catalogue
from shared.policy.schema import schema

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = tomllib.loads((ROOT / "policy.toml").read_text(encoding="utf-8"))
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


def test_every_key_says_what_it_means() -> None:
    made = schema(catalogue())
    parts = {"policy": made, **made["$defs"]}
    keys = {
        f"{name}.{key}": known
        for name, part in parts.items()
        for key, known in part.get("properties", {}).items()
    }
    assert {name for name, known in keys.items() if not known.get("description")} == set()
