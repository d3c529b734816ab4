"""Run something with the app and the libraries of the package, and with no others."""

from __future__ import annotations

import subprocess
import venv
import zipfile
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from scripts.package.__main__ import LOCK, ROOT
from scripts.package.deployed import normal
from scripts.package.libraries import locked
from scripts.package.stage import APP, LIBRARIES


@dataclass(frozen=True)
class Inside:
    """A checkout whose app is the unpacked package, and a Python that has the package's libraries.

    Of this environment's own libraries that Python has those that are not shipped: the lab's and
    the tests'.
    """

    app: Path
    checkout: Path
    python: Path

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run that Python to its end."""
        return subprocess.run(
            [self.python, *words], cwd=self.checkout, capture_output=True, text=True, check=False
        )


def unpacked(archive: Path, folder: Path) -> Inside:
    """Unpack the package, and put links to all it does not have beside it."""
    app, checkout, others = folder / "app", folder / "checkout", folder / "others"
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(app)
    checkout.mkdir()
    for entry in ROOT.iterdir():
        if not entry.name.startswith("."):
            (checkout / entry.name).symlink_to(app / entry.name if entry.name in APP else entry)
    if (emulator := ROOT / ".lab").exists():
        (checkout / ".lab").symlink_to(emulator)
    others.mkdir()
    for name, place in _not_shipped().items():
        (others / name).symlink_to(place)
    venv.create(folder / "venv", symlinks=True)
    (path,) = (folder / "venv").glob("lib/*/site-packages")
    lines = map(str, (checkout, app / LIBRARIES, others))
    (path / "inside.pth").write_text("\n".join(lines), encoding="utf-8")
    return Inside(app, checkout, folder / "venv" / "bin" / "python")


def _not_shipped() -> dict[str, Path]:
    """Find what is installed here and not in the package, by the top of each path."""
    shipped = {*locked(LOCK), "firebreak"}
    found = {}
    for each in distributions():
        if normal(each.name) not in shipped:
            for file in each.files or ():
                if file.parts[0] != "..":
                    found[file.parts[0]] = Path(str(each.locate_file(file.parts[0])))
    return found
