from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cli.exits import CommandError
from cli.remote import Remote
from lab.ports import listen
from lab.practice import secret_of
from lab.serving import Served
from shared.paths import Ask
from tests.provider.practices import ACME, BOTH, GLOBEX, Bench

REQUEST = {"ceiling": "observe", "reason": "false alarms", "by": "Nia"}


def front(bench: Bench) -> Starlette:
    """The two addresses of a provider's deployment, as the functions answer there."""

    async def alerts(request: Request) -> Response:
        source, body = request.path_params["source"], await request.body()
        reply = await bench.app.receive(source, request.headers, body)
        return JSONResponse(reply.body, reply.status)

    async def tenants(request: Request) -> Response:
        ask = Ask(request.headers, request.query_params, await request.body())
        page = await bench.app.at(request.method, request.path_params.get("rest", ""), ask)
        return Response(page.body, page.status, media_type=page.media)

    return Starlette(
        routes=[
            Route("/api/alerts/{source}", alerts, methods=["POST"]),
            Route("/api/tenants", tenants),
            Route("/api/tenants/{rest:path}", tenants, methods=["GET", "POST"]),
        ]
    )


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with Bench(tmp_path) as made:
        # The command line signs at the time of this computer.
        made.clock.advance((datetime.now(UTC) - made.clock.now()).total_seconds())
        yield made


async def test_a_command_goes_to_the_customer_it_names(bench: Bench) -> None:
    async with (
        Served(front(bench), listen()) as served,
        Remote(served.url, secret=secret_of(ACME), tenant=ACME) as remote,
    ):
        wish = {
            "request": "1",
            "user": bench.stories[ACME].oid,
            "reason": "by telephone",
            "by": "Nia",
            "mode": "dry_run",
        }
        answer = await remote.post_alert("operator", json.dumps(wish).encode())
        await bench.settle()
        case = await remote.case_of(answer["alerts"][0]["id"], within=10)
        assert (await remote.case(case))["id"] == bench.case_of(ACME).id
        assert not bench.rows(GLOBEX)
        await remote.move_guard("switch", REQUEST)
    assert await bench.of(GLOBEX)._brakes.pause() is None
    assert await bench.of(ACME)._brakes.pause()


async def test_all_is_everybody_with_the_provider_s_secret_only(bench: Bench) -> None:
    async with Served(front(bench), listen()) as served:
        async with Remote(served.url, secret=secret_of(ACME), tenant="all") as remote:
            # A local stack lets anybody in, so the secret is what is wrong here.
            with pytest.raises(CommandError, match="Another site"):
                await remote.move_guard("switch", REQUEST)
        async with Remote(served.url, secret=secret_of(""), tenant="all") as remote:
            found = await remote.move_guard("switch", REQUEST)
            assert {one["name"]: one["ceiling"] for one in found["tenants"]} == dict.fromkeys(
                ("", *BOTH), "observe"
            )
            assert (await remote.tenants())["tenants"] == found["tenants"]
