"""What each part declares is what the simulated tenant sees it use: no right more, and none less.

Responders are held to the same by test_graph_conformance and by the laws, one by one.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from cli.permissions import needed
from lab.scenarios.second_door import second_door
from lab.scenarios.two_victims import two_victims
from lab.score_history import ScoreHistory
from lab.tenant.catalogue import operations
from responders import catalogue
from shared.clients import exchange
from shared.errors import FirebreakError
from shared.model import Place, PullName
from shared.needs import Declared, Sort
from shared.rights import options
from shared.sweeps.parts import InParts
from shared.sweeps.posture import sweeps
from shared.tasks.completion import readers
from shared.tasks.pieces import Pieces
from tests.contracts.attribution import Attributed, acting_as
from tests.doctor.clinic import WELL, Clinic, Wish
from tests.sweeps.pulling import PullBench
from tests.sweeps.swept import Swept
from tests.sweeps.test_break_glass import Emergency
from tests.sweeps.test_mfa_coverage import WITHOUT_P1, Town
from tests.sweeps.test_score_board import ask as decide
from tests.tasks.benches import Bench
from tests.tasks.returns import Place as Return

ROOT = Path(__file__).parents[2]
EVERYTHING = needed(ROOT / "policy.toml", options())
PARTS = sorted({_.name.partition(":")[0] for _ in EVERYTHING.declared if _.sort is Sort.PART})
SWEEPS = [name for name, sweep in sweeps().items() if isinstance(sweep, InParts)]
MODULES = {
    f"{lead}{path.stem}": f"shared.{folder.replace('/', '.')}.{path.stem}"
    for folder, lead in (("tasks", ""), ("sweeps", ""), ("doctor/checks", "doctor_"))
    for path in (ROOT / "shared" / folder).glob("*.py")
}
COVERED_BY_OTHERS = {
    "doctor_clocks": "asks without a token",
    "audit_proof": "the sweep mailbox_auditing reads it",
    "runner": "gives its tenant to responders",
    "watch": "gives its tenant to responders",
}


async def play(used: Attributed) -> None:
    """Let every part do its work once."""
    async with Bench(story=two_victims) as bench:
        used.watch(bench.tenant)
        await bench.tell()
        await bench.settle()
        await bench.app.guards({})
        await bench.detect(2)
        await bench.settle(within=timedelta(days=1))
    back = Return()
    async with back.bench:
        used.watch(back.lab)
        case = await back.contained()
        await back.ask("restore", case, reason="urgent")
        await back.wait(minutes=2)
        await back.ask("access_pass", case, minutes=30)
    elsewhere = Return(second_door)
    async with elsewhere.bench:
        used.watch(elsewhere.lab)
        await elsewhere.contained(minutes=70)
    async with PullBench(*PullName) as pulling:
        used.watch(pulling.tenant)
        pulling.published(pulling.clock.now())
        await pulling.pull_all(*PullName)
    async with Bench() as scored:
        used.watch(scored.tenant)
        ScoreHistory(scored.tenant).lay_out(days=5)
        await scored.app.start_sweeps()
        await scored.settle(within=timedelta(hours=1))
        await decide(scored, control="AdminMFAV2", state="risk accepted", reason="known")
    with TemporaryDirectory() as folder:
        async with Clinic(Path(folder), Wish(policy=GROUPED)) as clinic:
            used.watch(clinic.tenant)
            await clinic.app.examined({})
    async with Bench() as late:
        used.watch(late.tenant)
        pieces = Pieces(late.store, late.app.settings.tenant)
        with acting_as("shared.tasks.completion"):
            for place, read in readers(late.world, pieces).items():
                if place is not Place.PIECES:
                    with suppress(FirebreakError):
                        await read(named(late, place))


GROUPED = WELL.replace("[protected]\n", '[protected]\ngroups = ["{empty}"]\n')
"""A policy that protects a group as well."""


def named(bench: Bench, place: Place) -> str:
    """Name something that is to be read again; whether it is there does not matter."""
    workspace = bench.app.settings.sentinel_workspace
    name = "afbd324f-6c48-459c-8710-8d1e1cd03812"
    incident = f"{workspace}/providers/Microsoft.SecurityInsights/incidents/{name}"
    return incident if place is Place.SENTINEL_INCIDENT else name


async def test_every_part_uses_exactly_the_rights_that_it_declares() -> None:
    used = Attributed()
    await play(used)
    for part in PARTS:
        wanted = [one for one in EVERYTHING.declared if one.name.partition(":")[0] == part]
        assert problems(wanted, used, MODULES[part]) == []


def towns(name: str, folder: Path) -> list[Swept]:
    """Give organisations in which a sweep has everything to ask that it may ask."""
    if name == "break_glass":
        return [Emergency(folder)]
    if name == "mfa_coverage":
        poor = Town(WITHOUT_P1)
        poor.member("Ada Brandt", "phone")
        return [Swept(60, name, page_size=20), poor]
    return [Swept(60, name, page_size=20)]


@pytest.mark.parametrize("name", SWEEPS)
async def test_every_sweep_uses_exactly_the_rights_that_it_declares(
    name: str, tmp_path: Path
) -> None:
    used = Attributed()
    for town in towns(name, tmp_path):
        used.watch(town.lab)
        await town.run()
    wanted = [one for one in EVERYTHING.declared if one.name == name and one.sort is Sort.SWEEP]
    assert problems(wanted, used, f"shared.sweeps.posture.{name}") == []


def problems(wanted: list[Declared], used: Attributed, module: str) -> list[str]:
    """Say what was used and not declared, and what was declared and not used."""
    found: list[str] = []
    for sort in ("permissions", "exchange_roles", "azure_roles"):
        calls: Mapping[str, list[frozenset[str]]] = getattr(used, sort)
        declared = frozenset[str]().union(*(getattr(one, sort) for one in wanted))
        lent = frozenset[str]().union(*(one.borrows for one in wanted))
        allowed = declared | lent if sort == "permissions" else declared
        found += [
            f"{module} lacks one of {sorted(enough)}"
            for enough in set(calls[module])
            if not enough & allowed
        ]
        useful = frozenset[str]().union(*calls[module])
        found += [f"{module} never uses {right}" for right in sorted(allowed - useful)]
    return found


@pytest.mark.parametrize("way", ["added", "dropped"])
def test_a_right_that_is_added_or_dropped_anywhere_is_seen(way: str) -> None:
    used = Attributed()
    used.permissions["shared.tasks.a_part"] = [frozenset({"User.Read.All", "Directory.Read.All"})]
    honest = Declared(
        name="a_part",
        sort=Sort.PART,
        what="Look",
        permissions=frozenset({"User.Read.All"}),
    )
    assert problems([honest], used, "shared.tasks.a_part") == []
    rights = {"added": {"User.Read.All", "Mail.Send"}, "dropped": set[str]()}[way]
    drifted = honest.model_copy(update={"permissions": frozenset(rights)})
    assert problems([drifted], used, "shared.tasks.a_part")


def test_whoever_talks_to_the_tenant_declares_what_that_needs() -> None:
    silent = {
        name
        for name, module in MODULES.items()
        if _asks_the_tenant(ROOT / f"{module.replace('.', '/')}.py")
    } - set(PARTS)
    assert silent == COVERED_BY_OTHERS.keys()


def _asks_the_tenant(file: Path) -> bool:
    """Whether a module names a client of the tenant, as in `tenant.directory`."""
    from shared.clients.tenant import Tenant

    clients = {*Tenant.__dataclass_fields__, "remembering"} - {"id", "new_password", "block_group"}
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in clients
        and (
            (isinstance(node.value, ast.Name) and node.value.id == "tenant")
            or (isinstance(node.value, ast.Attribute) and node.value.attr in {"tenant", "_tenant"})
        )
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    )


def test_every_right_is_one_that_the_simulated_tenant_knows() -> None:
    known = frozenset[str]().union(*(operation.any_of for operation in operations()))
    known |= {exchange.MANAGE_AS_APP, "ActivityFeed.Read"}
    assert EVERYTHING.permissions.keys() <= known


def test_what_the_policy_does_not_use_is_not_asked_for(tmp_path: Path) -> None:
    small = tmp_path / "policy.toml"
    small.write_text(
        'version = 1\n[[rule]]\nname = "all"\n[rule.responders]\ndisable_sign_in = "approve"\n'
    )
    found = needed(small)
    assert "Files.ReadWrite.All" not in found.permissions
    assert "RoleManagement.ReadWrite.Directory" in found.unmet
    assert "User.EnableDisableAccount.All" in found.permissions
    assert {one.name for one in found.declared if one.on} & set(catalogue()) == {
        "disable_sign_in",
        "restore_sign_in",
        "unblock_sender",
    }


def test_every_declaration_says_what_it_is_for() -> None:
    assert all(one.what for one in EVERYTHING.declared)
