"""The libraries of the package, laid out as one folder: fetched by their hashes, or as installed.

`requirements.lock` names each file's SHA-256. Fetching makes pip refuse anything else. What is
installed is only copied where its version is the locked one and each file is what its wheel said.
"""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, PackagePath, distribution
from pathlib import Path
from typing import Final

from scripts.package.deployed import normal

_PIN: Final = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s\\;]+)", re.MULTILINE)
_TARGET: Final = (
    *("--only-binary", ":all:", "--implementation", "cp", "--python-version", "3.13"),
    *(
        "--platform",
        "manylinux_2_34_x86_64",
        "--platform",
        "manylinux_2_28_x86_64",
        "--platform",
        "manylinux_2_17_x86_64",
    ),
    *("--platform", "manylinux2014_x86_64"),
)
"""What Azure Functions runs on Flex Consumption, whatever this computer is."""
_LEFT_OUT: Final = frozenset({"INSTALLER", "RECORD", "REQUESTED", "direct_url.json"})
"""Notes of an installer; RECORD would name files that are not shipped."""


class UnlockedError(Exception):
    """What is installed is not what is locked; the message says what and what to do."""


def locked(lock: Path) -> Mapping[str, str]:
    """Read the versions that are locked, by the name of the distribution."""
    text = lock.read_text(encoding="utf-8")
    return {normal(pin["name"]): pin["version"] for pin in _PIN.finditer(text)}


def fetch(lock: Path, target: Path) -> None:
    """Install what is locked for Azure Functions into a folder. Raises where a hash differs."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--require-hashes", "--no-deps", "--no-compile", *_TARGET]
    subprocess.run([*command, "--target", str(target), "--requirement", str(lock)], check=True)
    for folder in (*target.rglob("__pycache__"), target / "bin"):
        shutil.rmtree(folder, ignore_errors=True)
    for note in _LEFT_OUT:
        for file in target.glob(f"*.dist-info/{note}"):
            file.unlink()


def copy_installed(lock: Path, target: Path) -> None:
    """Copy what is installed here, where it is what is locked. Raises `UnlockedError` otherwise."""
    for name, version in locked(lock).items():
        found = distribution(name)
        if found.version != version:
            raise UnlockedError(
                f"{name} {found.version} is installed and {version} is locked: run scripts/lock "
                "after a change of requirements.txt, or `make clean` for the environment"
            )
        for file in _files(found):
            place = target / file
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(_as_recorded(file))


def _files(found: Distribution) -> Iterator[PackagePath]:
    for file in found.files or ():
        outside = file.parts[0] == ".." or "__pycache__" in file.parts
        if not outside and file.name not in _LEFT_OUT:
            yield file


def _as_recorded(file: PackagePath) -> bytes:
    content = Path(str(file.locate())).read_bytes()
    if file.hash is not None:
        digest = hashlib.new(file.hash.mode, content).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != file.hash.value:
            raise UnlockedError(f"{file} was changed after it was installed: `make clean`")
    return content
