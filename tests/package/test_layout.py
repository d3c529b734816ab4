from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_folder_with_code_is_a_package_that_is_installed() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    named = pyproject["tool"]["setuptools"]["packages"]
    files = (
        file
        for top in ("responders", "shared", "lab", "cli")
        for file in (ROOT / top).rglob("*.py")
    )
    folders = {".".join(file.parent.relative_to(ROOT).parts) for file in files}
    assert folders == set(named)
