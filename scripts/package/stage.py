"""Lay out the package as a folder: the app, its libraries, and their bytecode."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from scripts.package.closure import SDK, closure

LIBRARIES: Final = Path(".python_packages/lib/site-packages")
"""Where Azure Functions looks for a Python app's libraries."""
APP: Final = ("function_app.py", "host.json", "policy.toml", "responders", "shared")
_NEVER: Final = frozenset({"tests", "test", "__pycache__"})
_PLACE: Final = "/home/site/wwwroot"
"""Where the package is mounted: what a traceback shows until a module is loaded from elsewhere."""

type Fill = Callable[[Path], None]
"""Puts the libraries into a folder."""


def stage(root: Path, target: Path, fill: Fill, *, naive: bool = False) -> None:
    """Lay out the package of the repository at `root` in the folder `target`.

    `naive` ships msgraph-sdk whole, for comparison.
    """
    for name in APP:
        source = root / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns(*_NEVER, ".*"))
        else:
            shutil.copy(source, target / name)
    libraries = target / LIBRARIES
    libraries.mkdir(parents=True)
    fill(libraries)
    for folder in _of_tests(libraries):
        shutil.rmtree(folder)
    if not naive:
        prune(libraries, closure(libraries, code(target)))
    compile_all(target)


def code(app: Path) -> list[Path]:
    """List the app's own Python files."""
    own = [app / "function_app.py"]
    for name in ("responders", "shared"):
        own += (app / name).rglob("*.py")
    return own


def _of_tests(libraries: Path) -> list[Path]:
    """Find the tests that libraries ship: below a package, never a package of that name."""
    found = [path for name in ("tests", "test") for path in libraries.rglob(f"*/{name}/")]
    return [path for path in found if not any(upper in found for upper in path.parents)]


def prune(libraries: Path, keep: frozenset[Path]) -> None:
    """Take out of the SDK what the app can never import."""
    for file in _all_files(libraries / SDK):
        if file.relative_to(libraries) not in keep:
            file.unlink()
    for folder, _, _ in os.walk(libraries / SDK, topdown=False):
        if not any(Path(folder).iterdir()):
            Path(folder).rmdir()


def _all_files(folder: Path) -> Iterator[Path]:
    yield from [path for path in folder.rglob("*") if path.is_file()]


def compile_all(folder: Path) -> None:
    """Write bytecode beside each source file; Python trusts it without a look at the source.

    A process of its own compiles, one file after the other: bytecode depends on what else is alive.
    """
    command = [sys.executable, "-I", "-S", "-m", "compileall", "-q", "-j", "1"]
    command += ["--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", _PLACE]
    subprocess.run([*command, str(folder)], check=True, env={"PYTHONHASHSEED": "0"})
