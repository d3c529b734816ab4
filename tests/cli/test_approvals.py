"""`firebreak approvals` against an app that answers over HTTP."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cli import approvals
from cli.exits import CommandError
from cli.remote import Remote
from lab.ports import listen
from lab.serving import Served
from lab.workbench import SECRET
from shared.tasks.awaited import CASES, COUNTED
from tests.tasks.approving import Person
from tests.tasks.awaiting import listed


def routes(bench: Person) -> Starlette:
    async def waiting(request: Request) -> Response:
        page = await bench.app.approvals(dict(request.headers), dict(request.query_params))
        return Response(page.body, status_code=page.status, headers=dict(page.headers))

    return Starlette(routes=[Route("/api/approvals", waiting)])


@pytest.mark.parametrize(
    ("others", "said"),
    [
        (CASES - 1, ""),
        (CASES, "More waits in 1 case;"),
        (2 * CASES, f"More waits in {CASES + 1} cases;"),
        (COUNTED, f"More waits in at least {COUNTED - CASES} cases;"),
    ],
)
async def test_it_says_how_much_waits_behind_a_page(
    others: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with Person() as bench:
        await bench.asked()
        await bench.app.reconcile()
        await listed(bench.store, others, tenant=bench.app.settings.tenant)
        async with Served(routes(bench), listen()) as served:
            app = Remote(served.url, secret=SECRET)
            await approvals.waiting(app, after="", as_json=False)
    told = " ".join(capsys.readouterr().out.split())
    assert "Block sign-in" in told
    assert "waits since 2026-11-23 12:00:02 UTC, given up at 2026-11-24 12:00:02 UTC" in told
    assert (said in told) if said else ("More waits" not in told)


async def test_an_app_for_one_tenant_says_that_it_has_no_list_of_them() -> None:
    async with (
        Person() as bench,
        Served(routes(bench), listen()) as served,
        Remote(served.url, secret=SECRET) as remote,
    ):
        with pytest.raises(CommandError, match="for one tenant"):
            await remote.tenants()
