"""The same tenant on a socket: for everything, one base URL."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import httpx
import pytest
from azure.identity.aio import ManagedIdentityCredential

from lab.clock import Clock
from lab.ports import listen
from lab.serving import Served
from lab.tenant import SimulatedTenant, TenantSettings
from lab.tenant.faults import When
from lab.tenant.population import Population


@pytest.fixture
async def tenant() -> SimulatedTenant:
    return SimulatedTenant(clock=Clock(), settings=TenantSettings.instant(identity_header="pass"))


@pytest.fixture
async def served(tenant: SimulatedTenant) -> AsyncIterator[str]:
    async with Served(tenant.app, listen(), grace=1) as server:
        yield server.url


async def test_azure_identity_gets_tokens_for_both_services(
    tenant: SimulatedTenant, served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    oid = Population(tenant).person("Ada Brandt")
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{served}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "pass")
    async with ManagedIdentityCredential() as credential, httpx.AsyncClient() as client:
        graph = await credential.get_token("https://graph.microsoft.com/.default")
        exchange = await credential.get_token("https://outlook.office365.com/.default")
        assert graph.expires_on > time.time() + 3600
        read = await client.get(
            f"{served}/v1.0/users/{oid}", headers={"Authorization": f"Bearer {graph.token}"}
        )
        ran = await client.post(
            f"{served}/adminapi/beta/{tenant.tenant_id}/InvokeCommand",
            json={"CmdletInput": {"CmdletName": "Get-Mailbox", "Parameters": {"Identity": oid}}},
            headers={"Authorization": f"Bearer {exchange.token}", "X-AnchorMailbox": "UPN:x"},
        )
        assert (read.status_code, ran.status_code) == (200, 200)
        assert ran.json()["value"][0]["ExternalDirectoryObjectId"] == oid


async def test_the_identity_endpoint_wants_its_header_and_its_version(served: str) -> None:
    good = {"resource": "https://graph.microsoft.com", "api-version": "2019-08-01"}
    async with httpx.AsyncClient() as client:
        url = f"{served}/msi/token"
        for headers, params, status in (
            ({}, good, 401),
            ({"X-IDENTITY-HEADER": "guess"}, good, 401),
            ({"X-IDENTITY-HEADER": "pass"}, {**good, "api-version": "2017-09-01"}, 400),
            ({"X-IDENTITY-HEADER": "pass"}, good, 200),
        ):
            answer = await client.get(url, params=params, headers=headers)
            assert answer.status_code == status


async def test_next_links_stay_on_the_host_that_was_asked(
    tenant: SimulatedTenant, served: str
) -> None:
    token = tenant.token("https://graph.microsoft.com")
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient() as client:
        page = (await client.get(f"{served}/v1.0/domains", headers=headers)).json()
        assert page["@odata.nextLink"].startswith(f"{served}/v1.0/domains?")
        more = await client.get(page["@odata.nextLink"], headers=headers)
        assert len(more.json()["value"]) == 1


async def test_a_dropped_answer_hangs_until_the_client_gives_up(
    tenant: SimulatedTenant, served: str
) -> None:
    oid = Population(tenant).person("Ada Brandt")
    tenant.drop(when=When.AFTER_EFFECT)
    headers = {"Authorization": f"Bearer {tenant.token('https://graph.microsoft.com')}"}
    async with httpx.AsyncClient(timeout=0.3) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.patch(
                f"{served}/v1.0/users/{oid}", json={"accountEnabled": False}, headers=headers
            )
    assert not tenant.users[oid].enabled


async def test_the_lab_can_be_looked_at_and_steered(tenant: SimulatedTenant, served: str) -> None:
    async with httpx.AsyncClient(base_url=served) as client:
        before = (await client.get("/lab/state")).json()
        await client.post("/lab/clock", json={"advance": 3600, "speed": 2})
        after = (await client.get("/lab/state")).json()
        assert after["speed"] == 2
        assert after["now"] > before["now"]
        order = {"match": "GET /domains", "status": 503, "times": 1}
        assert (await client.post("/lab/faults", json=order)).json() == {"faults": 1}
        assert (await client.post("/lab/faults", json={"nonsense": 1})).status_code == 400
        headers = {"Authorization": f"Bearer {tenant.token('https://graph.microsoft.com')}"}
        assert (await client.get("/v1.0/domains", headers=headers)).status_code == 503
        [call] = (await client.get("/lab/calls")).json()["calls"]
        assert (call["name"], call["status"]) == ("GET /domains", 503)
        assert (await client.get("/lab/snapshot")).json() == tenant.snapshot()
        assert (await client.get("/lab/nonsense")).status_code == 404
