"""Build the package: `python -m scripts.package`.

Writes `firebreak.zip` and its bill of materials `firebreak.cdx.json`. Libraries are fetched by the
hashes of requirements.lock; `--installed` copies them from this environment instead, where they
are what is locked, and needs no network.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from scripts.package.archive import fingerprint, pack
from scripts.package.bill import bill_of_materials, shipped
from scripts.package.libraries import UnlockedError, copy_installed, fetch
from scripts.package.stage import LIBRARIES, stage

ROOT: Final = Path(__file__).resolve().parents[2]
LOCK: Final = ROOT / "requirements.lock"
NAME: Final = "firebreak.zip"
_WRONG_PYTHON: Final = "bytecode is for one version of Python: build with 3.13, as .venv/bin/python"


def build(out: Path, *, installed: bool = False, naive: bool = False) -> Path:
    """Build the package into a folder, and tell where it is. Raises `UnlockedError`."""
    fill = partial(copy_installed if installed else fetch, LOCK)
    archive = out / NAME
    with tempfile.TemporaryDirectory(prefix="firebreak-package-") as folder:
        stage(ROOT, Path(folder), fill, naive=naive)
        pack(Path(folder), archive)
        found = shipped(Path(folder) / LIBRARIES)
        bill = bill_of_materials(found, {NAME: fingerprint(archive)})
    archive.with_suffix(".cdx.json").write_text(bill, encoding="utf-8")
    return archive


def main(arguments: Sequence[str] | None = None) -> int:
    """Build, and say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m scripts.package", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "out", help="folder (default: out)")
    parser.add_argument("--installed", action="store_true", help="copy what is installed here")
    parser.add_argument("--naive", action="store_true", help="with msgraph-sdk whole")
    given = parser.parse_args(arguments)
    if sys.version_info[:2] != (3, 13):
        parser.error(_WRONG_PYTHON)
    try:
        archive = build(given.out, installed=given.installed, naive=given.naive)
    except UnlockedError as error:
        parser.exit(1, f"{error}\n")
    size = archive.stat().st_size / 1e6
    print(f"{archive}  {size:.1f} MB\nsha256 {fingerprint(archive)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
