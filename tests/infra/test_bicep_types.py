"""Files are parsed, and resources are held against a reviewed table.

No compiler ran where this was written; where there is one, it is asked too.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from lark.exceptions import LarkError

from tests.infra.bicep_files import FILES, INFRA, Declared, is_expression, parsed, parser, resources
from tests.infra.reviewed_optional_types import TYPES
from tests.infra.type_check import complaints

BICEP = shutil.which("bicep")
ALL = [(name, each) for name in FILES for each in resources(name)]


@pytest.mark.parametrize("name", FILES)
def test_every_file_parses(name: str) -> None:
    assert parsed(name)


def test_a_syntax_error_is_found() -> None:
    with pytest.raises(LarkError):
        parser().parse(text="resource app 'Microsoft.Web/sites@2024-04-01' = {\n  name 'x'\n}\n")


@pytest.mark.skipif(BICEP is None, reason="no Bicep compiler on this machine")
@pytest.mark.parametrize("name", ["main.bicep", "sign-in.bicep", "permissions.bicep"])
def test_the_compiler_where_there_is_one_takes_every_file(name: str) -> None:
    assert BICEP
    done = subprocess.run(
        [BICEP, "build", "--stdout", str(INFRA / name)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("name", "found"), ALL, ids=lambda value: getattr(value, "name", value))
def test_types_versions_and_properties_are_the_reviewed_ones(name: str, found: Declared) -> None:
    assert complaints(found) == []


def test_every_reviewed_type_is_used() -> None:
    assert {each.kind for _, each in ALL} == set(TYPES)


def _misspelt(found: Declared) -> Iterator[tuple[str, Declared]]:
    """Give the resource once for each of its property names, with two letters swapped."""
    for path in _paths(found.body):
        body = deepcopy(dict(found.body))
        node: Any = body
        for step in path[:-1]:
            node = node[step]
        node[f"{path[-1]}s"] = node.pop(path[-1])
        yield ".".join(map(str, path)), Declared(found.name, found.kind, body, found.existing)


def _paths(node: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if is_expression(node) or (isinstance(node, dict) and "loop_type" in node):
        return
    if isinstance(node, dict):
        for key, value in node.items():
            yield (*at, key)
            yield from _paths(value, (*at, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _paths(value, (*at, index))


NOT_LOOKED_INTO = ("tags", "userAssignedIdentities", "definition", "parameters", "customProperties")


@pytest.mark.parametrize(("name", "found"), ALL, ids=lambda value: getattr(value, "name", value))
def test_a_misspelt_property_is_red_wherever_it_stands(name: str, found: Declared) -> None:
    missed = [
        path
        for path, wrong in _misspelt(found)
        if not complaints(wrong) and not any(f"{open_}." in path for open_ in NOT_LOOKED_INTO)
    ]
    assert missed == []


def test_a_wrong_word_type_or_version_is_red() -> None:
    (plan,) = (each for _, each in ALL if each.kind.startswith("Microsoft.Web/serverfarms"))
    wrong = deepcopy(dict(plan.body))
    wrong["sku"]["name"] = "Y1"
    wrong["properties"]["reserved"] = "yes"
    assert len(complaints(Declared(plan.name, plan.kind, wrong))) == 2
    assert complaints(Declared(plan.name, "Microsoft.Web/serverfarms@2099-01-01", plan.body))
