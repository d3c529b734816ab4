from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from lab.ports import listen
from lab.serving import Served
from shared.clients.graph import Graph, every
from shared.errors import Defect
from tests.clients.far_side import EXCHANGE, GRAPH, WHO, FarSide, Tokens, clients, domain, page

HOSTILE = [
    "https://evil.example/v1.0/domains?$skiptoken=x",
    "http://graph.microsoft.com/v1.0/domains",
    "https://graph.microsoft.com:8443/v1.0/domains",
    "https://graph.microsoft.com@evil.example/v1.0/domains",
    "https://graph.microsoft.com:443@evil.example/v1.0/domains",
    "https://somebody:password@graph.microsoft.com/v1.0/domains",
    "https://evil.example\\@graph.microsoft.com/v1.0/domains",
    "https://graph.microsoft.com\\@evil.example/v1.0/domains",
    "https://graph.microsoft.com\\.evil.example/v1.0/domains",
    "https://graph.microsoft.com.evil.example/v1.0/domains",
    "https://evil.example/https://graph.microsoft.com/v1.0/domains",
    "https://evil.example#@graph.microsoft.com/v1.0/domains",
    "https://evil.example?@graph.microsoft.com/v1.0/domains",
    "https://graph.microsoft.com./v1.0/domains",
    "https://graph.microsoft.com\u3002evil.example/v1.0/domains",
    "https://graph.mi\u0441rosoft.com/v1.0/domains",
    "https://graph.microsoft.com%2eevil.example/v1.0/domains",
    "https://graph.microsoft.com%00.evil.example/v1.0/domains",
    "https://graph.microsoft.com\t.evil.example/v1.0/domains",
    "https://ev\nil.example/v1.0/domains",
    "https://[::1]/v1.0/domains",
    "https://[bad/v1.0/domains",
    "https://graph.microsoft.com:port/v1.0/domains",
    "//evil.example/v1.0/domains",
    "/v1.0/domains",
    "javascript:alert(1)",
    "file:///etc/passwd",
    " https://graph.microsoft.com/v1.0/domains",
    "https:graph.microsoft.com/v1.0/domains",
    "https://graph.microsoft.com/" + "a" * 70_000,
]


@pytest.mark.parametrize("link", HOSTILE, ids=lambda link: repr(link[:60]))
async def test_a_link_to_elsewhere_is_not_followed_and_no_token_leaves(link: str) -> None:
    far, tokens = FarSide(page(domain("contoso.example"), link=link)), Tokens()
    with pytest.raises(Defect, match="next link"):
        await clients(far, tokens).directory.domains()
    assert [str(request.url) for request in far.requests] == [f"{GRAPH}/v1.0/domains"]
    assert tokens.asked == [f"{GRAPH}/.default"]


@pytest.mark.parametrize("link", HOSTILE, ids=lambda link: repr(link[:60]))
async def test_exchange_is_not_led_astray_either(link: str) -> None:
    hostile = link.replace("graph.microsoft.com", "outlook.office365.com")
    far, tokens = FarSide(page({"Identity": "x"}, link=hostile)), Tokens()
    with pytest.raises(Defect, match="next link"):
        await clients(far, tokens).mailbox.forwarding(WHO)
    assert len(far.requests) == 1
    assert tokens.asked == [f"{EXCHANGE}/.default"]


@pytest.mark.parametrize("link", [["https://evil.example"], {"a": "https://evil.example"}, 7, True])
async def test_a_link_that_is_no_text_is_not_followed(link: object) -> None:
    far = FarSide(page(domain("contoso.example"), link=link))
    with pytest.raises(Defect, match="next link"):
        await clients(far).directory.domains()
    assert len(far.requests) == 1


async def test_the_error_says_where_the_link_led_and_not_what_it_carried() -> None:
    far = FarSide(
        page(domain("a.example"), link="https://evil.example/v1.0/domains?$skiptoken=canary")
    )
    with pytest.raises(Defect) as caught:
        await clients(far).directory.domains()
    assert "evil.example" in str(caught.value)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("host", ["GRAPH.Microsoft.COM", "graph.microsoft.com:443"])
async def test_the_same_host_spelt_differently_is_the_same_host(host: str) -> None:
    first = page(domain("a.example"), link=f"https://{host}/v1.0/domains?$skiptoken=2")
    far = FarSide(first, page(domain("b.example")))
    found = await clients(far).directory.domains()
    assert found.verified == {"a.example", "b.example"}
    assert far.hosts == {"graph.microsoft.com"}
    assert all(r.headers["Authorization"].startswith("Bearer token-canary") for r in far.requests)


async def test_nothing_on_a_later_page_is_missed_and_an_empty_page_is_not_the_end() -> None:
    def linked(*names: str, to: int) -> httpx.Response:
        return page(*map(domain, names), link=f"{GRAPH}/v1.0/domains?$skiptoken={to}")

    far = FarSide(linked("a", "b", to=2), linked(to=3), linked("c", to=4), page(domain("d")))
    found = await clients(far).directory.domains()
    assert found.verified == {"a", "b", "c", "d"}
    asked = [request.url.params.get("$skiptoken") for request in far.requests]
    assert asked == [None, "2", "3", "4"]


async def test_a_page_without_a_list_is_not_an_empty_page() -> None:
    far = FarSide(
        page(domain("a"), link=f"{GRAPH}/v1.0/domains?$skiptoken=2"), httpx.Response(200, json={})
    )
    with pytest.raises(Defect, match="without a list"):
        await clients(far).directory.domains()


async def test_a_list_that_leads_back_to_itself_ends() -> None:
    there, back = (f"{GRAPH}/v1.0/domains?$skiptoken={n}" for n in (1, 2))
    far = FarSide(page(link=there), page(link=back), page(link=there), page(link=back))
    with pytest.raises(Defect, match="twice"):
        await clients(far).directory.domains()
    assert len(far.requests) == 3


async def test_exchange_pages_are_asked_for_with_the_same_body_and_end() -> None:
    base = f"{EXCHANGE}/adminapi/beta/tenant/InvokeCommand"
    rules = [{"Identity": str(n), "Name": f"rule {n}", "Enabled": True} for n in range(4)]

    def listed(request: httpx.Request) -> httpx.Response:
        start = int(request.url.params.get("$skiptoken", 0))
        link = f"{base}?$skiptoken={start + 1}" if start < 3 else None
        return page(*rules[start : start + 1], link=link)

    far = FarSide(listed)
    found = await clients(far).mailbox.rules(WHO)
    assert [rule.name for rule in found] == ["rule 0", "rule 1", "rule 2", "rule 3"]
    assert len({request.content for request in far.requests}) == 2
    assert {request.method for request in far.requests} == {"POST"}

    endless = FarSide(page(rules[0], link=f"{base}?$skiptoken=1"))
    with pytest.raises(Defect, match="twice"):
        await clients(endless).mailbox.forwarding(WHO)
    assert len(endless.requests) == 2


class Servers:
    """Two servers on loopback: the service, and somebody who would like its tokens."""

    def __init__(self) -> None:
        self.visits: list[Request] = []
        self.thefts: list[Request] = []
        self.answer: Response = JSONResponse({"value": []})

    async def serve(self, request: Request) -> Response:
        self.visits.append(request)
        return self.answer

    async def steal(self, request: Request) -> Response:
        self.thefts.append(request)
        return JSONResponse({"value": [domain("stolen.example")]})


def app(endpoint: Any) -> Starlette:
    return Starlette(routes=[Route("/{path:path}", endpoint, methods=["GET", "POST", "PATCH"])])


@pytest.fixture
async def ground() -> AsyncIterator[tuple[Servers, Graph, str, str]]:
    servers = Servers()
    async with (
        Served(app(servers.serve), listen()) as ours,
        Served(app(servers.steal), listen()) as theirs,
        httpx.AsyncClient() as http,
    ):
        yield servers, Graph(client=http, credential=Tokens(), base=ours.url), ours.url, theirs.url


async def test_over_real_sockets_the_second_server_never_hears_of_it(
    ground: tuple[Servers, Graph, str, str],
) -> None:
    servers, graph, ours, theirs = ground
    for link in (f"{theirs}/v1.0/domains", ours.replace("//", "//127.0.0.1@") + "/v1.0/domains"):
        servers.answer = JSONResponse({"value": [], "@odata.nextLink": link})
        with pytest.raises(Defect, match="next link"):
            await every(
                graph.pages(lambda g: g.domains.to_get_request_information(), permission="X")
            )
    assert len(servers.visits) == 2
    assert servers.visits[0].headers["authorization"].startswith("Bearer token-canary")
    assert servers.thefts == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(
    ground: tuple[Servers, Graph, str, str], status: int
) -> None:
    servers, graph, _, theirs = ground
    servers.answer = RedirectResponse(f"{theirs}/v1.0/domains", status_code=status)
    with pytest.raises(Defect, match=str(status)):
        await graph.get(lambda g: g.domains.to_get_request_information(), permission="X")
    assert len(servers.visits) == 1
    assert servers.thefts == []
