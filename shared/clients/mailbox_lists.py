"""All mailboxes of the organisation, page by page, as far as their settings are swept.

A setting that an answer lacks is unknown (`None`), never "off".
"""

from __future__ import annotations

import re
from typing import Final

from shared.clients.auditing import LOGONS, words
from shared.clients.exchange import Exchange, read_time, smtp
from shared.clients.graph import Page
from shared.model import Json, ObjectId, Upn, Utc, Value

_SPAN: Final = re.compile(r"(?:(\d+)\.)?(\d{2}):(\d{2}):(\d{2})(?:\.\d+)?")
"""A span of time as Exchange prints it: days, hours, minutes, seconds."""


class Box(Value):
    """A mailbox, and what of it can be set."""

    object_id: ObjectId
    upn: Upn
    kind: str
    """Exchange's word for it: UserMailbox, SharedMailbox, RoomMailbox, ..."""
    created_at: Utc | None
    audited: bool | None
    default_set: tuple[str, ...]
    actions: dict[str, tuple[str, ...]]
    """What is audited of each logon type, chosen by Microsoft or by somebody."""
    kept_days: int | None
    """How long its own audit entries are kept, in whole days."""
    forwards_to_smtp: str | None
    forwards_to_recipient: str | None
    """The identity of a recipient; while there is one, the address beside it sleeps."""


class Doors(Value):
    """The old ways into one mailbox; `smtp_auth` follows the organisation where it is `None`."""

    object_id: ObjectId
    name: str
    smtp_auth: bool | None
    imap: bool | None
    pop: bool | None


class Unwritten(Value):
    """An account, and whether nothing it does is written down; `None` is unknown."""

    object_id: ObjectId
    name: str
    bypassed: bool | None


class MailboxLists:
    """Listings through Exchange, a page at a time; each gives the link to the page after."""

    def __init__(self, source: Exchange) -> None:
        self._exchange = source

    async def boxes(
        self, *, size: int, link: str | None = None
    ) -> tuple[tuple[Box, ...], str | None]:
        """Read one page of all mailboxes. Source: Get-Mailbox."""
        page = await self._exchange.page("Get-Mailbox", {}, size=size, link=link)
        return tuple(_box(item) for item in _named(page)), page.next

    async def doors(
        self, *, size: int, link: str | None = None
    ) -> tuple[tuple[Doors, ...], str | None]:
        """Read one page of what mailboxes can be opened with. Source: Get-CASMailbox."""
        page = await self._exchange.page("Get-CASMailbox", {}, size=size, link=link)
        return tuple(_doors(item) for item in _named(page)), page.next

    async def unwritten(
        self, *, size: int, link: str | None = None
    ) -> tuple[tuple[Unwritten, ...], str | None]:
        """Read one page of all accounts, bypassed or not: Exchange cannot list only those that are.

        Source: Get-MailboxAuditBypassAssociation.
        """
        page = await self._exchange.page(
            "Get-MailboxAuditBypassAssociation", {}, size=size, link=link
        )
        found = tuple(
            Unwritten(
                object_id=_id(item),
                name=_name(item),
                bypassed=_flag(item, "AuditBypassEnabled"),
            )
            for item in page.items
        )
        return found, page.next


def _named(page: Page) -> list[Json]:
    """Leave out what belongs to no account, such as the organisation's own system mailboxes."""
    return [item for item in page.items if item.get("ExternalDirectoryObjectId")]


def _box(item: Json) -> Box:
    forwards = item.get("ForwardingSmtpAddress")
    return Box(
        object_id=_id(item),
        upn=Upn(str(item.get("UserPrincipalName") or _name(item))),
        kind=str(item.get("RecipientTypeDetails") or ""),
        created_at=read_time(item.get("WhenMailboxCreated")),
        audited=_flag(item, "AuditEnabled"),
        default_set=tuple(logon for logon in LOGONS if logon in words(item, "DefaultAuditSet")),
        actions={logon: words(item, f"Audit{logon}") for logon in LOGONS},
        kept_days=_days(item.get("AuditLogAgeLimit")),
        forwards_to_smtp=smtp(str(forwards)) if forwards else None,
        forwards_to_recipient=item.get("ForwardingAddress") or None,
    )


def _doors(item: Json) -> Doors:
    shut = _flag(item, "SmtpClientAuthenticationDisabled")
    return Doors(
        object_id=_id(item),
        name=_name(item),
        smtp_auth=None if shut is None else not shut,
        imap=_flag(item, "ImapEnabled"),
        pop=_flag(item, "PopEnabled"),
    )


def _id(item: Json) -> ObjectId:
    return ObjectId(
        str(item.get("ExternalDirectoryObjectId") or item.get("ObjectId") or item.get("Guid") or "")
    )


def _name(item: Json) -> str:
    return str(item.get("Name") or item.get("Identity") or "")


def _flag(item: Json, name: str) -> bool | None:
    value = item.get(name)
    return value if isinstance(value, bool) else None


def _days(text: object) -> int | None:
    found = _SPAN.fullmatch(str(text))
    return int(found[1] or 0) if found else None
