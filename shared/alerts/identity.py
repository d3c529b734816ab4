"""Who an alert is about: identifiers checked strictly, placeholders and machines turned away.

Trust falls from object id over UPN, mailbox address and Entra SID to what is known on premises: the
SID there and the Windows name, which count if the directory has exactly one such account. A display
name or a bare account name is never an identifier. What does not pass is absent, not repaired: a
repaired address might be somebody else's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from shared.model import AccountRef, ObjectId, Upn

_GUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_WORD: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS: Final = re.compile(
    rf"(?P<local>{_WORD}(?:\.{_WORD})*)@(?P<domain>(?:{_LABEL}\.)+(?:[A-Za-z]{{2,63}}|xn--{_LABEL}))"
)
_LONGEST: Final = 254
"""Octets of an address: RFC 5321, 4.5.3.1.3. A UPN is shorter still."""
_ENTRA_SID: Final = re.compile(r"S-1-12-1-([0-9]{1,10})-([0-9]{1,10})-([0-9]{1,10})-([0-9]{1,10})")
_DOMAIN_SID: Final = re.compile(r"S-1-5-21(?:-[0-9]{1,10}){3}-([0-9]{1,10})")
_FIRST_PERSON: Final = 1_000
"""Relative ids below it belong to accounts that every domain and machine has: Administrator, ..."""
_WINDOWS_NAME: Final = re.compile(
    rf"(?P<domain>{_LABEL}(?:\.{_LABEL})*)\\(?P<name>[A-Za-z0-9!#%&'()._{{}}~^`$-]{{1,20}})"
)
"""Source: learn.microsoft.com/windows/win32/adschema/a-samaccountname. Spaces are left out."""
_LOCAL: Final = frozenset({"azuread", "builtin", "localhost", "system", "workgroup"})
"""Words in the place of a domain that name none."""
_PLACEHOLDERS: Final = frozenset(
    {"anonymized", "anonymised", "redacted", "string", "notavailable", "not-available", "unknown"}
)


def object_id(value: str | None) -> ObjectId | None:
    """Read a directory object id: a GUID, lower-cased; the empty GUID names nobody."""
    text = (value or "").strip().lower()
    if not _GUID.fullmatch(text) or not UUID(text).int:
        return None
    return ObjectId(text)


def address(value: str | None) -> str | None:
    """Read a mail address or user principal name, case kept, or `None`.

    ASCII only: Entra allows no other letters in a UPN, and look-alikes must not pass. Guests'
    `name_home.example#EXT#@tenant` passes; `urn:spo:guest#name@example.com` has a colon.
    """
    text = (value or "").strip()
    match = _ADDRESS.fullmatch(text) if len(text) <= _LONGEST else None
    if not match:
        return None
    first = match["domain"].partition(".")[0]
    if {match["local"].lower(), first.lower()} & _PLACEHOLDERS:
        return None
    return text


def guest(upn: str | None) -> bool:
    """Whether a UPN says that its owner's home is another tenant."""
    return "#ext#@" in (upn or "").lower()


def decoded(sid: str | None) -> ObjectId | None:
    """Decode an Entra SID: `S-1-12-1-` and the object id as four little-endian 32-bit numbers.

    >>> decoded("S-1-12-1-1943430372-1249052806-2496021943-3034400218")
    '73d664e4-0886-4a73-b745-c694da45ddb4'
    """
    match = _ENTRA_SID.fullmatch((sid or "").strip().upper())
    parts = [int(part) for part in match.groups()] if match else []
    if not parts or max(parts) >= 1 << 32:
        return None
    raw = b"".join(part.to_bytes(4, "little") for part in parts)
    return object_id(str(UUID(bytes_le=raw)))


def machine(sid: str | None) -> bool:
    """Whether a SID is a built-in one (SYSTEM, a local service, a group), so nobody's account."""
    text = (sid or "").strip().upper()
    return text.startswith("S-1-5-") and not _DOMAIN_SID.fullmatch(text)


def on_premises(sid: str | None) -> str | None:
    """Read the SID of a person's account in Active Directory; built-in accounts are nobody's."""
    text = (sid or "").strip().upper()
    match = _DOMAIN_SID.fullmatch(text)
    return text if match and int(match[1]) >= _FIRST_PERSON else None


def windows_name(value: str | None) -> str | None:
    r"""Read `DOMAIN\name`; machines, whose names end in `$`, and local accounts are nobody.

    >>> windows_name("CONTOSO\\jane.roe")
    'CONTOSO\\jane.roe'
    """
    match = _WINDOWS_NAME.fullmatch((value or "").strip())
    if not match or match["domain"].lower() in _LOCAL or match["name"].endswith("$"):
        return None
    if match["name"].lower() in _PLACEHOLDERS | {"system"}:
        return None
    return match[0]


def written(value: str | None) -> AccountRef | None:
    """Read a field that holds whichever identifier its sender has; a bare name is nobody."""
    if value and "@" in value:
        return account(upn=value)
    return account(on_windows=value) if value and "\\" in value else account(directory=value)


def named(name: str | None, *, domain: str | None) -> AccountRef | None:
    """Read a user's name, whole or with the domain beside it."""
    return written(name) or account(on_windows=windows(domain, name))


def windows(domain: str | None, name: str | None) -> str | None:
    """Put the two halves of a Windows name together, where both are there."""
    return f"{domain}\\{name}" if domain and name else None


def account(
    *,
    directory: str | None = None,
    upn: str | None = None,
    mailbox: str | None = None,
    sid: str | None = None,
    on_windows: str | None = None,
) -> AccountRef | None:
    """Build a reference from what a carrier says, or `None` where nothing of it holds.

    `directory` is the object id as the carrier writes it; without one the SID is decoded.
    `on_windows` is what `windows` puts together.
    """
    if machine(sid):
        return None
    entra = decoded(sid)
    checked_upn = address(upn)
    reference = AccountRef(
        object_id=object_id(directory) or entra,
        upn=Upn(checked_upn) if checked_upn else None,
        mailbox=address(mailbox),
        sid=(sid or "").strip().upper() if entra else None,
        on_premises_sid=on_premises(sid),
    )
    if reference.best is None and not any((directory, upn, mailbox)):
        # Beside a stronger name the weakest says nothing, and one that does not hold taints it.
        reference = AccountRef(windows_name=windows_name(on_windows))
    return reference if reference.best else None


def addresses(reference: AccountRef) -> set[str]:
    """Name the addresses of a reference, folded."""
    return {value.lower() for value in (reference.upn, reference.mailbox) if value}


def keys(reference: AccountRef) -> frozenset[tuple[str, str]]:
    """Name what two references to one account have in common; case does not tell people apart."""
    pairs = (
        ("object id", reference.object_id),
        ("upn", reference.upn),
        ("mailbox", reference.mailbox),
        ("on-premises sid", reference.on_premises_sid),
        ("windows name", reference.windows_name),
    )
    return frozenset((sort, value.lower()) for sort, value in pairs if value)


def distinct(references: Iterable[AccountRef]) -> list[AccountRef]:
    """Join references that share an identifier and have no two object ids between them."""
    found: list[AccountRef] = []
    places: dict[tuple[str, str], int] = {}
    # The fullest first, so that a bare address finds the object id it belongs to.
    for reference in sorted(references, key=lambda each: -len(keys(each))):
        shared = [places[key] for key in sorted(keys(reference)) if key in places]
        place = next((spot for spot in shared if _compatible(found[spot], reference)), None)
        if place is None:
            place = len(found)
            found.append(reference)
        else:
            found[place] = _joined(found[place], reference)
        for key in keys(found[place]):
            places.setdefault(key, place)
    return found


def _compatible(one: AccountRef, other: AccountRef) -> bool:
    return not (one.object_id and other.object_id) or one.object_id == other.object_id


def _joined(one: AccountRef, other: AccountRef) -> AccountRef:
    return AccountRef(
        object_id=one.object_id or other.object_id,
        upn=one.upn or other.upn,
        mailbox=one.mailbox or other.mailbox,
        sid=one.sid or other.sid,
        on_premises_sid=one.on_premises_sid or other.on_premises_sid,
        windows_name=one.windows_name or other.windows_name,
    )
