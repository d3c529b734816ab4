from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.identity import CredentialUnavailableError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lab.clock import Clock
from lab.ports import listen, port_of
from lab.serving import Served
from lab.tenant import SimulatedTenant, TenantSettings
from lab.tenant.population import Population
from shared.clients.tenant import Tenant
from shared.clients.wire import Wire
from shared.errors import Denied, Transient
from shared.model import ObjectId, Upn, Who
from shared.settings import Settings
from tests.clients.far_side import ADA, WHO, FarSide, Tokens, clients

HEADER = "identity-header-canary"


def refused(status: int | None) -> ClientAuthenticationError:
    error = ClientAuthenticationError(message="the endpoint's own words, with a canary")
    error.status_code = status
    return error


async def failures(error: AzureError) -> list[Exception]:
    """Collect what a call to each service makes of a token that does not come."""
    far = FarSide(httpx.Response(200, json={"value": []}))
    tenant = clients(far, Tokens(error))
    found: list[Exception] = []
    for call in (tenant.directory.account(ADA), tenant.mailbox.forwarding(WHO)):
        with pytest.raises((Denied, Transient)) as caught:
            await call
        found.append(caught.value)
    assert far.requests == []
    return found


@pytest.mark.parametrize("status", [None, 400, 401, 403, 404])
async def test_a_refused_identity_is_denied_and_says_what_to_check(status: int | None) -> None:
    for error in await failures(refused(status)):
        assert isinstance(error, Denied)
        assert "managed identity" in str(error)
        assert "canary" not in str(error)


async def test_no_identity_at_all_is_denied() -> None:
    for error in await failures(CredentialUnavailableError(message="no endpoint")):
        assert isinstance(error, Denied)


@pytest.mark.parametrize(
    "trouble",
    [
        *(refused(status) for status in (408, 429, 500, 502, 503, 504)),
        ServiceRequestError("no route"),
        ServiceResponseError("cut off"),
        HttpResponseError("whatever"),
        AzureError("whatever"),
    ],
    ids=lambda error: f"{type(error).__name__}-{getattr(error, 'status_code', '')}",
)
async def test_trouble_at_the_token_endpoint_passes_and_nothing_was_written(
    trouble: AzureError,
) -> None:
    for error in await failures(trouble):
        assert isinstance(error, Transient)
        assert not error.may_have_happened


type Connect = Callable[..., Wire]


@pytest.fixture
async def connect(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Connect]:
    """Connect as in Azure: managed identity, its endpoint and everything else at one address."""
    opened: list[Wire] = []
    for name in [name for name in os.environ if name.startswith(("AZURE_", "MSI_", "IDENTITY_"))]:
        monkeypatch.delenv(name)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)

    def make(url: str, *, header: str = HEADER, **more: Any) -> Wire:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{url}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", header)
        wish: dict[str, Any] = {"tenant_id": ADA, "graph_url": url, "exchange_url": url, **more}
        opened.append(Wire(Settings(**wish)))
        return opened[-1]

    yield make
    for wire in opened:
        await wire.aclose()


@pytest.fixture
def lab() -> SimulatedTenant:
    settings = TenantSettings.instant(identity_header=HEADER)
    return SimulatedTenant(clock=Clock(start=datetime.now(UTC)), settings=settings)


async def outcome(tenant: Tenant, who: Who = WHO) -> list[BaseException]:
    found: list[BaseException] = []
    for call in (tenant.directory.account(who.object_id), tenant.mailbox.forwarding(who)):
        with pytest.raises((Denied, Transient)) as caught:
            await call
        found.append(caught.value)
    return found


async def test_a_managed_identity_is_let_in_with_one_token_for_each_service(
    lab: SimulatedTenant, connect: Connect
) -> None:
    oid = ObjectId(Population(lab).person("Ada Brandt"))
    async with Served(lab.app, listen()) as served:
        tenant = connect(served.url, tenant_id=lab.tenant_id).tenant
        account = await tenant.directory.account(oid)
        assert account.upn == "ada.brandt@contoso.example"
        await tenant.mailbox.forwarding(Who(object_id=oid, upn=Upn(account.upn)))
        await tenant.directory.domains()
    assert [call.status for call in lab.calls] == [200] * len(lab.calls)


async def test_a_wrong_identity_header_is_denied_in_words_and_reaches_nobody(
    lab: SimulatedTenant, connect: Connect
) -> None:
    async with Served(lab.app, listen()) as served:
        wire = connect(served.url, header="wrong-header-canary")
        for error in await outcome(wire.tenant):
            assert isinstance(error, Denied)
            assert "401" in str(error)
            assert "canary" not in str(error)
    assert lab.calls == []


def endpoint(*answers: Response) -> tuple[Starlette, list[Request]]:
    asked: list[Request] = []

    async def token(request: Request) -> Response:
        asked.append(request)
        return answers[min(len(asked), len(answers)) - 1]

    return Starlette(routes=[Route("/msi/token", token)]), asked


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_the_token_endpoint_is_asked_once_and_the_queue_waits(
    connect: Connect, status: int
) -> None:
    app, asked = endpoint(JSONResponse({}, status_code=status, headers={"Retry-After": "60"}))
    async with Served(app, listen()) as served:
        tenant = connect(served.url).tenant
        assert all(isinstance(error, Transient) for error in await outcome(tenant))
    assert len(asked) == 2


@pytest.mark.parametrize(
    "body", ["<html>starting</html>", "", "[]", "{}", '{"access_token": "token-canary"}']
)
async def test_an_answer_without_a_token_is_no_token_and_is_not_quoted(
    connect: Connect, body: str
) -> None:
    app, _ = endpoint(Response(body, media_type="application/json"))
    async with Served(app, listen()) as served:
        for error in await outcome(connect(served.url).tenant):
            assert "canary" not in str(error)


async def test_an_endpoint_that_is_not_there_may_be_there_later(connect: Connect) -> None:
    with listen() as sock:
        port = port_of(sock)
    for error in await outcome(connect(f"http://127.0.0.1:{port}").tenant):
        assert isinstance(error, Transient)


async def test_the_user_assigned_identity_is_named_to_the_endpoint(connect: Connect) -> None:
    app, asked = endpoint(JSONResponse({}, status_code=400))
    async with Served(app, listen()) as served:
        await outcome(connect(served.url, client_id=ADA).tenant)
    assert {request.query_params["client_id"] for request in asked} == {ADA}
    assert {request.query_params["resource"] for request in asked} == {
        "https://graph.microsoft.com",
        "https://outlook.office365.com",
    }


async def test_not_even_the_libraries_log_a_token_or_the_identity_header(
    lab: SimulatedTenant, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    oid = ObjectId(Population(lab).person("Ada Brandt"))
    async with Served(lab.app, listen()) as served:
        tenant = connect(served.url, tenant_id=lab.tenant_id).tenant
        password = tenant.new_password()
        await tenant.directory.set_password(oid, password)
        await tenant.mailbox.forwarding(Who(object_id=oid, upn=Upn("ada@contoso.example")))
    assert caplog.records
    a_token_begins = lab.token("https://graph.microsoft.com")[:10]
    for secret in (HEADER, password, a_token_begins):
        assert secret not in caplog.text
