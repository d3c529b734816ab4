"""Who an alert is about: identifiers checked strictly, placeholders and machines turned away.

Trust falls from object id over UPN and mailbox address to the Entra SID. A display name or a bare
account name is never an identifier. What does not pass is absent, not repaired: a repaired address
might be somebody else's.
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
_DOMAIN_SID: Final = re.compile(r"S-1-5-21-[0-9-]+")
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


def account(
    *,
    directory: str | None = None,
    upn: str | None = None,
    mailbox: str | None = None,
    sid: str | None = None,
) -> AccountRef | None:
    """Build a reference from what a carrier says, or `None` where nothing of it holds.

    `directory` is the object id as the carrier writes it; without one the SID is decoded.
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
    )
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
    )
