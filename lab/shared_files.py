"""How files come to be shared before a story begins, and what the audit log says of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from lab.tenant.logbook import AuditRecord
from lab.tenant.sharing import Drive, Item, Link
from lab.tenant.world import World

_OPERATIONS: Final = {
    "anonymous": "AnonymousLinkCreated",
    "organization": "CompanyLinkCreated",
    "users": "SecureLinkCreated",
}
_SCOPES: Final = {"anonymous": "Anonymous", "organization": "Organization", "users": "Users"}


class SharedFiles:
    """One person's OneDrive, being filled."""

    def __init__(self, world: World, oid: str) -> None:
        self._world = world
        self._oid = oid
        user = world.state.users[oid]
        site = user.upn.replace("@", "_").replace(".", "_")
        url = f"https://contoso-my.sharepoint.example/personal/{site}/Documents"
        world.state.drives.setdefault(oid, Drive(id=f"b!{world.guid()}", oid=oid, url=url))

    @property
    def drive(self) -> Drive:
        """The drive as it is now."""
        return self._world.state.drives[self._oid]

    def add(self, path: str) -> Item:
        """Add a file."""
        item = Item(id=f"01{self._world.guid().replace('-', '').upper()}", path=path)
        self._world.state.drives[self._oid] = replace(self.drive, items=(*self.drive.items, item))
        return item

    def share(
        self,
        item: Item,
        scope: str,
        *,
        at: datetime,
        ip: str,
        kind: str = "view",
        people: tuple[str, ...] = (),
    ) -> Link:
        """Share a file by a new link, and write it down as SharePoint does."""
        link = Link(id=self._world.guid(), scope=scope, kind=kind, people=people)
        drive = self.drive
        items = tuple(
            replace(held, links=(*held.links, link)) if held.id == item.id else held
            for held in drive.items
        )
        self._world.state.drives[self._oid] = replace(drive, items=items)
        self._world.state.logbook.records.append(self._record(item, link, at=at, ip=ip))
        return link

    def _record(self, item: Item, link: Link, *, at: datetime, ip: str) -> AuditRecord:
        return AuditRecord(
            id=self._world.guid(),
            at=at,
            operation=_OPERATIONS[link.scope],
            service="OneDrive",
            kind="SharePointSharingOperation",
            upn=self._world.state.users[self._oid].upn,
            object_id=f"{self.drive.url}/{item.path}",
            ip=ip,
            details={
                "ItemType": "File",
                "SourceFileName": item.name,
                "SharingLinkScope": _SCOPES[link.scope],
                "EventData": f"<Type>{link.kind.title()}</Type>",
                "UniqueSharingId": link.id,
            },
        )
