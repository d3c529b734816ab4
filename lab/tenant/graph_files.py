"""Files: finding one by its address, listing who it is shared with, and taking a link back."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Final

from lab.tenant.answers import Answer, GraphRefusal, bad_request
from lab.tenant.limits import Service
from lab.tenant.operations import Ask, Json, Shape, operation
from lab.tenant.sharing import Drive, Item, Link

_WRITE: Final = ("Files.ReadWrite.All", "Sites.ReadWrite.All")
_READ: Final = ("Files.Read.All", "Sites.Read.All", *_WRITE)
_ACCESS: Final = "/drives/{drive}/items/{item}/permissions"


@operation(
    "GET",
    "/shares/{share}/driveItem",
    any_of=_WRITE,
    returns="microsoft.graph.driveItem",
    service=Service.FILES,
)
def find_shared_item(ask: Ask) -> Json:
    """Find the file that an encoded address means."""
    url = _decoded(ask.path["share"])
    context = f"{ask.root}/$metadata#shares('{ask.path['share']}')/driveItem"
    for drive in ask.world.state.drives.values():
        for item in drive.items:
            if f"{drive.url}/{item.path}".casefold() == url.casefold():
                return {
                    "@odata.context": context,
                    "id": item.id,
                    "name": item.name,
                    "webUrl": f"{drive.url}/{item.path}",
                    "file": {"mimeType": "application/octet-stream"},
                    "parentReference": {"driveId": drive.id, "driveType": "business"},
                }
    raise _no_item()


@operation(
    "GET",
    _ACCESS,
    any_of=_READ,
    shape=Shape.MANY,
    returns="microsoft.graph.permission",
    service=Service.FILES,
)
def list_access(ask: Ask) -> Json:
    """List who may open a file: its owner first, then its links."""
    drive, item = _find(ask)
    owner = ask.world.state.users.get(drive.oid)
    who = {"id": drive.oid, "displayName": owner.display_name if owner else None}
    rows: list[Json] = [
        {"id": f"owner-{item.id}", "roles": ["owner"], "grantedToV2": {"user": who}},
        *(_link(drive, link) for link in item.links),
    ]
    return ask.page(rows, lambda row: row, context="drives/items/permissions")


@operation(
    "DELETE", f"{_ACCESS}/{{perm}}", any_of=_WRITE, shape=Shape.NOTHING, service=Service.FILES
)
def take_back(ask: Ask) -> Answer:
    """Delete one link; whoever holds its address is out at once."""
    drive, item = _find(ask)
    kept = tuple(link for link in item.links if link.id != ask.path["perm"])
    if len(kept) == len(item.links):
        raise _no_item()
    changed = replace(item, links=kept)
    items = tuple(changed if held.id == item.id else held for held in drive.items)
    ask.world.state.drives[drive.oid] = replace(drive, items=items)
    ask.wrote(drive.oid, f"file {item.name!r}: a link deleted")
    return Answer(204)


def _decoded(share: str) -> str:
    """Read a sharing token: `u!` and the address in base64url without padding."""
    text = share.removeprefix("u!")
    try:
        return base64.b64decode(
            text + "=" * (-len(text) % 4), altchars=b"-_", validate=True
        ).decode()
    except ValueError as error:
        raise bad_request("The sharing token is invalid.", code="invalidRequest") from error


def _find(ask: Ask) -> tuple[Drive, Item]:
    for drive in ask.world.state.drives.values():
        if drive.id == ask.path["drive"]:
            item = drive.item(ask.path["item"])
            if item is not None:
                return drive, item
    raise _no_item()


def _no_item() -> GraphRefusal:
    return GraphRefusal(404, "itemNotFound", "The resource could not be found.")


def _link(drive: Drive, link: Link) -> Json:
    people = [{"user": {"displayName": person, "email": person}} for person in link.people]
    return {
        "id": link.id,
        "roles": ["write" if link.kind == "edit" else "read"],
        "shareId": f"u!{link.id.replace('-', '')}",
        "grantedToIdentitiesV2": people,
        "link": {"scope": link.scope, "type": link.kind, "webUrl": f"{drive.url}/s/{link.id}"},
    }
