from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from lab.errors import DidNotStart, PortTaken
from lab.ports import Wish, listen, port_of
from lab.stack import Stack, StackSettings
from tests.lab.hosting import APP, ROOT, eventually


class Tenant:
    """Any ASGI app will do here."""

    def __init__(self) -> None:
        self.app = Starlette(routes=[Route("/msi/token", self.token)])

    async def token(self, request: Request) -> JSONResponse:
        return JSONResponse({"access_token": request.headers["x-identity-header"]})


def chosen(folder: Path, **more: object) -> StackSettings:
    environment = {"SUFFIX": "stack", "RECORD": str(folder / "record.jsonl")}
    given = {"tenant_id": "a-tenant", "app": APP, "environment": environment, **more}
    return StackSettings(**given)  # type: ignore[arg-type]


async def setting(client: httpx.AsyncClient, name: str) -> str | None:
    value: str | None = (await client.get(f"/api/settings/{name}")).json()["value"]
    return value


async def test_the_app_finds_its_tenant_and_nothing_of_the_developers_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_CLIENT_ID", "the developer")
    stack = Stack(Tenant(), chosen(tmp_path))
    async with stack, httpx.AsyncClient(base_url=stack.url) as client:
        assert await setting(client, "AZURE_CLIENT_ID") is None
        assert await setting(client, "FIREBREAK_TENANT_ID") == "a-tenant"
        assert await setting(client, "FIREBREAK_PUBLIC_URL") == stack.url
        assert await setting(client, "FIREBREAK_GRAPH_URL") == stack.tenant_url
        assert await setting(client, "AzureWebJobsStorage") == stack.connection_string
        endpoint = await setting(client, "IDENTITY_ENDPOINT")
        header = await setting(client, "IDENTITY_HEADER")
        assert endpoint
        assert header
        answer = await client.get(endpoint, headers={"X-IDENTITY-HEADER": header})
        assert answer.json() == {"access_token": stack.identity_header}


async def test_a_killed_host_comes_back_on_its_port_and_finds_its_messages(tmp_path: Path) -> None:
    record = tmp_path / "record.jsonl"
    stack = Stack(Tenant(), chosen(tmp_path, invisible=1.0))
    async with stack, httpx.AsyncClient(base_url=stack.url) as client:
        await client.post("/api/put", json={"name": "long", "seconds": 0.5})
        await eventually(lambda: record.exists() and "work started" in record.read_text())
        stack.kill_host()
        assert stack.host_pid is None
        with pytest.raises(httpx.TransportError):
            await client.get("/api/answer")
        await stack.start_host()
        await eventually(lambda: "work finished" in record.read_text())
        before = stack.host_pid
        await stack.restart_host()
        assert (await client.get("/api/answer")).status_code == 418
        assert stack.host_pid != before
        folder = stack.host_log.parent
    assert not folder.exists()
    assert stack.host_pid is None


async def test_an_app_that_cannot_run_is_reported_with_its_log_and_leaves_nothing(
    tmp_path: Path,
) -> None:
    tmp_path.joinpath("host.json").write_text('{"version": "2.0"}')
    tmp_path.joinpath("function_app.py").write_text("import nothing_like_it\n")
    stack = Stack(Tenant(), chosen(tmp_path, app=tmp_path))
    with pytest.raises(DidNotStart, match="nothing_like_it"):
        await stack.__aenter__()
    assert not stack.host_log.parent.exists()
    for url in (stack.url, stack.tenant_url):
        listen(int(url.rpartition(":")[2])).close()


async def test_a_port_that_was_asked_for_and_is_taken_is_named_with_its_option(
    tmp_path: Path,
) -> None:
    with listen() as taken:
        wish = Wish(port_of(taken), "--port")
        with pytest.raises(PortTaken, match=rf"{wish.port}.*--port"):
            await Stack(Tenant(), chosen(tmp_path, host=wish)).__aenter__()


async def test_a_preferred_port_that_is_taken_is_named_and_replaced(tmp_path: Path) -> None:
    said: list[str] = []
    with listen() as taken:
        port = port_of(taken)
        async with Stack(Tenant(), chosen(tmp_path, host=Wish(port)), say=said.append) as stack:
            assert said == [f"port {port} is taken, using {stack.url.rpartition(':')[2]}"]


PROGRAM = """
import asyncio, json, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from lab.stack import Stack
from tests.lab.test_stack import Tenant, chosen

async def main():
    async with Stack(Tenant(), chosen(Path(sys.argv[1]))) as stack:
        print(json.dumps([stack.url, stack.tenant_url, stack.connection_string,
                          str(stack.host_log.parent), stack.host_pid]), flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_ctrl_c_and_sigterm_leave_no_process_no_port_and_no_folder(
    tmp_path: Path, number: signal.Signals
) -> None:
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", PROGRAM.format(root=str(ROOT)), str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=ROOT,
    )
    assert program.stdout
    *addresses, folder, pid = json.loads(await program.stdout.readline())
    program.send_signal(number)
    await program.communicate()
    assert_gone(Path(folder), pid)
    for port in re.findall(r"127\.0\.0\.1:(\d+)", " ".join(addresses)):
        listen(int(port)).close()


def assert_gone(folder: Path, pid: int) -> None:
    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
