"""The package that Functions gets: the same bytes each time, all that is needed, and no more."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import pytest

from responders import catalogue
from scripts.package.__main__ import ROOT, build
from scripts.package.archive import fingerprint, pack
from scripts.package.inside import Inside, unpacked
from scripts.package.stage import APP, LIBRARIES, stage

UNCHECKED = (1).to_bytes(4, "little")
"""The flags of bytecode that is trusted without a look at its source (PEP 552)."""
PYTEST = ("-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("package"), installed=True)


@pytest.fixture(scope="module")
def inside(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Inside:
    return unpacked(archive, tmp_path_factory.mktemp("inside"))


def test_the_same_files_give_the_same_bytes_wherever_and_whenever(tmp_path: Path) -> None:
    packed = []
    for name, moment in (("first", 1_000_000_000), ("a/longer/second", 1_700_000_000)):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        stage(ROOT, folder, lambda _: None, naive=True)
        for file in folder.rglob("*"):
            os.utime(file, (moment, moment))
        pack(folder, tmp_path / f"{folder.name}.zip")
        packed.append(fingerprint(tmp_path / f"{folder.name}.zip"))
    assert packed[0] == packed[1]


def test_it_holds_the_app_and_its_libraries_and_nothing_of_lab_tests_or_caches(
    archive: Path,
) -> None:
    with zipfile.ZipFile(archive) as packed:
        names = packed.namelist()
    tops = {name.partition("/")[0] for name in names}
    assert tops == {*APP, ".python_packages", "__pycache__"}
    ours = {name.split("/")[3] for name in names if name.startswith(f"{LIBRARIES}/")}
    assert not ours & {"lab", "tests", "cli", "pytest", "hypothesis", "rich", "typer", "starlette"}
    folders = {folder for name in names for folder in name.split("/")[:-1]}
    assert not folders & {"tests", ".mypy_cache", ".hypothesis", ".git"}


def test_every_source_has_bytecode_that_python_trusts(archive: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        names = set(packed.namelist())
        sources = [name for name in names if name.endswith(".py")]
        assert len(sources) > 1_000
        for name in sources:
            folder, _, file = name.rpartition("/")
            cached = f"{folder}/__pycache__/{file[:-3]}.cpython-313.pyc".lstrip("/")
            assert cached in names, name
            with packed.open(cached) as opened:
                assert opened.read(8)[4:] == UNCHECKED, name


def test_of_msgraph_a_few_per_cent_are_shipped(archive: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        shipped = [n for n in packed.namelist() if "/msgraph/" in n and n.endswith(".py")]
    assert 200 < len(shipped) < 1_000


def test_the_bill_of_materials_names_each_library_and_the_package_itself(archive: Path) -> None:
    bill = json.loads(archive.with_suffix(".cdx.json").read_text())
    with zipfile.ZipFile(archive) as packed:
        found = {n.split("/")[3] for n in packed.namelist() if ".dist-info/METADATA" in n}
    assert len(bill["components"]) == len(found)
    assert all(part["licenses"] and part["purl"] for part in bill["components"])
    (hashed,) = bill["metadata"]["component"]["properties"]
    assert hashed["value"] == fingerprint(archive)


def test_from_the_package_alone_each_responder_takes_its_foothold_out(inside: Inside) -> None:
    done = inside.run(*PYTEST, "tests/laws/test_responder_laws.py", "-k", "leaves_nothing")
    assert done.returncode == 0, done.stdout[-3_000:] + done.stderr[-3_000:]
    passed = int(done.stdout.rpartition(" passed")[0].split()[-1])
    assert passed >= len(catalogue())


def test_inside_nothing_but_the_package_is_found(inside: Inside) -> None:
    asked = "import json, sys, msgraph, azure.functions as f, shared.app as a, pydantic as p;"
    done = inside.run("-c", asked + "print(json.dumps([m.__file__ for m in (msgraph, f, a, p)]))")
    for place in json.loads(done.stdout):
        assert Path(place).resolve().is_relative_to(inside.app)
    missing = inside.run("-c", "import msgraph.generated.planner.planner_request_builder")
    assert "ModuleNotFoundError" in missing.stderr


@pytest.mark.stack
@pytest.mark.usefixtures("azurite")
def test_the_local_host_starts_the_package_and_both_compromises_of_the_demo_are_stopped(
    inside: Inside,
) -> None:
    demo = "from cli.main import app; app()"
    done = inside.run("-c", demo, "demo", "--json")
    assert done.returncode == 0, done.stderr
    stories = json.loads(done.stdout)
    assert {story["status"] for story in stories} == {"contained"}
    assert all(story["killed"] == story["footholds"] for story in stories)
