"""A known vulnerability fails the build, whatever else the advisory service did or did not say."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
FINE: Final = (0, "No known vulnerabilities found")
KNOWN: Final = (1, "Found 1 known vulnerability in 1 package\nx 1.0 CVE-2026-0001")
SEVERAL: Final = (1, "Found 12 known vulnerabilities in 3 packages")
UNKNOWN: Final = (0, "x  Dependency not found on PyPI and could not be audited: x (1.0)")
BOTH: Final = (1, f"{KNOWN[1]}\n{UNKNOWN[1]}")
AWAY: Final = (1, "requests.exceptions.ConnectionError: Max retries exceeded")
BROKEN: Final = (3, "something nobody has seen before")


@pytest.mark.parametrize(
    ("answers", "status"),
    [
        ((FINE, FINE, FINE), 0),
        ((KNOWN, FINE, FINE), 1),
        ((FINE, FINE, SEVERAL), 1),
        ((KNOWN, AWAY, AWAY), 1),
        ((UNKNOWN, KNOWN, FINE), 1),
        ((AWAY, AWAY, KNOWN), 1),
        ((BOTH, FINE, FINE), 1),
        ((BROKEN, FINE, FINE), 1),
        ((FINE, UNKNOWN, FINE), 2),
        ((AWAY, AWAY, AWAY), 2),
    ],
)
def test_what_is_known_is_never_lost_behind_what_could_not_be_asked(
    answers: tuple[tuple[int, str], ...], status: int, tmp_path: Path
) -> None:
    (tmp_path / "scripts").mkdir()
    script = shutil.copy(ROOT / "scripts" / "audit", tmp_path / "scripts")
    tool = tmp_path / ".venv" / "bin" / "pip-audit"
    tool.parent.mkdir(parents=True)
    # Stands where pip-audit stands, and answers one file after the other.
    lines = ["#!/bin/sh", f'cd "{tmp_path}"', "echo >> calls", "case $(wc -l < calls) in"]
    for number, (code, said) in enumerate(answers, start=1):
        (tmp_path / f"said{number}").write_text(said, encoding="utf-8")
        lines.append(f" {number}*) cat said{number}; exit {code} ;;")
    tool.write_text("\n".join([*lines, "esac"]), encoding="utf-8")
    tool.chmod(0o755)
    ended = subprocess.run([script], capture_output=True, text=True, check=False)
    assert ended.returncode == status, ended.stdout
    assert ("NOT AUDITED" in ended.stderr) is any(a in {UNKNOWN, AWAY, BOTH} for a in answers)


def test_the_build_asks_for_advisories_and_fails_on_what_is_known() -> None:
    build = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "set -euo pipefail" in build
    assert "scripts/audit || [ $? -eq 2 ]" in build
