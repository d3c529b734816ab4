"""Whatever the docs name exists: commands with their options, settings, routes, tests, files."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from cli.main import app
from shared.settings import _TOOLS, Settings
from tests.contracts.in_process import http_functions

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("benchmarks/*.md"))
    if page.name != "CHANGELOG.md"
)
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.DOTALL | re.MULTILINE)


def code(text: str) -> Iterator[str]:
    """Every piece of code: inline, or a line of a block; a line that goes on is one."""
    for block in BLOCK.findall(text):
        yield from block.replace("\\\n", " ").splitlines()
    yield from re.findall(r"`([^`\n]+)`", BLOCK.sub("", text))


def commands(text: str) -> Iterator[list[str]]:
    for piece in code(text):
        found = re.match(r"(?:\$ )?(?:\.venv/bin/)?firebreak (.+)", piece.strip())
        if found:
            yield shlex.split(found[1], comments=True)


def wrong(words: list[str]) -> str | None:
    """Say what the command line would complain about; alternatives are written `a|b`."""
    command: Any = typer.main.get_command(app)
    rest = list(words)
    if rest[:1] == ["--tenant"]:
        # What goes for every command stands before it.
        rest = rest[2:]
    while hasattr(command, "commands") and rest and not rest[0].startswith("-"):
        names = rest.pop(0).split("|")
        if unknown := [name for name in names if name not in command.commands]:
            return f"there is no {unknown}"
        command = command.commands[names[0]]
    known = {option for each in command.params for option in each.opts}
    options = {word.partition("=")[0] for word in rest if word.startswith("--")}
    return f"there is no {options - known}" if options - known else None


@each_page
def test_every_command_that_is_named_exists_with_its_options(page: Path) -> None:
    found = {" ".join(words): wrong(words) for words in commands(page.read_text())}
    assert {line: why for line, why in found.items() if why} == {}


def test_commands_are_found_at_all_and_a_wrong_one_is_noticed() -> None:
    assert sum(1 for page in PAGES for _ in commands(page.read_text())) > 40
    assert wrong(["guards", "paws"])
    assert wrong(["cases", "list", "--jason"])


@each_page
def test_every_setting_that_is_named_exists(page: Path) -> None:
    known = {f"FIREBREAK_{name}".upper() for name in Settings.model_fields} | _TOOLS
    named = set(re.findall(r"\bFIREBREAK_[A-Z_]+[A-Z]\b", page.read_text()))
    assert named <= known


@each_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", page.read_text()):
        assert (page.parent / target).exists(), target


@each_page
def test_every_route_that_is_named_exists(page: Path) -> None:
    routes = [function.trigger["route"] for function, _ in http_functions()]
    # A provider's deployment has each of them below a customer's address, too, and the list.
    routes += [f"tenants/{{name}}/{route}" for route in routes] + ["tenants", "tenants/{name}/"]
    shapes = [re.sub(r"\{\*\w+\}", ".*", re.sub(r"\{\w+\}", "[^/]+", route)) for route in routes]
    for named in re.findall(r"`(?:GET |POST )?/api/([\w/.{}-]*)`", page.read_text()):
        # A route that ends in a rest also takes none.
        asked = (named.rstrip("/"), f"{named.rstrip('/')}/")
        assert any(re.fullmatch(shape, each) for shape in shapes for each in asked), named


def test_every_test_that_the_threat_table_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "security.md").read_text()))
    files = (ROOT / "tests").rglob("test_*.py")
    defined = {n for file in files for n in re.findall(r"def (test_\w+)", file.read_text())}
    assert len(named) > 20
    assert named <= defined
