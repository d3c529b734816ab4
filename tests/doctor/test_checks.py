"""Laws over every check, found by discovery: each can be green, each failure can be seen."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from shared.diagnosis import ASKS, Checkup, Examined, Grade, Kind
from shared.doctor.check import UNKNOWN, Check
from shared.doctor.checks import checks
from shared.doctor.deployment import Deployment
from shared.doctor.examine import Doctor
from shared.telemetry import open_log
from tests.doctor.clinic import Clinic, Wish
from tests.doctor.states import ALL_IS_WELL, STATES

CHECKS = checks()


@pytest.fixture(autouse=True)
def stream(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """The Event Hub has a connection wherever it is not the point that it has none."""
    if "no_connection" not in request.node.name:
        monkeypatch.setenv("EventHub__fullyQualifiedNamespace", "contoso.servicebus.example")


async def examined(check: str, wish: Wish, folder: Path) -> Examined:
    async with Clinic(folder, wish) as clinic:
        await clinic.settled()
        return await clinic.app._doctor.one(check)


@pytest.mark.parametrize(("check", "kind"), STATES)
async def test_a_check_finds_each_state_a_deployment_can_be_in(
    check: str, kind: str, tmp_path: Path
) -> None:
    found = await examined(check, STATES[check, kind], tmp_path)
    kinds = {finding.kind: finding for finding in found.findings}
    assert kind in kinds, found
    assert kinds[kind].grade is CHECKS[check].kinds[kind].grade
    assert found.grade is not Grade.OK or kinds[kind].grade is Grade.OK


def test_every_state_that_a_check_declares_is_in_the_table() -> None:
    declared = {(name, kind) for name, check in CHECKS.items() for kind in check.kinds}
    assert STATES.keys() == declared


@pytest.mark.parametrize("name", CHECKS)
async def test_each_check_is_green_where_all_is_well_and_can_turn_red(
    name: str, tmp_path: Path
) -> None:
    well = await examined(name, ALL_IS_WELL, tmp_path)
    assert [one for one in well.findings if one.grade is not Grade.OK] == []
    grades = {kind.grade for kind in CHECKS[name].kinds.values()}
    assert grades - {Grade.OK}
    assert Grade.OK in grades


@pytest.mark.parametrize("name", CHECKS)
def test_each_finding_says_what_it_means_in_a_sentence_and_what_to_do(name: str) -> None:
    check = CHECKS[name]
    assert check.summary.startswith("See ")
    for kind, told in check.kinds.items():
        assert told.means.strip(), kind
        assert bool(told.do) is (told.grade is not Grade.OK), kind
        assert not told.do.endswith("."), kind
        assert told.state == told.state.strip(".")


PURE = {"source_secrets", "version"}
"""They look at what the process was given, and need nobody's answer."""


@pytest.mark.parametrize("name", sorted(CHECKS.keys() - PURE))
async def test_where_nothing_answers_no_check_says_that_all_is_well(
    name: str, tmp_path: Path
) -> None:
    async with Clinic(tmp_path, ALL_IS_WELL) as clinic:
        await clinic.settled()
        clinic.nowhere()
        clinic.tenant.drop(times=10_000)
        clinic.tenant.gives_tokens = False
        found = await clinic.app._doctor.one(name)
    assert found.grade in ASKS
    assert all(one.grade in ASKS or one.kind in {"off", "ready"} for one in found.findings), found


class Hangs(Check):
    """See nothing, for ever."""

    kinds: ClassVar[Mapping[str, Kind]] = {}
    patience = 0.05

    async def look(self, at: Deployment) -> tuple[()]:
        await asyncio.sleep(3600)
        return ()


class Breaks(Hangs):
    """See a fault of ours."""

    async def look(self, at: Deployment) -> tuple[()]:
        raise ZeroDivisionError


class SaysNothing(Hangs):
    """See, and say nothing."""

    async def look(self, at: Deployment) -> tuple[()]:
        return ()


async def test_a_check_that_hangs_breaks_or_says_nothing_hides_no_other(tmp_path: Path) -> None:
    async with Clinic(tmp_path, ALL_IS_WELL) as clinic:
        await clinic.settled()
        odd = {kind.__name__: kind() for kind in (Hangs, Breaks, SaysNothing)}
        doctor = Doctor(clinic.app._deployment, {**odd, **CHECKS}, open_log())
        found: Checkup = await doctor.examine()
    assert [one.findings[0].kind for one in found.checks[:3]] == [UNKNOWN] * 3
    assert "0.05 seconds" in found.checks[0].findings[0].means
    assert "ZeroDivisionError" in found.checks[1].findings[0].means
    assert found.grade is Grade.UNKNOWN
    assert {one.grade for one in found.checks[3:]} == {Grade.OK}
    assert [len(one.subjects) for one in found.asks] == [3]


async def test_what_the_tenant_or_the_policy_says_is_one_word_of_a_command(tmp_path: Path) -> None:
    class Named(Hangs):
        """See what is said."""

        kinds: ClassVar[Mapping[str, Kind]] = {"told": CHECKS["channels"].kinds["untried"]}

    found = Named().found("told", "x; rm -rf ~ $(id)")
    assert found.commands == ("firebreak notify test 'x; rm -rf ~ $(id)'",)
