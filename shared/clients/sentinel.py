"""Incidents of Microsoft Sentinel, read and answered through Azure Resource Manager.

Which workspace is read is configuration: what a payload says is compared with it, and no address
out of a payload is ever asked.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Final

from shared.clients.answers import read_answer, tokenless
from shared.clients.sending import sent
from shared.errors import Denied, Gone, Refused
from shared.model import Json, Value

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
_GUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_UNAUTHORISED: Final = 403
_WRITABLE: Final = (
    "title",
    "description",
    "severity",
    "status",
    "owner",
    "labels",
    "firstActivityTimeUtc",
    "lastActivityTimeUtc",
    "classification",
    "classificationReason",
    "classificationComment",
)
"""What a PUT replaces: what is not sent back is lost."""
_BY_OBJECT_ID: Final = {"account": "aadUserId", "mailbox": "externalDirectoryObjectId"}
_NAMES_NOBODY: Final = frozenset({"ip", "url", "cloudapplication"})
"""Entities of any other sort may mention somebody in words of their own."""


class Verdict(Value):
    """Status, classification and its reason in Sentinel's words; `None` is not classified."""

    status: str
    classification: str | None = None
    reason: str | None = None

    @property
    def words(self) -> str:
        """The verdict in a line, as a person is shown it."""
        return ", ".join(filter(None, (self.status, self.classification, self.reason)))


class SentinelIncident(Value):
    """One incident as it stands; `etag` is what it must still be to be replaced."""

    name: str
    title: str
    verdict: Verdict
    etag: str
    kept: Json
    """What a PUT has to send back."""
    accounts: frozenset[str] | None
    """Object ids of all accounts it names; `None` where one is not named for certain."""

    def only_about(self, object_id: str) -> bool:
        """Whether it names this account and no other; what is uncertain is not."""
        return self.accounts == frozenset({object_id.casefold()})


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

    @property
    def configured(self) -> bool:
        """Whether there is a workspace at all."""
        return self._workspace is not None

    async def read(self, name: str) -> SentinelIncident:
        """Read an incident of the workspace and whom it names. Raises `Gone` without it.

        Source: GET …/incidents/{id}, POST …/incidents/{id}/entities.
        """
        place = self._named(name)
        found, told = await asyncio.gather(
            self._ask("GET", place), self._ask("POST", f"{place}/entities")
        )
        properties = found.get("properties") or {}
        return SentinelIncident(
            name=name,
            title=str(properties.get("title") or ""),
            verdict=Verdict(
                status=str(properties.get("status") or ""),
                classification=properties.get("classification") or None,
                reason=properties.get("classificationReason") or None,
            ),
            etag=str(found.get("etag") or ""),
            kept={key: properties[key] for key in _WRITABLE if properties.get(key) is not None},
            accounts=_accounts(told.get("entities") or []),
        )

    async def judge(self, incident: SentinelIncident, verdict: Verdict) -> None:
        """Replace its verdict and nothing else. Raises `Conflict` where it changed since.

        Source: PUT …/incidents/{id}, with the etag.
        """
        said = {
            "status": verdict.status,
            "classification": verdict.classification,
            "classificationReason": verdict.reason,
        }
        properties = {key: value for key, value in (incident.kept | said).items() if value}
        body = {"etag": incident.etag, "properties": properties}
        await self._ask("PUT", self._named(incident.name), body=body)

    async def commented(self, name: str, comment: str) -> bool:
        """Whether it has the comment with this id. Source: GET …/comments/{commentId}."""
        try:
            await self._ask("GET", f"{self._named(name)}/comments/{comment}")
        except Gone:
            return False
        return True

    async def comment(self, name: str, comment: str, text: str) -> None:
        """Write a comment under an id of ours, a GUID: the same again is the same comment.

        Source: PUT …/incidents/{id}/comments/{commentId}.
        """
        body = {"properties": {"message": text}}
        await self._ask("PUT", f"{self._named(name)}/comments/{comment}", body=body)

    def _named(self, name: str) -> str:
        if not _GUID.fullmatch(name):
            raise Gone("An incident of Sentinel is named by a GUID")
        return self._place(f"{self._workspace}{_INCIDENTS}{name}")

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

    async def _ask(self, method: str, url: str, *, body: Json | None = None) -> Json:
        request = self._http.build_request(
            method, url, params=_VERSION, headers=await self._headers(), json=body
        )
        response = await sent(self._http, "Sentinel", request)
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


def _accounts(entities: list[Json]) -> frozenset[str] | None:
    """Read whom the entities name, by object id; nobody at all is not certain."""
    found: set[str] = set()
    for entity in entities:
        sort = str(entity.get("kind") or "").lower()
        if sort in _NAMES_NOBODY:
            continue
        key = _BY_OBJECT_ID.get(sort, "")
        oid = (entity.get("properties") or {}).get(key)
        if not oid:
            return None
        found.add(str(oid).casefold())
    return frozenset(found) or None
