from __future__ import annotations

import asyncio
import json
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clients.directory import SignIn
from shared.clients.graph import Graph
from shared.clients.mailbox import Forwarding
from shared.errors import Defect, Denied, Gone, Transient
from shared.model import AccountRef, ObjectId
from tests.clients.far_side import (
    ADA,
    EXCHANGE,
    GRAPH,
    WHO,
    FarSide,
    Tokens,
    clients,
    domain,
    graph,
    page,
    token_for,
    user,
)


@pytest.mark.parametrize("status", [401, 429, 500, 503, 504])
async def test_the_queue_waits_and_not_the_client(status: int) -> None:
    far = FarSide(httpx.Response(status, headers={"Retry-After": "120"}))
    tenant = clients(far)
    async with asyncio.timeout(2):
        with pytest.raises((Transient, Denied)):
            await tenant.directory.set_sign_in(ADA, SignIn.BLOCKED)
        with pytest.raises((Transient, Denied)):
            await tenant.mailbox.set_forwarding(WHO, Forwarding())
    assert [request.url.host for request in far.requests] == [
        "graph.microsoft.com",
        "outlook.office365.com",
    ]


async def test_each_service_gets_its_own_token_and_no_other() -> None:
    far, tokens = FarSide(page()), Tokens()
    tenant = clients(far, tokens)
    await tenant.directory.domains()
    with pytest.raises(Gone):
        await tenant.mailbox.forwarding(WHO)
    for request, base in zip(far.requests, (GRAPH, EXCHANGE), strict=True):
        assert str(request.url).startswith(f"{base}/")
        assert request.headers["Authorization"] == f"Bearer {token_for(base)}"
    assert tokens.asked == [f"{GRAPH}/.default", f"{EXCHANGE}/.default"]


async def test_the_sdk_itself_gives_the_token_to_no_other_host() -> None:
    source = graph(FarSide(page()))
    adapter, service = source._sdk()
    for host in (
        "https://evil.example",
        "https://sub.graph.microsoft.com",
        "https://graph.microsoft.de",
    ):
        information = service.domains.to_get_request_information()
        information.url = f"{host}/v1.0/domains"
        request = await adapter.convert_to_native_async(information)
        assert "authorization" not in request.headers


@pytest.mark.parametrize(
    ("base", "audience"),
    [
        (GRAPH, f"{GRAPH}/.default"),
        (f"{GRAPH}/", f"{GRAPH}/.default"),
        ("https://graph.microsoft.us", "https://graph.microsoft.us/.default"),
        ("http://127.0.0.1:9", f"{GRAPH}/.default"),
    ],
)
async def test_the_token_is_for_the_cloud_that_is_asked(base: str, audience: str) -> None:
    far, tokens = FarSide(page(domain("a.example"))), Tokens()
    await clients(far, tokens, graph_base=base).directory.domains()
    assert tokens.asked == [audience]
    assert str(far.requests[0].url) == f"{base.rstrip('/')}/v1.0/domains"


@pytest.mark.parametrize("base", ["http://graph.microsoft.com", "ftp://127.0.0.2", "graph", "//x"])
@pytest.mark.parametrize("which", ["graph_base", "exchange_base"])
def test_tokens_are_not_sent_in_the_clear(which: str, base: str) -> None:
    with pytest.raises(Defect, match="https"):
        clients(FarSide(page()), Tokens(), **{which: base})


def test_two_event_loops_each_with_their_own_clients_do_not_meet() -> None:
    async def work() -> frozenset[str]:
        far = FarSide(page(domain("a.example")))
        tenant = clients(far)
        found, again = await asyncio.gather(tenant.directory.domains(), tenant.directory.domains())
        assert found == again
        return found.verified

    with asyncio.Runner() as first, asyncio.Runner() as second:
        assert first.run(work()) == second.run(work()) == {"a.example"}
        assert first.run(work()) == {"a.example"}


async def test_reads_made_side_by_side_for_one_moment_ask_once_and_fail_together() -> None:
    far = FarSide(user(accountEnabled=True))
    view = clients(far).remembering()
    first, second = await asyncio.gather(view.directory.account(ADA), view.directory.account(ADA))
    assert first == second
    assert len(far.requests) == 1

    broken = clients(FarSide(httpx.Response(503))).remembering()
    found = await asyncio.gather(
        broken.directory.account(ADA), broken.directory.account(ADA), return_exceptions=True
    )
    assert [type(error) for error in found] == [Transient, Transient]


async def test_what_is_not_shown_is_unknown() -> None:
    account = await clients(FarSide(user())).directory.account(ADA)
    assert account.enabled is None
    assert account.groups is None
    assert account.roles is None
    assert account.sessions_valid_from is None
    assert account.last_password_change is None


IDENTIFIERS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40).filter(
    lambda text: text.strip()
)


@given(who=IDENTIFIERS)
def test_whoever_an_alert_names_stays_one_segment_of_the_path(who: str) -> None:
    far = FarSide(user())
    try:
        asyncio.run(clients(far).directory.account(who))
    except Gone:
        assert far.requests == []
        return
    raw = far.requests[0].url.raw_path.decode().partition("?")[0]
    start, users, segment = raw.rpartition("/users/")
    assert (start, users) == ("/v1.0", "/users/")
    assert "/" not in segment
    assert unquote(segment) == who


@pytest.mark.parametrize(
    "who", [".", "..", "%2e%2e", "../domains", "a/../../domains", "me?x=1", "a#b"]
)
async def test_no_name_climbs_out_of_its_place(who: str) -> None:
    far = FarSide(user())
    try:
        await clients(far).directory.account(who)
    except Gone:
        assert far.requests == []
        return
    raw = far.requests[0].url.raw_path.decode()
    assert raw.startswith("/v1.0/users/")
    assert raw.count("/") == 3
    assert set(far.requests[0].url.params) == {"$select"}


@pytest.mark.parametrize(
    "value", ["o'neil@contoso.example", "x' or accountEnabled eq true or 'a' eq '"]
)
async def test_an_address_cannot_rewrite_the_filter(value: str) -> None:
    far = FarSide(page())
    with pytest.raises(Gone):
        await clients(far).directory.find(AccountRef(mailbox=value))
    quoted = value.replace("'", "''")
    assert far.requests[0].url.params["$filter"] == f"mail eq '{quoted}'"


@pytest.mark.parametrize("count", [0, 2])
async def test_an_address_that_is_not_exactly_one_account_is_nobody(count: int) -> None:
    found = [{"id": f"{n}", "userPrincipalName": f"{n}@contoso.example"} for n in range(count)]
    with pytest.raises(Gone, match=f"{count} accounts"):
        await clients(FarSide(page(*found))).directory.find(AccountRef(mailbox="a@contoso.example"))


async def test_two_accounts_on_two_pages_are_two_accounts() -> None:
    one, two = ({"id": n, "userPrincipalName": f"{n}@contoso.example"} for n in "12")
    far = FarSide(page(one, link=f"{GRAPH}/v1.0/users?$skiptoken=2"), page(two))
    with pytest.raises(Gone, match="2 accounts"):
        await clients(far).directory.find(AccountRef(mailbox="a@contoso.example"))


async def test_an_alert_that_names_nobody_asks_nobody() -> None:
    far = FarSide(page())
    with pytest.raises(Gone):
        await clients(far).directory.find(AccountRef())
    assert far.requests == []


async def test_sign_in_and_password_are_each_alone_in_their_write() -> None:
    far = FarSide(httpx.Response(204))
    tenant = clients(far)
    await tenant.directory.set_sign_in(ADA, SignIn.BLOCKED)
    await tenant.directory.set_password(ADA, tenant.new_password())
    bodies = [json.loads(request.content) for request in far.requests]
    named = [{name for name in body if not name.startswith("@odata.")} for body in bodies]
    assert named == [{"accountEnabled"}, {"passwordProfile"}]
    assert bodies[0]["accountEnabled"] is False
    assert bodies[1]["passwordProfile"]["forceChangePasswordNextSignIn"] is True


async def test_the_client_given_is_the_only_way_out() -> None:
    far = FarSide(page(domain("a.example")))
    source = Graph(client=httpx.AsyncClient(transport=far), credential=Tokens(), base=GRAPH)
    await source.get(lambda g: g.domains.to_get_request_information(), permission="X")
    assert far.hosts == {"graph.microsoft.com"}
    assert ObjectId(ADA) not in str(far.requests[0].url)
