"""`firebreak doctor`: what an operator reads, the exit code, and the commands it prints."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from cli.doctor import as_text, commands
from cli.main import app
from shared.diagnosis import Checkup, Grade
from shared.model import Json
from tests.doctor.clinic import Clinic, Wish
from tests.doctor.states import ALL_IS_WELL, STATES, without
from tests.shared.principals import principal
from tests.tasks.approving import AZURE


async def checkup(folder: Path, wish: Wish) -> Json:
    async with Clinic(folder, wish) as clinic:
        await clinic.settled()
        page = await clinic.app.examined({})
        found: Json = json.loads(page.body)
        return found


def read(found: Json) -> str:
    written = StringIO()
    Console(width=100, file=written).print(as_text(found))
    return written.getvalue()


async def test_where_all_is_well_a_line_for_each_check_says_so(tmp_path: Path) -> None:
    found = await checkup(tmp_path, ALL_IS_WELL)
    said = read(found)
    assert said.startswith("Well")
    assert "TO DO" not in said
    assert all(one["check"] in said for one in found["checks"])
    assert commands(Checkup.model_validate(found)).startswith("# Nothing")


async def test_what_asks_for_a_person_stands_first_with_what_to_do(tmp_path: Path) -> None:
    found = await checkup(tmp_path, Wish(then=without("User.EnableDisableAccount.All")))
    said = read(found)
    assert said.startswith("Needs a person")
    assert said.index("disable_sign_in, restore_sign_in: missing permission") < said.index(
        "\ncheck"
    )
    assert "→ Grant the application permission User.EnableDisableAccount.All" in said


async def test_fix_prints_what_grants_the_missing_right_once_and_runs_nothing(
    tmp_path: Path,
) -> None:
    found = await checkup(tmp_path, Wish(then=without("User.Read.All")))
    printed = commands(Checkup.model_validate(found))
    grants = [line for line in printed.splitlines() if line.startswith("pwsh ./grant.ps1")]
    assert len(grants) == 1
    assert printed.count("firebreak permissions --policy") == 1
    assert "# rights: stop_forwarding" in printed or "# rights: disable_sign_in" in printed


@pytest.mark.parametrize("grade", Grade)
def test_the_exit_code_tells_whether_a_person_has_to_look(grade: Grade) -> None:
    with answering(told(grade)) as url:
        ended = CliRunner().invoke(app, ["doctor", "--json", "--url", url])
    assert ended.exit_code == (3 if grade in {Grade.BAD, Grade.UNKNOWN} else 0)
    assert json.loads(ended.stdout)["grade"] == grade


def told(grade: Grade) -> Json:
    """Make what the app says of one finding."""
    finding = {
        "subject": "Graph",
        "kind": "told",
        "grade": grade,
        "state": "so",
        "means": "It is so.",
        "do": "Look",
        "commands": [],
    }
    check = {"check": "clocks", "about": "See", "findings": [finding]}
    return {"at": "2026-11-23T12:00:00Z", "grade": grade, "checks": [check]}


@contextmanager
def answering(said: Json) -> Iterator[str]:
    """Be an app that says this; gives its address."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/api/health/deep" else 404)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


async def test_only_who_may_read_is_told_what_every_check_found(tmp_path: Path) -> None:
    async with Clinic(tmp_path, Wish(settings=AZURE, used=False)) as clinic:
        assert (await clinic.app.examined({})).status == 403
        reader = {"x-ms-client-principal": principal("reader")}
        assert (await clinic.app.examined(reader)).status == 200
        nobody = {"x-ms-client-principal": principal()}
        assert (await clinic.app.examined(nobody)).status == 403


async def test_no_secret_stands_in_what_is_found(tmp_path: Path) -> None:
    secret = "seventeen letters"
    wish = STATES["source_secrets", "short"]
    async with Clinic(tmp_path, wish) as clinic:
        token = clinic.tenant.token("https://graph.microsoft.com")
        body = (await clinic.app.examined({})).body
    assert secret not in body
    assert token not in body
    assert token.rpartition(".")[0] not in body
