"""Incidents of Microsoft Sentinel, read again from Azure Resource Manager.

Which workspace is read is configuration: what a payload says is compared with it, and no address
out of a payload is ever asked.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Final

from shared.clients.answers import read_answer, tokenless, unanswered
from shared.errors import Denied, Refused
from shared.model import Json

if TYPE_CHECKING:
    import httpx
    from azure.core.credentials_async import AsyncTokenCredential

PUBLIC_CLOUD: Final = "https://management.azure.com"
ROLE: Final = "Microsoft Sentinel Responder"
"""The Azure role that covers the POST below; Microsoft Sentinel Reader lists no such action."""
SETTING: Final = "FIREBREAK_SENTINEL_WORKSPACE"

_VERSION: Final = {"api-version": "2024-03-01"}
_INCIDENTS: Final = "/providers/Microsoft.SecurityInsights/incidents/"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
_UNAUTHORISED: Final = 403


class SentinelIncidents:
    """The incidents of one workspace. Bound to one event loop; `client` is not closed here.

    `workspace` is its Azure resource id; without one nothing is read.
    """

    def __init__(
        self,
        *,
        client: httpx.AsyncClient,
        credential: AsyncTokenCredential,
        base: str,
        workspace: str | None,
    ) -> None:
        self._http = client
        self._credential = credential
        self._base = base.rstrip("/")
        self._workspace = workspace

    async def incident(self, resource: str) -> Json:
        """Read an incident with its alerts and entities, in the shape an automation rule sends.

        `resource` is the incident's Azure resource id. Needs the Azure role Microsoft Sentinel
        Responder on the workspace. Raises `Refused` where the incident is not the workspace's, or
        none is configured.
        Source: GET …/incidents/{id}, POST …/incidents/{id}/alerts, POST …/incidents/{id}/entities.
        """
        place = self._place(resource)
        incident, alerts, entities = await asyncio.gather(
            self._ask("GET", place),
            self._ask("POST", f"{place}/alerts"),
            self._ask("POST", f"{place}/entities"),
        )
        properties = {
            **(incident.get("properties") or {}),
            "alerts": alerts.get("value") or [],
            "relatedEntities": entities.get("entities") or [],
        }
        return {
            "objectSchemaType": "Incident",
            "objectEventType": "Read",
            "object": {**incident, "properties": properties},
        }

    def _place(self, resource: str) -> str:
        """Make the path from our own configuration and nothing but the incident's name."""
        if self._workspace is None:
            raise Refused(
                "The incident does not say who it is about, and may not be read again: set"
                f" {SETTING} to the workspace's Azure resource id"
            )
        ours = f"{self._workspace}{_INCIDENTS}"
        name = resource[len(ours) :]
        if resource[: len(ours)].lower() != ours.lower() or not _NAME.fullmatch(name):
            raise Refused(
                f"The incident is not one of the workspace that {SETTING} names, so it was not read"
            )
        return f"{self._base}{ours}{name}"

    async def _ask(self, method: str, url: str) -> Json:
        import httpx

        request = self._http.build_request(
            method, url, params=_VERSION, headers=await self._headers()
        )
        try:
            response = await self._http.send(request)
        except httpx.HTTPError as error:
            # Whatever the method says, this only reads.
            raise unanswered("Sentinel", request, error) from error
        if response.status_code == _UNAUTHORISED:
            raise Denied(
                f"Sentinel answered 403. Give the app's identity the Azure role {ROLE} on the"
                f" workspace that {SETTING} names",
                permission=ROLE,
            )
        return read_answer("Sentinel", response, permission=ROLE)

    async def _headers(self) -> dict[str, str]:
        from azure.core.exceptions import AzureError

        audience = PUBLIC_CLOUD if self._base.startswith("http:") else self._base
        try:
            token = await self._credential.get_token(f"{audience}/.default")
        except AzureError as error:
            raise tokenless(error) from error
        return {"Authorization": f"Bearer {token.token}"}
