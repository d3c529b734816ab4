"""What the benchmarks share: the machine they ran on, percentiles, one table, one JSON file."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Literal

from rich.console import Console
from rich.table import Table

from shared.model import Json

type Cell = float | int | str | None
type Justify = Literal["left", "right"]

_WIDTH: Final = 110
NOT_MEASURED: Final = 2
"""Exit code where something is missing that the benchmark needs."""


class Session:
    """One run of one benchmark: prints its tables and, where asked, writes them as JSON.

    The load average is taken at both ends: on a busy machine only the ratios mean anything.
    """

    def __init__(self, name: str, *, path: Path | None) -> None:
        self._path = path
        self._console = Console(highlight=False, width=max(Console().width, _WIDTH))
        self._errors = Console(stderr=True, highlight=False)
        self._tables: dict[str, list[Json]] = {}
        self._found: Json = {
            "benchmark": name,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine(),
            "load_before": _load(),
        }

    def say(self, text: str) -> None:
        """Print a line."""
        self._console.print(text)

    def progress(self, text: str) -> None:
        """Say on standard error how far it is, where somebody watches."""
        if self._errors.is_terminal:
            self._errors.print(text, style="dim")

    def table(self, title: str, rows: Sequence[Json]) -> None:
        """Print rows that all have the first one's columns, and keep them."""
        shown = Table(title=title, title_justify="left", title_style="bold", box=None)
        for column, value in rows[0].items():
            shown.add_column(column, justify=_side(value), no_wrap=True)
        for row in rows:
            shown.add_row(*(_cell(value) for value in row.values()))
        self._console.print()
        self._console.print(shown)
        self._tables[title] = list(rows)

    def keep(self, **facts: Any) -> None:
        """Keep something for the JSON alone."""
        self._found |= facts

    def end(self) -> None:
        """Say how busy the machine was, and write the file."""
        self._found |= {"load_after": _load(), "tables": self._tables}
        loads = f"{self._found['load_before'][0]:.1f} to {self._found['load_after'][0]:.1f}"
        cores = self._found["machine"]["cores"]
        self._console.print(f"\nload average {loads} on {cores} cores, own load included")
        if self._path:
            self._path.write_text(json.dumps(self._found, indent=2) + "\n", encoding="utf-8")


def parser(about: str | None) -> argparse.ArgumentParser:
    """Make a command line with what all benchmarks take."""
    made = argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--json", type=Path, metavar="PATH", help="write everything as JSON")
    return made


def percentile(values: Sequence[float], share: float) -> float:
    """Find the value that a share (0 to 1) of all lies at or below, between neighbours."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def median(values: Sequence[float]) -> float:
    """Find the middle."""
    return statistics.median(values)


def machine() -> Json:
    """Describe what it ran on, as far as it says how fast that is."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in _PACKAGES},
    }


_PACKAGES: Final = (
    "aiohttp",
    "azure-core",
    "azure-data-tables",
    "azure-storage-blob",
    "azure-storage-queue",
    "httpx",
    "msgraph-sdk",
    "pydantic",
)


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return platform.processor()
    lines = info.read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _load() -> tuple[float, float, float]:
    # Windows has no load average.
    return os.getloadavg() if hasattr(os, "getloadavg") else (0.0, 0.0, 0.0)


def _side(value: Cell) -> Justify:
    return "left" if isinstance(value, str) else "right"


def _cell(value: Cell) -> str:
    if value is None:
        return "-"
    return f"{value:,.2f}" if isinstance(value, float) else str(value)
