"""The demo and the stack, as a new user starts them; only a real process can be interrupted."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FIREBREAK = str(Path(sys.executable).with_name("firebreak"))
pytestmark = [
    pytest.mark.stack,
    pytest.mark.usefixtures("azurite"),
    pytest.mark.skipif(
        not shutil.which(FIREBREAK), reason="the firebreak command is installed by make"
    ),
]


def children(pid: int) -> set[int]:
    """Every process below one, as Linux tells."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found |= {int(child)} | children(int(child))
    return found


def gone(pids: set[int], *, within: float = 60) -> bool:
    until = time.monotonic() + within
    while time.monotonic() < until:
        if not any(Path(f"/proc/{pid}").exists() for pid in pids):
            return True
        time.sleep(0.05)
    return False


def test_the_demo_stops_both_compromises_and_writes_their_reports(tmp_path: Path) -> None:
    done = subprocess.run(
        [FIREBREAK, "demo", "--json"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    stories = {story["story"]: story for story in json.loads(done.stdout)}
    assert set(stories) == {"token_thief", "spammer"}
    for story in stories.values():
        assert story["killed"] == story["footholds"]
        assert story["lost"] == []
        assert "remove_delegates" in story["found_none"]
        assert story["status"] == "contained"
        assert story["seconds_to_contain"] < 30
        report = (tmp_path / story["report"]).read_text()
        assert "<html" in report
        assert story["case"] in report
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "SIGTERM"]
)
def test_an_interrupted_demo_leaves_no_process_behind(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    with subprocess.Popen(
        [FIREBREAK, "demo"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as demo:
        assert demo.stdout is not None
        said: list[str] = []
        for line in demo.stdout:
            said.append(line)
            if "taken as" in line:
                break
        below = children(demo.pid)
        assert len(below) >= 2, "".join(said)
        demo.send_signal(number)
        rest = demo.stdout.read()
    assert demo.returncode == code, rest
    assert "Traceback" not in rest
    assert gone(below)


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [FIREBREAK, "up", "--port", port],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 1
    assert port in done.stderr
    assert "--port" in done.stderr


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A stack started by `firebreak up`; the value is the folder it was started in."""
    folder = tmp_path_factory.mktemp("up")
    with subprocess.Popen(
        [FIREBREAK, "up", "--port", "0"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
    ) as stack:
        assert stack.stdout is not None
        for line in stack.stdout:
            if "Ctrl-C" in line:
                break
        assert (folder / ".lab" / "stack.json").is_file()
        yield folder
        stack.send_signal(signal.SIGINT)
        stack.stdout.read()
    assert stack.returncode == 130
    assert not (folder / ".lab" / "stack.json").exists()


def firebreak(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [FIREBREAK, *words], cwd=folder, capture_output=True, text=True, check=False, timeout=90
    )


def test_a_plan_changes_nothing_and_a_response_does(up: Path) -> None:
    who = "ada.brandt@contoso.example"
    plan = firebreak(up, "plan", who, "--json")
    assert plan.returncode == 0, plan.stderr
    planned = json.loads(plan.stdout)
    # What closes a case, or lets its owner back in, waits for the rest: a plan does not get there.
    found = [task for task in planned["tasks"] if task["phase"] not in {"recover", "close"}]
    assert {task["state"] for task in found} <= {"observed", "skipped"}
    assert planned["dry_run"]

    done = firebreak(up, "respond", who, "--reason", "reported by telephone", "--json")
    assert done.returncode == 0, done.stderr
    case = json.loads(done.stdout)
    assert case["status"] == "contained"
    assert {task["state"] for task in case["tasks"]} == {"verified", "skipped"}

    listed = json.loads(firebreak(up, "cases", "list", "--json").stdout)
    assert case["id"] in {row["id"] for row in listed["settled"]}
    shown = firebreak(up, "cases", "show", case["id"])
    assert who in shown.stdout
    assert shown.returncode == 0


def test_a_case_can_be_put_back_from_the_command_line(up: Path) -> None:
    who = "clara.vogt@contoso.example"
    case = json.loads(firebreak(up, "respond", who, "--reason", "a mistake", "--json").stdout)
    unsure = firebreak(up, "undo", case["id"], "disable_sign_in")
    assert unsure.returncode == 1
    assert "Sign-in" in unsure.stdout
    done = firebreak(up, "undo", case["id"], "disable_sign_in", "--yes")
    assert done.returncode == 0, done.stderr
    shown = json.loads(firebreak(up, "cases", "show", case["id"], "--json").stdout)
    states = {task["responder"]: task["state"] for task in shown["tasks"]}
    assert states["disable_sign_in"] == "undone"
    assert states["stop_forwarding"] == "verified"


def test_every_command_of_the_quick_start_does_what_it_says(up: Path) -> None:
    text = (ROOT / "docs" / "quickstart.md").read_text()
    commands = re.findall(r"^\$ \.venv/bin/firebreak (.*)$", text, re.MULTILINE)
    assert len(commands) > 7
    shutil.copy(ROOT / "policy.toml", up)
    for command in commands:
        # Another's account: Ada's is a test's of its own, whichever of them comes first.
        done = firebreak(up, *shlex.split(command.replace("ada.brandt", "bruno.keller")))
        assert done.returncode == 0, f"{command}: {done.stdout} {done.stderr}"


def test_a_payload_file_can_be_replayed(up: Path) -> None:
    file = up / "alert.json"
    file.write_text('{"nothing": "to see"}')
    done = firebreak(up, "replay", str(file), "--source", "defender")
    assert done.returncode == 5
    assert "422" in done.stderr


def test_an_unknown_account_is_said_to_be_unknown(up: Path) -> None:
    done = firebreak(up, "respond", "nobody@contoso.example", "--reason", "typing error")
    assert done.returncode == 3
    assert "unresolved" in done.stderr


def test_an_app_that_does_not_answer_is_said_not_to_answer(tmp_path: Path) -> None:
    done = firebreak(tmp_path, "cases", "list", "--url", "http://127.0.0.1:9")
    assert done.returncode == 4
    assert "make up" in done.stderr
