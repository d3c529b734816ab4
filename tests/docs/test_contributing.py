"""What CONTRIBUTING.md tells to write is written and judged as it tells."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
COPIED = ("responders", "tests")
"""What the new files go into; all else is linked."""


def checkout(folder: Path) -> Path:
    for entry in ROOT.iterdir():
        if entry.name in COPIED:
            shutil.copytree(entry, folder / entry.name)
        elif not entry.name.startswith("."):
            (folder / entry.name).symlink_to(entry)
    return folder


def test_the_responder_of_the_guide_keeps_every_law(tmp_path: Path) -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    responder, its_test = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    place = checkout(tmp_path)
    (place / "responders" / "shut_smtp.py").write_text(responder)
    (place / "tests" / "responders" / "test_shut_smtp.py").write_text(its_test)
    (command,) = re.findall(r"^\$ \.venv/bin/pytest (.*)$", text, re.MULTILINE)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *command.split()],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-2_000:]
    assert int(done.stdout.rpartition(" passed")[0].split()[-1]) > 20
