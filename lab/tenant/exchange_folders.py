"""Rights to single folders, and calendars that are published on the web.

Folders are named in the owner's language and trustees by display name, which need not be unique.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from lab.tenant.answers import ExchangeRefusal
from lab.tenant.cmdlets import Output, Run, binding, cmdlet, not_found, recipient
from lab.tenant.exchange_access import ROLE, named, rights
from lab.tenant.mailbox_state import EVERYBODY, FolderEntry, folders, preset
from lab.tenant.state import Mailbox
from lab.tenant.world import World

_PUBLISHED_USER: Final = "ExchangePublishedUser."
_STORE: Final = "Microsoft.Exchange.Management.StoreTasks."
_ENTRY: Final = ("Identity", "User", "AccessRights", "SharingPermissionFlags", "Confirm")
_SEPARATOR: Final = ":\\"


@cmdlet("Get-MailboxFolderStatistics", role=ROLE, parameters=("Identity", "FolderScope"))
def get_mailbox_folder_statistics(run: Run) -> Output:
    """List the folders of a mailbox."""
    mailbox, scope = run.mailbox("Identity"), run.text("FolderScope")
    return [
        {
            "Name": name,
            "FolderPath": f"/{name}",
            "FolderType": kind,
            "Identity": f"{mailbox.alias}\\{name}",
        }
        for kind, name in _folders(run.world, mailbox)
        if scope in (None, "All", kind)
    ]


@cmdlet("Get-MailboxFolderPermission", role=ROLE, parameters=("Identity", "User"))
def get_mailbox_folder_permission(run: Run) -> Output:
    """List the rights to a folder; those of everybody are always there."""
    mailbox, kind, name = _folder(run)
    held = mailbox.delegation
    everybody = [held.entry(kind, trustee) for trustee in EVERYBODY]
    others = [e for e in held.folders if e.folder == kind and e.trustee not in EVERYBODY]
    return [
        {
            "Identity": f"{mailbox.alias}{_SEPARATOR}{name}",
            "FolderName": name,
            "User": _user(run.world, entry.trustee),
            "AccessRights": list(entry.rights),
            "SharingPermissionFlags": ", ".join(entry.flags) or None,
        }
        for entry in (*everybody, *others)
        if entry is not None
    ]


@cmdlet("Add-MailboxFolderPermission", role=ROLE, parameters=_ENTRY)
def add_mailbox_folder_permission(run: Run) -> Output:
    """Give a right to a folder to somebody who has none yet."""
    mailbox, kind, _ = _folder(run)
    trustee = _trustee(run)
    if mailbox.delegation.entry(kind, trustee):
        text = f"An existing permission entry was found for user: {run.text('User')}."
        raise ExchangeRefusal(400, f"{_STORE}UserAlreadyExistsInPermissionEntryException", text)
    return _put(run, mailbox, _entry(run, kind, trustee))


@cmdlet("Set-MailboxFolderPermission", role=ROLE, parameters=_ENTRY)
def set_mailbox_folder_permission(run: Run) -> Output:
    """Change a right to a folder that somebody, or everybody, has."""
    mailbox, kind, _ = _folder(run)
    trustee = _trustee(run)
    _must_be_there(run, mailbox, kind=kind, trustee=trustee)
    return _put(run, mailbox, _entry(run, kind, trustee))


@cmdlet("Remove-MailboxFolderPermission", role=ROLE, parameters=("Identity", "User", "Confirm"))
def remove_mailbox_folder_permission(run: Run) -> Output:
    """Take all rights to a folder from somebody."""
    mailbox, kind, _ = _folder(run)
    trustee = _trustee(run)
    if trustee in EVERYBODY:
        text = f"The permission entry of {trustee} can't be removed; set its rights to None."
        raise ExchangeRefusal(400, f"{_STORE}CannotRemoveSpecialUserException", text)
    _must_be_there(run, mailbox, kind=kind, trustee=trustee)
    return _put(run, mailbox, FolderEntry(folder=kind, trustee=trustee, rights=()))


@cmdlet("Get-MailboxCalendarFolder", role=ROLE, parameters=("Identity",))
def get_mailbox_calendar_folder(run: Run) -> Output:
    """Show whether a calendar is published, and how much of it."""
    mailbox, _, name = _folder(run)
    held = mailbox.delegation
    address = f"https://outlook.office365.com/owa/calendar/{mailbox.guid}/calendar.html"
    return [
        {
            "Identity": f"{mailbox.alias}{_SEPARATOR}{name}",
            "PublishEnabled": held.published,
            "DetailLevel": held.detail,
            "SearchableUrlEnabled": held.searchable,
            "PublishedCalendarUrl": address if held.published else None,
        }
    ]


@cmdlet(
    "Set-MailboxCalendarFolder",
    role=ROLE,
    parameters=("Identity", "PublishEnabled", "DetailLevel", "SearchableUrlEnabled", "Confirm"),
)
def set_mailbox_calendar_folder(run: Run) -> Output:
    """Publish a calendar, or no longer."""
    mailbox, _, name = _folder(run)
    held = mailbox.delegation
    changed = replace(
        held,
        published=run.switch("PublishEnabled") if run.asked("PublishEnabled") else held.published,
        detail=run.text("DetailLevel") or held.detail,
        searchable=(
            run.switch("SearchableUrlEnabled")
            if run.asked("SearchableUrlEnabled")
            else held.searchable
        ),
    )
    run.world.change_mailbox(mailbox.oid, delegation=changed)
    run.wrote(mailbox.oid, f"{name}: {'published' if changed.published else 'not published'}")
    return []


def _folders(world: World, mailbox: Mailbox) -> tuple[tuple[str, str], ...]:
    return folders(world.state.users[mailbox.oid].language)


def _folder(run: Run) -> tuple[Mailbox, str, str]:
    """Find mailbox and folder, type and name: mailbox, colon, backslash, path."""
    identity = run.text("Identity") or ""
    owner, separator, path = identity.partition(_SEPARATOR)
    found = recipient(run.world, owner).mailbox
    if found is None or not separator:
        raise not_found(identity)
    for kind, name in _folders(run.world, found):
        if path.casefold() == name.casefold() or (kind == "Root" and not path):
            return found, kind, name
    raise not_found(identity)


def _trustee(run: Run) -> str:
    name = run.text("User") or ""
    for special in EVERYBODY:
        if name.casefold() == special.casefold():
            return special
    if name.startswith(_PUBLISHED_USER):
        return name.removeprefix(_PUBLISHED_USER)
    return recipient(run.world, name).id


def _user(world: World, trustee: str) -> str:
    if trustee in EVERYBODY:
        return trustee
    if "@" in trustee:
        return f"{_PUBLISHED_USER}{trustee}"
    user = world.state.users.get(trustee)
    return user.display_name if user else f"NT:{named(world, trustee)}"


def _entry(run: Run, kind: str, trustee: str) -> FolderEntry:
    given = run.text("SharingPermissionFlags")
    if given and kind != "Calendar":
        raise binding("SharingPermissionFlags is for calendars only.")
    flags = tuple(flag.strip() for flag in (given or "").split(",") if flag.strip())
    return FolderEntry(folder=kind, trustee=trustee, rights=rights(run), flags=flags)


def _must_be_there(run: Run, mailbox: Mailbox, *, kind: str, trustee: str) -> None:
    if mailbox.delegation.entry(kind, trustee) is None:
        text = f"There is no existing permission entry found for user: {run.text('User')}."
        raise ExchangeRefusal(400, f"{_STORE}UserNotFoundInPermissionEntryException", text)


def _put(run: Run, mailbox: Mailbox, entry: FolderEntry) -> Output:
    held = mailbox.delegation
    where = (entry.folder, entry.trustee)
    others = [e for e in held.folders if (e.folder, e.trustee) != where]
    as_it_comes = entry.trustee in EVERYBODY and entry.rights == preset(*where)
    if entry.rights and not as_it_comes:
        others.append(entry)
    run.world.change_mailbox(mailbox.oid, delegation=held.with_(folders=tuple(others)))
    said = ", ".join(entry.rights) or "no right"
    run.wrote(mailbox.oid, f"{entry.folder}: {said} for {entry.trustee}")
    return []
