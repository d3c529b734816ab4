"""Who else may use a mailbox: rights to all of it, to send from it, to a folder, or to the world.

Exchange keeps no time for any of them. Trustees are shown as it pleases each cmdlet (address,
alias, display name); only the object id behind a name is ever acted on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from contextlib import suppress
from typing import Any, Final

from shared.clients.exchange import Exchange, read_time
from shared.clients.grants import EVERYBODY, Grant, GrantKind, Trustee, giving, path, taking
from shared.errors import Gone
from shared.model import Json, Who

_AT_ONCE: Final = 4
"""Cmdlets at a time: Exchange publishes no limit, and more than a few are slowed down."""
_WATCHED: Final = (
    "Root",
    "Inbox",
    "SentItems",
    "DeletedItems",
    "Archive",
    "Calendar",
)
"""Types of the folders that are looked at; those that people make are not."""
_SYSTEM: Final = "NT AUTHORITY\\"
_PUBLISHED_USER: Final = "ExchangePublishedUser."


class MailboxAccess:
    """The rights that others have to a mailbox."""

    def __init__(self, source: Exchange) -> None:
        self._exchange = source

    async def grants(self, who: Who) -> tuple[Grant, ...]:
        """List what others may do; the owner's own rights and inherited ones are left out.

        Source: Get-MailboxPermission, Get-RecipientPermission, Get-Mailbox,
        Get-MailboxFolderStatistics, Get-MailboxFolderPermission, Get-MailboxCalendarFolder.
        """
        some = asyncio.Semaphore(_AT_ONCE)
        folders = await self._folders(who)
        found = await _all(
            some,
            [
                self._mailbox(who),
                self._senders(who),
                self._on_behalf(who),
                *(self._folder(who, kind, folder) for kind, folder in folders),
                *(self._published(who, folder) for kind, folder in folders if kind == "Calendar"),
            ],
        )
        return tuple(grant for part in found for grant in part)

    async def trustees(self, who: Who, names: Iterable[str]) -> dict[str, Trustee]:
        """Find out who is behind names; one that means nobody, or several, stays unknown.

        Source: Get-Recipient.
        """
        wanted = set(names)
        some = asyncio.Semaphore(_AT_ONCE)
        found = await _all(
            some, [self._trustee(who, name) for name in sorted(wanted - set(EVERYBODY))]
        )
        everybody = [Trustee(name=name) for name in EVERYBODY if name in wanted]
        return {trustee.name: trustee for trustee in (*found, *everybody)}

    async def remove(self, who: Who, grant: Grant, handle: str) -> None:
        """Take a right from the trustee that `handle` names. That it is gone already is fine.

        Source: Remove-MailboxPermission, Remove-RecipientPermission, Set-Mailbox,
        Remove-/Set-MailboxFolderPermission, Set-MailboxCalendarFolder.
        """
        with suppress(Gone):
            await self._exchange.run(*taking(who, grant, handle), who)

    async def add(self, who: Who, grant: Grant, handle: str) -> None:
        """Give a right again as it was. Raises `Gone` where the trustee no longer exists.

        Whether the trustee's Outlook opened the mailbox by itself cannot be read; it will, as is
        Exchange's default. Source: Add-MailboxPermission, Add-RecipientPermission, Set-Mailbox,
        Add-/Set-MailboxFolderPermission, Set-MailboxCalendarFolder.
        """
        await self._exchange.run(*giving(who, grant, handle), who)

    async def _mailbox(self, who: Who) -> list[Grant]:
        items = await self._exchange.run("Get-MailboxPermission", {"Identity": who.object_id}, who)
        return [
            Grant(
                kind=GrantKind.MAILBOX,
                trustee=str(item["User"]),
                rights=_list(item.get("AccessRights")),
                inheritance=item.get("InheritanceType") or None,
            )
            for item in items
            if _given(item, str(item.get("User"))) and not item.get("Deny")
        ]

    async def _senders(self, who: Who) -> list[Grant]:
        items = await self._exchange.run(
            "Get-RecipientPermission", {"Identity": who.object_id}, who
        )
        return [
            Grant(kind=GrantKind.SEND_AS, trustee=str(item["Trustee"]), rights=("SendAs",))
            for item in items
            if _given(item, str(item.get("Trustee"))) and item.get("AccessControlType") != "Deny"
        ]

    async def _on_behalf(self, who: Who) -> list[Grant]:
        items = await self._exchange.run("Get-Mailbox", {"Identity": who.object_id}, who)
        if len(items) != 1:
            raise Gone(f"{len(items)} mailboxes belong to the account; need exactly one")
        return [
            Grant(kind=GrantKind.SEND_ON_BEHALF, trustee=name, rights=("SendOnBehalf",))
            for name in _list(items[0].get("GrantSendOnBehalfTo"))
        ]

    async def _folders(self, who: Who) -> list[tuple[str, str]]:
        """Find the watched folders, type and path; their names are in the owner's language."""
        items = await self._exchange.run(
            "Get-MailboxFolderStatistics", {"Identity": who.object_id}, who
        )
        return [
            (kind, "" if kind == "Root" else str(item["FolderPath"]).lstrip("/"))
            for item in items
            if (kind := str(item.get("FolderType"))) in _WATCHED
        ]

    async def _folder(self, who: Who, kind: str, folder: str) -> list[Grant]:
        items = await self._exchange.run(
            "Get-MailboxFolderPermission", {"Identity": path(who, folder)}, who
        )
        return [
            Grant(
                kind=GrantKind.FOLDER,
                trustee=str(item["User"]),
                rights=_list(item.get("AccessRights")),
                folder=folder,
                folder_type=kind,
                flags=_list(item.get("SharingPermissionFlags")),
            )
            for item in items
        ]

    async def _published(self, who: Who, folder: str) -> list[Grant]:
        items = await self._exchange.run(
            "Get-MailboxCalendarFolder", {"Identity": path(who, folder)}, who
        )
        return [
            Grant(
                kind=GrantKind.PUBLICATION,
                trustee="Anonymous",
                rights=(str(item.get("DetailLevel") or "unknown"),),
                folder=folder,
                folder_type="Calendar",
                flags=("Searchable",) if item.get("SearchableUrlEnabled") else (),
            )
            for item in items
            if item.get("PublishEnabled")
        ]

    async def _trustee(self, who: Who, name: str) -> Trustee:
        if name.startswith(_PUBLISHED_USER):
            return Trustee(name=name, address=name.removeprefix(_PUBLISHED_USER).lower())
        try:
            found = await self._exchange.run("Get-Recipient", {"Identity": name}, who)
        except Gone:
            found = []
        if len(found) != 1:
            return Trustee(name=name)
        address = found[0].get("ExternalEmailAddress") or found[0].get("PrimarySmtpAddress")
        return Trustee(
            name=name,
            id=found[0].get("ExternalDirectoryObjectId") or None,
            address=str(address).rpartition(":")[2].lower() if address else None,
            created_at=read_time(found[0].get("WhenCreatedUTC")),
        )


async def _all[T](some: asyncio.Semaphore, asked: Iterable[Awaitable[T]]) -> list[T]:
    async def one(answer: Awaitable[T]) -> T:
        async with some:
            return await answer

    # None is left running behind an error: whatever is read, is read before the plan ends.
    found = await asyncio.gather(*(one(answer) for answer in asked), return_exceptions=True)
    return [_or_raise(answer) for answer in found]


def _or_raise[T](answer: T | BaseException) -> T:
    if isinstance(answer, BaseException):
        raise answer
    return answer


def _given(item: Json, trustee: str) -> bool:
    return not item.get("IsInherited") and not trustee.upper().startswith(_SYSTEM)


def _list(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",")]
    return tuple(str(part) for part in value or () if str(part) != "None")
