"""The rights that others have to a mailbox, as values, and the cmdlets that take and give them."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from shared.errors import Defect
from shared.model import Json, ObjectId, Utc, Value, Who

_TABLE: Final = "#Exchange.GenericHashTable"
EVERYBODY: Final = ("Default", "Anonymous")
"""Trustees of a folder that stand for the whole organisation and for the whole world."""


class GrantKind(StrEnum):
    """What a grant opens."""

    MAILBOX = "mailbox"
    SEND_AS = "send_as"
    SEND_ON_BEHALF = "send_on_behalf"
    FOLDER = "folder"
    PUBLICATION = "publication"


class Grant(Value):
    """One right of somebody else. `trustee` is the name that Exchange prints.

    `folder` is its path as the owner sees it and `folder_type` Exchange's name for what it is. For
    a published calendar `rights` is the level of detail.
    """

    kind: GrantKind
    trustee: str
    rights: tuple[str, ...]
    folder: str | None = None
    folder_type: str | None = None
    inheritance: str | None = None
    flags: tuple[str, ...] = ()


class Trustee(Value):
    """Who is behind a trustee's name; `id` is `None` where that is not one single recipient."""

    name: str
    id: ObjectId | None = None
    address: str | None = None
    created_at: Utc | None = None

    @property
    def handle(self) -> str:
        """What names it in a cmdlet."""
        return self.id or self.name


def path(who: Who, folder: str | None) -> str:
    """Name a folder of a mailbox as cmdlets want it; the root has no path."""
    return f"{who.object_id}:\\{(folder or '').replace('/', '\\')}"


def taking(who: Who, grant: Grant, handle: str) -> tuple[str, Json]:
    """Make the cmdlet and the parameters that take a right from a trustee.

    Everybody's rights to a folder cannot be removed, only set to what they are at first.
    """
    where: Json = {"Identity": who.object_id, "Confirm": False}
    folder: Json = {"Identity": path(who, grant.folder), "Confirm": False}
    match grant.kind:
        case GrantKind.MAILBOX:
            given: Json = {"User": handle, "AccessRights": list(grant.rights)}
            return "Remove-MailboxPermission", where | given | _inheritance(grant)
        case GrantKind.SEND_AS:
            given = {"Trustee": handle, "AccessRights": ["SendAs"]}
            return "Remove-RecipientPermission", where | given
        case GrantKind.SEND_ON_BEHALF:
            return "Set-Mailbox", _on_behalf(who, remove=handle)
        case GrantKind.FOLDER if handle in EVERYBODY:
            free = (grant.folder_type, handle) == ("Calendar", "Default")
            rights = ["AvailabilityOnly" if free else "None"]
            return "Set-MailboxFolderPermission", folder | {"User": handle, "AccessRights": rights}
        case GrantKind.FOLDER:
            return "Remove-MailboxFolderPermission", folder | {"User": handle}
        case GrantKind.PUBLICATION:
            return "Set-MailboxCalendarFolder", folder | {"PublishEnabled": False}


def giving(who: Who, grant: Grant, handle: str) -> tuple[str, Json]:
    """Make the cmdlet and the parameters that give a right to a trustee."""
    where: Json = {"Identity": who.object_id, "Confirm": False}
    folder: Json = {"Identity": path(who, grant.folder), "Confirm": False}
    match grant.kind:
        case GrantKind.MAILBOX:
            given: Json = {"User": handle, "AccessRights": list(grant.rights)}
            return "Add-MailboxPermission", where | given | _inheritance(grant)
        case GrantKind.SEND_AS:
            given = {"Trustee": handle, "AccessRights": ["SendAs"]}
            return "Add-RecipientPermission", where | given
        case GrantKind.SEND_ON_BEHALF:
            return "Set-Mailbox", _on_behalf(who, add=handle)
        case GrantKind.FOLDER:
            verb = "Set" if handle in EVERYBODY else "Add"
            given = {"User": handle, "AccessRights": list(grant.rights)}
            flags = {"SharingPermissionFlags": ", ".join(grant.flags)} if grant.flags else {}
            return f"{verb}-MailboxFolderPermission", folder | given | flags
        case GrantKind.PUBLICATION:
            searchable = "Searchable" in grant.flags
            given = {"DetailLevel": grant.rights[0], "SearchableUrlEnabled": searchable}
            return "Set-MailboxCalendarFolder", folder | given | {"PublishEnabled": True}


def _inheritance(grant: Grant) -> Json:
    return {"InheritanceType": grant.inheritance} if grant.inheritance else {}


def _on_behalf(who: Who, **change: str) -> Json:
    """Add or remove one; the list as a whole would overwrite what others set meanwhile."""
    if not all(change.values()):
        raise Defect("Send-on-behalf needs somebody to give it to or take it from")
    table = {"@odata.type": _TABLE, **change}
    return {"Identity": who.object_id, "GrantSendOnBehalfTo": table}
