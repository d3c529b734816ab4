"""Somebody who calls the simulated tenant directly, one call after the other, and counts."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Final, Self

from lab.tenant import SimulatedTenant
from lab.workbench import lab_client
from shared.model import Json

_GRAPH: Final = "https://graph.microsoft.com"
_EXCHANGE: Final = "https://outlook.office365.com"
_LATENCY: Final = 0.120


class Hands:
    """A client without patience: what is refused stays refused, as those who are played do it."""

    def __init__(self, tenant: SimulatedTenant) -> None:
        self.tenant = tenant
        self._http = lab_client(tenant)

    async def __aenter__(self) -> Self:
        """Nothing is opened before it is needed."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the HTTP client."""
        await self._http.aclose()

    async def graph(
        self, method: str, path: str, body: Json | None = None, *, version: str = "v1.0"
    ) -> Json:
        """Call Graph; a refusal reads as an empty answer."""
        url = path if path.startswith("https:") else f"{_GRAPH}/{version}{path}"
        headers = {"Authorization": f"Bearer {self.tenant.token(_GRAPH)}"}
        answer = await self._http.request(method, url, json=body, headers=headers)
        found: Json = answer.json() if answer.is_success and answer.content else {}
        return found

    async def every(self, path: str, *, version: str = "v1.0") -> list[Json]:
        """Read all pages of a list."""
        found: list[Json] = []
        link: str | None = path
        while link:
            page = await self.graph("GET", link, version=version)
            found += page.get("value", [])
            link = page.get("@odata.nextLink")
        return found

    async def exchange(self, cmdlet: str, **parameters: Any) -> list[Json]:
        """Run a cmdlet."""
        url = f"{_EXCHANGE}/adminapi/beta/{self.tenant.tenant_id}/InvokeCommand"
        body = {"CmdletInput": {"CmdletName": cmdlet, "Parameters": parameters}}
        headers = {
            "Authorization": f"Bearer {self.tenant.token(_EXCHANGE)}",
            "X-AnchorMailbox": "UPN:somebody@contoso.example",
        }
        answer = await self._http.post(url, json=body, headers=headers)
        return list(answer.json().get("value", [])) if answer.is_success else []

    async def wait(self) -> None:
        """Wait as for an answer of a service that the tenant does not play."""
        await self.tenant.clock.sleep(_LATENCY)
