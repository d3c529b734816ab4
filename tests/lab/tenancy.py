"""A tenant that stands still, and a client that talks to it as ours do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import httpx

from lab.clock import Clock
from lab.tenant import SimulatedTenant, TenantSettings
from lab.tenant.population import Population
from lab.tenant.tokens import EXCHANGE, GRAPH
from lab.tenant.transport import TenantTransport

NOON = datetime(2026, 11, 23, 12, 0, 0, 700_000, tzinfo=UTC)
STRONG = "Correct-Horse-42"
ANCHOR = {"X-AnchorMailbox": "UPN:somebody@contoso.example"}


def make(settings: TenantSettings | None = None, **wish: Any) -> SimulatedTenant:
    """Make a tenant at noon with its clock stopped."""
    quiet = settings or TenantSettings.instant()
    return SimulatedTenant(clock=Clock.frozen(NOON), settings=quiet, **wish)


class Desk:
    """Calls one tenant the way a client does: tokens, base URLs, JSON."""

    def __init__(self, tenant: SimulatedTenant) -> None:
        self.tenant = tenant
        self.people = Population(tenant)
        self.http = httpx.AsyncClient(transport=TenantTransport(tenant), timeout=5.0)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.http.aclose()

    async def graph(
        self, method: str, path: str, body: Any = None, *, token: str | None = None
    ) -> httpx.Response:
        """Ask Graph; `path` may be a whole URL, such as a next link."""
        url = path if path.startswith("http") else f"{GRAPH}/v1.0{path}"
        headers = {"Authorization": f"Bearer {token or self.tenant.token(GRAPH)}"}
        return await self.http.request(method, url, json=body, headers=headers)

    async def every(self, path: str) -> list[dict[str, Any]]:
        """Read all pages of a list."""
        found: list[dict[str, Any]] = []
        link: str | None = path
        while link:
            page = (await self.graph("GET", link)).json()
            found += page["value"]
            link = page.get("@odata.nextLink")
        return found

    async def exchange(
        self,
        cmdlet: str,
        *,
        token: str | None = None,
        headers: Mapping[str, str] = ANCHOR,
        url: str | None = None,
        **parameters: Any,
    ) -> httpx.Response:
        """Run a cmdlet."""
        where = url or f"{EXCHANGE}/adminapi/beta/{self.tenant.tenant_id}/InvokeCommand"
        body = {"CmdletInput": {"CmdletName": cmdlet, "Parameters": parameters}}
        bearer = {"Authorization": f"Bearer {token or self.tenant.token(f'{EXCHANGE}/.default')}"}
        return await self.http.post(where, json=body, headers={**bearer, **headers})

    async def output(self, cmdlet: str, **parameters: Any) -> list[dict[str, Any]]:
        """Run a cmdlet and read all pages of its output."""
        found: list[dict[str, Any]] = []
        url: str | None = None
        while True:
            answer = await self.exchange(cmdlet, url=url, **parameters)
            assert answer.status_code == 200, answer.text
            found += answer.json()["value"]
            url = answer.json().get("@odata.nextLink")
            if url is None:
                return found


def code(answer: httpx.Response) -> str:
    """Read the code of a refusal."""
    return str(answer.json()["error"]["code"])


def message(answer: httpx.Response) -> str:
    """Read the message of a refusal, the innermost where there are several."""
    error = answer.json()["error"]
    details = error.get("details") or [error]
    return str(details[0]["message"])
