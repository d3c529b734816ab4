"""What the sweeps' engine costs by itself: time and memory for up to 200,000 subjects.

A sweep without a far side finds something on every tenth subject, so the figures are those of
pages, rows, checkpoints and the closing; `benchmarks.sweep` measures the sweeps that are shipped.

Each size runs in a process of its own, since a process keeps the most memory it ever had. `held` is
what the rows take, which lie in this process here and nowhere near the app in Azure; `peak` is how
far the process grew during the run. Growth is linear where `us each` stays; a sweep's own memory is
flat where `peak` keeps in step with `held` in the first run, and stays when all is seen again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Final

from benchmarks.measuring import Session
from lab.clock import Clock
from lab.tenant import SimulatedTenant, TenantSettings
from lab.workbench import Workbench
from shared.model import Json, Severity
from shared.posture import Budget, Finding, SweepName
from shared.store.memory import MemoryStore
from shared.sweeps.sweep import Look, Page, Sweep
from shared.telemetry import open_log

SIZES: Final = (1_000, 10_000, 100_000, 200_000)
_PAGE: Final = 500
_NOON: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)
_TIMES: Final = 2
"""Runs per size: one in which everything is new, one in which all of it is seen again."""


class EveryTenth(Sweep):
    """Find something on every tenth of so many subjects."""

    every = timedelta(days=1)
    budget = Budget(service="benchmark", calls=1_000_000, seconds=60)
    kinds: ClassVar[Mapping[str, str]] = {"tenth": "Nothing"}

    def __init__(self, subjects: int) -> None:
        self._subjects = subjects

    @property
    def name(self) -> SweepName:
        """A name that no shipped sweep has."""
        return SweepName("every_tenth")

    async def read(self, look: Look) -> Page:
        """Read the next page."""
        start = int(look.cursor.get("from", 0))
        stop = min(start + _PAGE, self._subjects)
        found = tuple(
            Finding(kind="tenth", subject=str(n), title=f"Subject {n}", severity=Severity.LOW)
            for n in range(start, stop)
            if n % 10 == 0
        )
        following = {"from": stop} if stop < self._subjects else None
        return Page(findings=found, subjects=stop - start, expected=self._subjects, next=following)


def _peak() -> float:
    """Give the most memory this process ever had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _held(store: MemoryStore) -> float:
    """Give what the rows' bodies take in memory, in MiB."""
    return sum(_size(row.body) for row in store.rows()) / 2**20


def _size(value: object) -> int:
    inner: list[object] = []
    if isinstance(value, dict):
        inner = [*value.keys(), *value.values()]
    elif isinstance(value, list | tuple):
        inner = list(value)
    return sys.getsizeof(value) + sum(map(_size, inner))


async def measure(subjects: int) -> list[Json]:
    """Run one size and give a row for each run."""
    clock = Clock.frozen(_NOON)
    lab = SimulatedTenant(clock=clock, settings=TenantSettings.instant(page_size=999))
    one = EveryTenth(subjects)
    store, rows = MemoryStore(), list[Json]()
    async with Workbench(lab, store=store, sweeps={one.name: one}, log=open_log()) as bench:
        for number in range(_TIMES):
            before, began = _peak(), time.perf_counter()
            await bench.app.start_sweeps()
            await bench.settle(within=timedelta(days=3))
            seconds = time.perf_counter() - began
            page = await bench.app.show_sweep(one.name, {"accept": "application/json"})
            run = json.loads(page.body)["run"]
            rows.append(
                {
                    "subjects": subjects,
                    "run": "first" if number == 0 else "again",
                    "state": run["state"],
                    "s": round(seconds, 2),
                    "us each": round(1e6 * seconds / subjects, 1),
                    "pages": run["pages"],
                    "calls": run["calls"],
                    "open": run["counts"]["open"] if run["counts"] else None,
                    "held MiB": round(_held(store), 1),
                    "peak +MiB": round(_peak() - before, 1),
                }
            )
            clock.advance(90_000)
    return rows


def main() -> None:
    """Measure each size in a process of its own and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--json", type=Path, help="where to write the figures")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.one:
        print(json.dumps(asyncio.run(measure(wanted.one))))
        return
    session = Session("sweep_engine", path=wanted.json)
    rows: list[Json] = []
    for size in wanted.sizes:
        session.progress(f"{size:,} subjects")
        rows += _apart(size)
    session.table("The engine alone", rows)
    session.end()


def _apart(size: int) -> list[Json]:
    command = [sys.executable, "-m", "benchmarks.sweep_engine", "--one", str(size)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
