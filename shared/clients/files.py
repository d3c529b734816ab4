"""Files in OneDrive and SharePoint: who a file is shared with by links, and taking a link back."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

from shared.clients.graph import Graph
from shared.errors import Defect
from shared.model import Json, Value

if TYPE_CHECKING:
    from msgraph.generated.drives.item.items.item.permissions.permissions_request_builder import (
        PermissionsRequestBuilder,
    )
    from msgraph.graph_service_client import GraphServiceClient

FILES_WRITE_ALL: Final = "Files.ReadWrite.All"


class SharedItem(Value):
    """One file or folder."""

    drive: str
    id: str
    name: str


class SharingLink(Value):
    """A link to an item. `scope` is anonymous, organization or users; `kind` view or edit.

    `people` are whom a link for certain people is made out to.
    """

    id: str
    scope: str | None
    kind: str | None
    people: tuple[str, ...] = ()
    inherited: bool = False
    """It was made for a folder above, and can only be taken back there."""


class Files:
    """Files and their links."""

    def __init__(self, source: Graph) -> None:
        self._graph = source

    async def at(self, url: str) -> SharedItem:
        """Find an item by the address that the audit log gives. Raises `Gone` where it is no more.

        Source: GET /shares/{encoded address}/driveItem.
        """
        share = f"u!{base64.urlsafe_b64encode(url.encode()).decode().rstrip('=')}"
        found = await self._graph.get(
            lambda g: g.shares.by_shared_drive_item_id(
                share
            ).drive_item.to_get_request_information(),
            permission=FILES_WRITE_ALL,
        )
        drive = (found.get("parentReference") or {}).get("driveId")
        if not drive:
            raise Defect("Graph answered a file without the drive it is in")
        return SharedItem(drive=drive, id=str(found["id"]), name=str(found.get("name") or ""))

    async def links(self, item: SharedItem) -> tuple[SharingLink, ...]:
        """List an item's links. Source: GET /drives/{id}/items/{id}/permissions."""
        pages = self._graph.pages(
            lambda g: _access(g, item).to_get_request_information(), permission=FILES_WRITE_ALL
        )
        return tuple([_link(row) async for row in pages if row.get("link")])

    async def take_back(self, item: SharedItem, link: str) -> None:
        """Delete one link. Source: DELETE /drives/{id}/items/{id}/permissions/{id}."""
        await self._graph.write(
            lambda g: _access(g, item).by_permission_id(link).to_delete_request_information(),
            permission=FILES_WRITE_ALL,
        )


def _access(g: GraphServiceClient, item: SharedItem) -> PermissionsRequestBuilder:
    return g.drives.by_drive_id(item.drive).items.by_drive_item_id(item.id).permissions


def _link(row: Json) -> SharingLink:
    link = row.get("link") or {}
    return SharingLink(
        id=str(row["id"]),
        scope=link.get("scope"),
        kind=link.get("type"),
        people=tuple(_person(one) for one in row.get("grantedToIdentitiesV2") or ()),
        inherited=bool(row.get("inheritedFrom")),
    )


def _person(identity: Any) -> str:
    """Name whom a link is for: an address where there is one."""
    user = identity.get("user") or identity.get("siteUser") or {}
    return str(user.get("email") or user.get("displayName") or user.get("id") or "unknown")
