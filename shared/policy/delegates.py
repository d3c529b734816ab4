"""Judge a right that somebody else has to a mailbox: is it the intruder's? Pure; score and reasons.

Exchange does not say when a right was given, so what tells is who has it and what it opens. A
colleague who may use the mailbox is what delegation is for; somebody outside, the whole world, or
an account that did not exist before the intruder came, is not. What is neither is for a person.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from shared.clients.grants import EVERYBODY, Grant, GrantKind, Trustee
from shared.policy.scored import Scored

_LOOKS: Final = frozenset({"AvailabilityOnly", "LimitedDetails", "FolderVisible"})
"""Rights that show when somebody is busy, or that a folder is there, and nothing in it."""
_READS: Final = frozenset({"Reviewer", "ReadItems", "NonEditingAuthor"})
"""Rights to a calendar that are often given to the whole organisation."""
_POWER: Final = {
    GrantKind.MAILBOX: (15, "opens the whole mailbox"),
    GrantKind.SEND_AS: (15, "sends mail in the owner's name"),
    GrantKind.SEND_ON_BEHALF: (10, "sends mail on the owner's behalf"),
}
_DETAIL: Final = {"AvailabilityOnly": 10, "LimitedDetails": 30}
_DELETED: Final = ("S-1-5-21-", "NT:S-1-5-21-")
"""What is printed of a trustee whose account was deleted."""


class JudgedGrant(Scored):
    """A right, who has it, its score (0 and up) and why."""

    grant: Grant
    trustee: Trustee


def ordinary(grant: Grant) -> bool:
    """Tell rights that every mailbox has: everybody sees when the owner is busy, and no more."""
    return grant.kind is GrantKind.FOLDER and not set(grant.rights) - _LOOKS


def judge(
    grant: Grant, trustee: Trustee, *, since: datetime, own_domains: frozenset[str]
) -> JudgedGrant:
    """Score a right. `since` is when the compromise began; domains are in lower case."""
    if grant.kind is GrantKind.PUBLICATION:
        traits = [_published(grant)]
    elif grant.trustee in EVERYBODY:
        traits = [_everybody(grant)]
    else:
        traits = [
            _new(trustee, since),
            _outside(trustee, own_domains),
            _unknown(trustee),
            _power(grant),
        ]
    found = [(points, reason) for points, reason in traits if points]
    return JudgedGrant(
        grant=grant,
        trustee=trustee,
        score=sum(points for points, _ in found),
        reasons=tuple(reason for _, reason in found),
    )


def _published(grant: Grant) -> tuple[int, str]:
    detail = grant.rights[0]
    # A level that is not known is not known to be harmless.
    points = _DETAIL.get(detail, 60) + (20 if "Searchable" in grant.flags else 0)
    return points, f"anybody on the web can read the calendar ({detail})"


def _everybody(grant: Grant) -> tuple[int, str]:
    world = grant.trustee == "Anonymous"
    whom = "anybody on the internet" if world else "everybody in the organisation"
    if ordinary(grant):
        return 0, ""
    if grant.folder_type == "Calendar" and not world:
        only_reads = not set(grant.rights) - _READS - _LOOKS
        return (0 if only_reads else 30), f"{whom} can change the calendar"
    return 60, f"{whom} can open the folder"


def _new(trustee: Trustee, since: datetime) -> tuple[int, str]:
    made = trustee.created_at
    if made is None or made < since:
        return 0, ""
    return 60, f"was created at {made:%Y-%m-%d %H:%M} UTC, after the intruder came in"


def _outside(trustee: Trustee, own: frozenset[str]) -> tuple[int, str]:
    if trustee.address is None or trustee.address.rpartition("@")[2] in own:
        return 0, ""
    return 40, f"belongs to another organisation ({trustee.address})"


def _unknown(trustee: Trustee) -> tuple[int, str]:
    if trustee.id or trustee.address:
        return 0, ""
    if trustee.name.startswith(_DELETED):
        return 5, "belonged to an account that was deleted"
    return 25, "is no single recipient of the organisation"


def _power(grant: Grant) -> tuple[int, str]:
    if grant.kind is not GrantKind.FOLDER:
        return _POWER[grant.kind]
    if grant.folder_type == "Calendar" or ordinary(grant):
        return 0, ""
    return 15, "reads mail"
