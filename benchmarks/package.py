"""The package beside a naive one: its size, and what a fresh process takes that runs from it.

*built* ships of msgraph-sdk what the app can import; *naive* ships it whole; *no bytecode* is the
naive one as `pip install --target` and a zip make it for a mount that cannot be written to. All
hold the same app and libraries. Processes of the three take turns.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.cold_start import Far, Marks
from benchmarks.measuring import NOT_MEASURED, Session, median, parser
from lab.errors import LabError
from scripts.package.__main__ import build
from scripts.package.inside import Inside, unpacked
from scripts.package.libraries import UnlockedError
from shared.model import Json

_LAST: Final = {"webhook": "first alert answered", "worker": "first tasks done"}
"""The step of each way that counts."""


@dataclass(frozen=True)
class Variant:
    """One package, and where it is unpacked."""

    archive: Path
    inside: Inside

    def sizes(self, name: str) -> Json:
        """Give the row of its sizes."""
        files = [file for file in self.inside.app.rglob("*") if file.is_file()]
        return {
            "package": name,
            "zip MB": self.archive.stat().st_size / 1e6,
            "unpacked MB": sum(file.stat().st_size for file in files) / 1e6,
            "files": len(files),
            "of msgraph": sum("msgraph" in file.parts for file in files),
        }


def variants(folder: Path) -> dict[str, Variant]:
    """Build and unpack all three."""
    found = {}
    for name in ("built", "naive", "no bytecode"):
        place = folder / name
        place.mkdir()
        archive = build(place, installed=True, naive=name != "built")
        found[name] = Variant(archive, unpacked(archive, place))
    for cache in list(found["no bytecode"].inside.app.rglob("__pycache__")):
        shutil.rmtree(cache)
    return found


async def measure(session: Session, found: Mapping[str, Variant], runs: int) -> None:
    """Start fresh processes from each package in turns."""
    seen: dict[tuple[str, str], list[Marks]] = {(n, way): [] for n in found for way in _LAST}
    async with Far() as far:
        far.environment["PYTHONDONTWRITEBYTECODE"] = "1"
        for number in range(runs):
            for (name, way), marks in seen.items():
                session.progress(f"run {number + 1} of {runs}: {way} from {name}")
                far.python, far.root = found[name].inside.python, found[name].inside.checkout
                marks.append(await far.once(way))
    session.table(
        f"Fresh processes, {runs} of each",
        [
            {
                "package": name,
                "until": _LAST[way],
                "best ms": round(min(run[_LAST[way]]["wall"] for run in marks) * 1000),
                "median": round(median([run[_LAST[way]]["wall"] for run in marks]) * 1000),
                "MB": round(median([run[_LAST[way]]["memory"] for run in marks])),
            }
            for (name, way), marks in seen.items()
        ],
    )


def main() -> int:
    """Measure and print."""
    made = parser(__doc__)
    made.add_argument("--runs", type=int, default=5, metavar="N")
    asked = made.parse_args()
    session = Session("package", path=asked.json)
    with tempfile.TemporaryDirectory(prefix="package-") as folder:
        try:
            found = variants(Path(folder))
            session.table("Sizes", [variant.sizes(name) for name, variant in found.items()])
            asyncio.run(measure(session, found, asked.runs))
        except (LabError, UnlockedError) as error:
            print(error, file=sys.stderr)
            return NOT_MEASURED
    session.end()
    return 0


if __name__ == "__main__":
    sys.exit(main())
