"""What a mailbox is besides its rules: who else may use it, by which protocols, and who watches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

DEFAULT: Final = "Default"
ANONYMOUS: Final = "Anonymous"
EVERYBODY: Final = (DEFAULT, ANONYMOUS)
LOGONS: Final = ("Admin", "Delegate", "Owner")

_ENGLISH: Final = (
    ("Root", "Top of Information Store"),
    ("Inbox", "Inbox"),
    ("SentItems", "Sent Items"),
    ("DeletedItems", "Deleted Items"),
    ("Archive", "Archive"),
    ("Calendar", "Calendar"),
)
_GERMAN: Final = (
    ("Root", "Oberste Ebene des Informationsspeichers"),
    ("Inbox", "Posteingang"),
    ("SentItems", "Gesendete Elemente"),
    ("DeletedItems", "Gelöschte Elemente"),
    ("Archive", "Archiv"),
    ("Calendar", "Kalender"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ace:
    """A right to the whole mailbox. `trustee` is an object id."""

    trustee: str
    rights: tuple[str, ...] = ("FullAccess",)
    inheritance: str = "All"
    deny: bool = False
    auto_mapping: bool = True
    """Whether the trustee's Outlook opens it by itself; no cmdlet shows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderEntry:
    """A right to one folder, by the folder's type.

    `trustee` is an object id, an address of another organisation or one of `EVERYBODY`.
    """

    folder: str
    trustee: str
    rights: tuple[str, ...]
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """Who else may use a mailbox. All of it is kept in one order, whatever was granted when."""

    aces: tuple[Ace, ...] = ()
    send_as: tuple[str, ...] = ()
    send_on_behalf: tuple[str, ...] = ()
    folders: tuple[FolderEntry, ...] = ()
    published: bool = False
    detail: str = "AvailabilityOnly"
    searchable: bool = False

    def with_(self, **changes: Any) -> Delegation:
        """Change it and keep the order."""
        made = replace(self, **changes)
        return replace(
            made,
            aces=tuple(sorted(made.aces, key=lambda ace: (ace.trustee, ace.deny))),
            send_as=tuple(sorted(made.send_as)),
            send_on_behalf=tuple(sorted(made.send_on_behalf)),
            folders=tuple(sorted(made.folders, key=lambda entry: (entry.folder, entry.trustee))),
        )

    def entry(self, folder: str, trustee: str) -> FolderEntry | None:
        """Find the entry of a trustee; those for everybody are always there."""
        for held in self.folders:
            if (held.folder, held.trustee) == (folder, trustee):
                return held
        if trustee in EVERYBODY:
            return FolderEntry(folder=folder, trustee=trustee, rights=preset(folder, trustee))
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocols:
    """Ways to a mailbox beside SMTP AUTH. `None` follows the organisation, which lets them in."""

    imap: bool = True
    pop: bool = True
    ews: bool | None = None
    active_sync: bool = True
    owa: bool = True
    mapi: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Auditing:
    """What is written down about a mailbox. `custom` are lists somebody chose, by logon type."""

    enabled: bool = True
    bypass: bool = False
    """Whether whatever this account does, anywhere, is written down nowhere."""
    custom: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    age_limit: str = "90.00:00:00"
    """How long entries are kept in the mailbox, as Exchange prints a span of time."""

    @property
    def default_set(self) -> tuple[str, ...]:
        """The logon types whose actions Microsoft chooses."""
        return tuple(logon for logon in LOGONS if logon not in self.custom)


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoReply:
    """The automatic reply of a mailbox; times are naive in UTC, as Graph shows them."""

    status: str = "disabled"
    audience: str = "all"
    internal: str = ""
    external: str = ""
    starts: str | None = None
    ends: str | None = None


def preset(folder: str, trustee: str) -> tuple[str, ...]:
    """Tell what everybody may do in a folder nobody has touched."""
    return ("AvailabilityOnly",) if (folder, trustee) == ("Calendar", DEFAULT) else ("None",)


def folders(language: str | None) -> tuple[tuple[str, str], ...]:
    """List the folders of a mailbox, type and name; names are in the owner's language."""
    return _GERMAN if (language or "").startswith("de") else _ENGLISH
