"""What is locked is what is asked for, what is installed, and what may be shipped."""

from __future__ import annotations

import re
from importlib.metadata import distribution
from pathlib import Path

import pytest

from scripts.package.__main__ import LOCK, ROOT
from scripts.package.bill import ALLOWED, licence
from scripts.package.deployed import deployed, normal
from scripts.package.libraries import UnlockedError, copy_installed, locked

RENEW = "run scripts/lock"


def test_every_library_that_is_deployed_is_locked_in_the_version_that_is_tested() -> None:
    installed = {name: distribution(name).version for name in deployed(ROOT / "requirements.txt")}
    assert dict(locked(LOCK)) == installed, RENEW


def test_each_pin_of_the_requirements_is_the_locked_one() -> None:
    asked = re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert len(asked) > 10
    for name, version in asked:
        assert locked(LOCK)[normal(name)] == version, RENEW


def test_each_locked_version_has_hashes_and_no_index_is_named() -> None:
    text = LOCK.read_text()
    for block in re.split(r"\n(?=\S)", text.strip()):
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block
    assert "://" not in text


@pytest.mark.parametrize("name", sorted(locked(LOCK)))
def test_each_licence_was_reviewed(name: str) -> None:
    assert licence(distribution(name)) in ALLOWED


def test_what_is_installed_and_not_locked_is_refused(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("httpx==0.0.1 --hash=sha256:00\n")
    with pytest.raises(
        UnlockedError, match=r"httpx .* is installed and 0.0.1 is locked.*scripts/lock"
    ):
        copy_installed(lock, tmp_path / "libraries")
