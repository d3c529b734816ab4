"""The cmdlets we look for are those we run, in the roles that the simulated Exchange has them."""

from __future__ import annotations

import ast
from pathlib import Path

from lab.tenant.catalogue import cmdlets
from shared.clients.cmdlets import BY_ROLE, TOO_FAR
from tests.contracts.test_exchange_conformance import CMDLETS

ROOT = Path(__file__).resolve().parents[2]
VERBS = ("Get-", "Set-", "Add-", "Remove-", "Enable-", "Disable-")
OURS = frozenset[str]().union(*BY_ROLE.values())


def run_by_us() -> set[str]:
    """Find the names of cmdlets in the clients: whole words of text, as they are sent."""
    found: set[str] = set()
    for file in (ROOT / "shared" / "clients").glob("*.py"):
        if file.stem in {"cmdlets", "answers"}:
            continue  # the list itself, and what Exchange says of a cmdlet that a person runs
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= {node.value} if node.value.startswith(VERBS) else set()
    return {name for name in found if not name.endswith("-") and " " not in name}


def test_each_cmdlet_is_looked_for_in_the_role_that_brings_it() -> None:
    simulated = {cmdlet.name: cmdlet.role for cmdlet in cmdlets()}
    assert {name: role for role, names in BY_ROLE.items() for name in names} == {
        name: simulated[name] for name in OURS
    }


def test_every_cmdlet_that_a_client_runs_is_looked_for() -> None:
    assert (run_by_us() | CMDLETS.keys()) - OURS == set()


def test_what_reaches_too_far_is_nothing_we_run() -> None:
    assert not OURS & TOO_FAR.keys()
