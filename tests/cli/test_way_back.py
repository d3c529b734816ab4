"""`firebreak confirm`, `restore` and `access-pass` against an app that answers over HTTP."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cli import way_back
from cli.exits import CommandError, Exit
from cli.remote import Remote
from lab.ports import listen
from lab.serving import Served
from lab.workbench import SECRET
from shared.desk import Page
from shared.model import Json
from tests.tasks.returns import BY_HAND, Place

EIGHT = re.compile(r"(?m)^(\S{8})  good until")


@dataclass
class Terminal:
    """An engineer's terminal: a case, and where its app is."""

    place: Place
    case: str
    url: str

    def app(self) -> Remote:
        return Remote(self.url, secret=SECRET)

    async def restore(self, override: str = "") -> None:
        await way_back.restore(self.app(), self.case, override, within=20.0, as_json=False)

    async def found(self) -> Json:
        return await self.place.bench.case(self.case)


def routes(place: Place) -> Starlette:
    async def read(request: Request) -> Response:
        path = request.path_params["rest"]
        return said(await place.bench.app.page(f"cases/{path}", dict(request.headers)))

    async def ask(request: Request) -> Response:
        verb = getattr(place.bench.app, request.path_params["what"].replace("-", "_"))
        case, body = request.path_params["case"], await request.body()
        return said(await verb(case, dict(request.headers), body))

    def said(page: Page) -> Response:
        return Response(page.body, status_code=page.status, headers=dict(page.headers))

    return Starlette(
        routes=[
            Route("/api/cases/{case}/{what}", ask, methods=["POST"]),
            Route("/api/cases/{rest:path}", read),
        ]
    )


async def working(place: Place) -> None:
    while True:
        await place.bench.settle(within=timedelta(seconds=2))
        await asyncio.sleep(0.02)


@asynccontextmanager
async def terminal(minutes: float) -> AsyncIterator[Terminal]:
    """Serve a case that was contained so many minutes ago, with a worker behind it."""
    place = Place(at=datetime.now(UTC) - timedelta(minutes=minutes))
    async with place.bench:
        case = await place.contained(minutes=minutes)
        async with Served(routes(place), listen()) as served:
            worker = asyncio.ensure_future(working(place))
            try:
                yield Terminal(place, case, served.url)
            finally:
                worker.cancel()
                await asyncio.gather(worker, return_exceptions=True)


async def test_confirmed_line_by_line_the_owner_is_let_in_and_given_a_pass_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with terminal(minutes=70) as at:
        with pytest.raises(CommandError, match="not green") as refused:
            await at.restore()
        assert refused.value.code == Exit.REFUSED
        assert not at.place.lab.users[at.place.oid].enabled
        for check in BY_HAND:
            await way_back.confirm(at.app(), at.case, check, as_json=True)
            shown = json.loads(capsys.readouterr().out)
            [line] = [one for one in shown["way_back"]["lines"] if one["name"] == check]
            assert (line["light"], bool(line["confirmed_by"])) == ("green", True)
        await at.restore()
        assert at.place.lab.users[at.place.oid].enabled
        capsys.readouterr()
        await way_back.access_pass(at.app(), at.case, 30, as_json=False)
        [secret] = EIGHT.findall(capsys.readouterr().out)
        assert secret not in json.dumps(await at.found())


async def test_an_override_is_given_with_its_reason_and_without_a_return_there_is_no_pass(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with terminal(minutes=0) as at:
        with pytest.raises(CommandError) as refused:
            await way_back.access_pass(at.app(), at.case, 30, as_json=False)
        assert refused.value.code == Exit.REFUSED
        await at.restore("the board meets at one")
        assert at.place.lab.users[at.place.oid].enabled
        assert (await at.found())["way_back"]["override"] == "the board meets at one"
        assert "Owner let back in" in capsys.readouterr().out


async def test_a_line_that_is_not_there_is_refused_with_the_names_of_those_that_are() -> None:
    async with terminal(minutes=0) as at:
        with pytest.raises(CommandError, match="methods") as refused:
            await way_back.confirm(at.app(), at.case, "methodz", as_json=False)
        assert refused.value.code == Exit.REFUSED


async def test_what_stood_in_the_way_is_said_and_the_command_fails() -> None:
    async with terminal(minutes=0) as at:
        at.place.lab.fail(match="PATCH /users/{id}", status=403, times=9)
        with pytest.raises(CommandError, match="not back yet") as failed:
            await at.restore("urgent")
        assert failed.value.code == Exit.NOT_CONTAINED
        assert not at.place.lab.users[at.place.oid].enabled
