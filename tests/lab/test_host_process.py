from __future__ import annotations

import asyncio
import os
import signal

import httpx
import pytest

from lab.ports import listen, port_of
from tests.lab.hosting import Hosted


async def test_sigterm_lets_running_functions_finish_and_ends_with_zero(own_host: Hosted) -> None:
    child = await own_host.start()
    own_host.put(name="long", seconds=1)
    async with httpx.AsyncClient(base_url=own_host.url) as client:
        request = asyncio.create_task(client.get("/api/slow?seconds=1"))
        await own_host.recorded("slow started")
        await own_host.recorded("work started")
        os.kill(child.pid, signal.SIGTERM)
        assert (await request).text == "done"
        assert await child.wait(15) == 0
        with pytest.raises(httpx.ConnectError):
            await client.get("/api/answer")
    assert len(own_host.records("work finished")) == 1
    await own_host.empty()


async def test_what_runs_longer_than_the_grace_is_cut_off_and_reported(own_host: Hosted) -> None:
    child = await own_host.start("--grace", "0.3")
    own_host.put(name="endless", seconds=60)
    await own_host.recorded("work started")
    os.kill(child.pid, signal.SIGTERM)
    assert await child.wait(15) == 1
    assert "cut off" in child.tail()


async def test_it_ends_when_its_parent_is_gone(own_host: Hosted) -> None:
    child = await own_host.start()
    child.let_go()
    assert await child.wait(15) == 0


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("import asyncio", "import nothing_like_it", "nothing_like_it"),
        ("func.Out[str]", "func.Out", "has invalid Out annotation"),
        ("0 0 0 1 1 *", "banana", "new_year: 'banana' is not an NCRONTAB"),
        ("work-%SUFFIX%-poison", "%MISSING%", "buried: %MISSING% does not resolve"),
        ("work-%SUFFIX%-poison", "Capital", "buried: 'Capital' is not a queue name"),
        ("{n:int}", "{n:odd}", "number: the route constraint 'odd' is unknown"),
    ],
)
async def test_an_app_that_cannot_run_ends_with_one_and_says_why(
    own_host: Hosted, old: str, new: str, reason: str
) -> None:
    own_host.change(old, new)
    child = own_host.spawn()
    assert await child.wait(15) == 1
    assert reason in child.tail()


async def test_a_taken_port_ends_with_one_and_is_named(own_host: Hosted) -> None:
    with listen() as taken:
        child = own_host.spawn("--port", str(port_of(taken)))
        assert await child.wait(15) == 1
        assert f"port {port_of(taken)} cannot be used" in child.tail()


async def test_a_disabled_function_is_not_run(own_host: Hosted) -> None:
    await own_host.start(**{"AzureWebJobs.tick.Disabled": "true"})
    assert "work" in own_host.ready["functions"]
    assert "tick" not in own_host.ready["functions"]
