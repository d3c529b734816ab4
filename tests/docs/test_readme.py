from __future__ import annotations

import json
import re
from pathlib import Path

from cli.exits import Exit
from responders import catalogue
from shared.alerts.catalogue import carriers
from shared.alerts.source import Sources
from shared.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def test_the_example_of_sources_is_valid() -> None:
    example = re.search(r"```json\n(.*?)```", README, re.DOTALL)
    assert example
    names = [source.name for source in Sources.model_validate(json.loads(example[1])).root]
    assert names == ["defender", "siem"]


def test_every_responder_and_no_other_is_in_the_table() -> None:
    rows = re.findall(
        r"^\| (?:contain|evict|recover|harden|close) \| `(\w+)`", README, re.MULTILINE
    )
    assert rows == list(dict.fromkeys(rows))
    assert set(rows) == set(catalogue())


def test_every_carrier_is_named() -> None:
    for name in carriers():
        assert f"`{name}`" in README


def test_every_setting_that_is_named_exists() -> None:
    known = {f"FIREBREAK_{name}".upper() for name in Settings.model_fields}
    assert set(re.findall(r"FIREBREAK_[A-Z_]+", README)) <= known


def test_every_exit_code_is_explained() -> None:
    codes = README[README.index("Exit codes:") :].partition("\n\n")[0]
    for code in Exit:
        assert re.search(rf"\b{int(code)}\b", codes), code


def test_every_link_into_the_project_leads_somewhere() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
