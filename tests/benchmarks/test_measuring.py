from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.cold_start import importers
from benchmarks.measuring import percentile
from benchmarks.watching import chain
from lab.tenant.records import Call
from scripts.package.deployed import not_deployed

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


def call(begin: float, end: float) -> Call:
    at = NOON + timedelta(seconds=begin)
    return Call(method="GET", path="/users/{id}", status=200, at=at, took=end - begin)


@pytest.mark.parametrize(
    ("spans", "length"),
    [
        ([], 0),
        ([(0, 1)], 1),
        ([(0, 1), (0, 1), (0.5, 2)], 1),
        ([(0, 1), (1, 2), (1, 5)], 2),
        # The long one overlaps both, which do not overlap each other.
        ([(0, 9), (1, 2), (3, 4)], 2),
        ([(0, 1), (1.5, 3), (2, 4), (3, 5)], 3),
    ],
)
def test_only_calls_that_wait_for_each_other_make_the_critical_path_longer(
    spans: list[tuple[float, float]], length: int
) -> None:
    assert chain([call(*span) for span in spans]) == length


def test_a_percentile_lies_between_its_neighbours() -> None:
    values = [4.0, 1.0, 3.0, 2.0]
    assert percentile(values, 0) == 1.0
    assert percentile(values, 0.5) == 2.5
    assert percentile(values, 0.95) == pytest.approx(3.85)
    assert percentile(values, 1) == 4.0


def test_the_best_of_several_import_reports_is_added_up_by_package() -> None:
    first = "import time: self [us] | cumulative | imported package\n"
    first += "import time:       300 |        300 |   azure.core.rest\n"
    first += "import time:      2000 |       2300 | azure.core\n"
    second = "import time:       500 |        500 |   azure.core.rest\n"
    second += "import time:      1000 |       1500 | azure.core\nnoise\n"
    (row,) = importers([first, second])
    assert row == {"package": "azure.core", "modules": 2, "ms": 1.3, "share %": 100.0}


def test_what_the_lab_brought_is_told_from_what_is_deployed() -> None:
    hidden = set(not_deployed(ROOT / "requirements.txt"))
    assert {"uvicorn", "rich", "typer", "starlette"} <= hidden
    assert not hidden & {"azure", "msgraph", "httpx", "pydantic", "h11", "shared", "responders"}
