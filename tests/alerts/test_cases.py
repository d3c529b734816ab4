from __future__ import annotations

from typing import Any

import pytest

from shared.alerts.carrier import HELD, Recognised
from shared.alerts.catalogue import carriers
from tests.alerts.read_cases import Case, cases, differences

ALL = cases()


@pytest.mark.parametrize("case", ALL, ids=str)
def test_a_case_gives_the_readings_it_claims(case: Case) -> None:
    readings = case.reader().read(case.body)
    found: list[Any] = [
        problem
        for reading, expected in zip(readings, case.expected, strict=False)
        for problem in differences(reading, expected)
    ]
    assert not found, f"{case.claim}: {found}"
    assert len(readings) == len(case.expected), f"{case.claim}: {readings}"


@pytest.mark.parametrize("case", ALL, ids=str)
def test_nothing_is_held_that_the_case_does_not_say_is_held(case: Case) -> None:
    readings = case.reader().read(case.body)
    expected = [each.get("recognised", {}).get("evidence", {}) for each in case.expected]
    for reading, evidence in zip(readings, expected, strict=True):
        if isinstance(reading, Recognised):
            assert (HELD in reading.draft.evidence) == (HELD in evidence)


@pytest.mark.parametrize("name", carriers())
def test_every_carrier_has_a_case_that_acts_and_one_that_does_not(name: str) -> None:
    sorts = [next(iter(each)) for case in ALL if case.carrier == name for each in case.expected]
    assert {"recognised", "incomplete"} & set(sorts)
    assert {"not_for_us", "unreadable"} & set(sorts)


def test_every_case_belongs_to_a_carrier_and_makes_a_claim() -> None:
    assert {case.carrier for case in ALL} == set(carriers())
    assert len({(case.carrier, case.claim) for case in ALL}) >= len(ALL) - 10
    assert all(case.claim and case.expected for case in ALL)
