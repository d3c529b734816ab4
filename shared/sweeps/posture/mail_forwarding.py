"""See which mailboxes forward their mail out of the organisation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar, Final

from shared.clients import exchange, graph
from shared.clients.mailbox_lists import Box
from shared.model import Json, ObjectId, Severity, Upn, Who
from shared.posture import Certainty, Finding
from shared.sweeps.parts import EXCHANGE, InParts, Part
from shared.sweeps.sweep import Look, Page

FORWARDING: Final = "external_forwarding"
_MAILBOXES: Final = 500
_RECIPIENTS: Final = 20
"""Recipients that are looked up in one read; the others wait in the cursor."""


async def _mailboxes(look: Look, at: Json) -> Page:
    """Read one page of mailboxes, after whom the page before still had to look up."""
    own = (await look.tenant.directory.domains()).verified
    left = list(at.get("left", ()))
    if left:
        return await _looked_up(look, at, own)
    boxes, link = await look.tenant.mailboxes.boxes(size=_MAILBOXES, link=at.get("link"))
    left = [[b.object_id, b.upn, b.forwards_to_recipient] for b in boxes if b.forwards_to_recipient]
    found = tuple(
        _finding(box.object_id, box.upn, box.forwards_to_smtp)
        for box in boxes
        if box.forwards_to_smtp and _outside(box.forwards_to_smtp, own) and not _sleeps(box)
    )
    more = bool(link or left)
    return Page(
        findings=found,
        subjects=len(boxes),
        calls=2,
        next={"link": link, "left": left} if more else None,
    )


async def _looked_up(look: Look, at: Json, own: frozenset[str]) -> Page:
    """Find out where the recipients are to whom mailboxes forward."""
    left = list(at["left"])
    findings = []
    for oid, upn, identity in left[:_RECIPIENTS]:
        who = Who(object_id=ObjectId(oid), upn=Upn(upn))
        address = await look.tenant.mailbox.recipient_address(who, identity)
        if address is None or _outside(address, own):
            findings.append(_finding(who.object_id, who.upn, address, recipient=identity))
    rest = left[_RECIPIENTS:]
    more = bool(rest or at["link"])
    return Page(
        findings=tuple(findings),
        calls=1 + min(len(left), _RECIPIENTS),
        next={"link": at["link"], "left": rest} if more else None,
    )


def _sleeps(box: Box) -> bool:
    """Whether the address is not in use: a recipient beside it wins, until it is cleared."""
    return box.forwards_to_recipient is not None


def _outside(address: str, own: frozenset[str]) -> bool:
    return address.rpartition("@")[2].lower() not in own


def _finding(oid: ObjectId, upn: str, address: str | None, *, recipient: str = "") -> Finding:
    to = address or f"the recipient “{recipient}”, whose address is not known"
    return Finding(
        kind=FORWARDING,
        subject=oid,
        account=oid,
        title=f"{upn} forwards all mail to {to}",
        severity=Severity.HIGH,
        weight=1.0,
        evidence={
            "account": upn,
            "to": address or "unknown",
            **({"recipient": recipient} if recipient else {}),
        },
        certainty=Certainty.UNKNOWN if address is None else Certainty.SEEN,
    )


class MailForwarding(InParts):
    """See which mailboxes forward their mail out of the organisation.

    Reads both forwarders of every mailbox: an address, and a recipient, which may be a contact
    whose mail goes elsewhere. Outside is whatever is no verified domain of the organisation. Rules
    of a mailbox that forward are the inbox_rules sweep's.
    """

    every = timedelta(days=1)
    budget = EXCHANGE
    calls_per_page = 1 + _RECIPIENTS
    kinds: ClassVar[Mapping[str, str]] = {
        FORWARDING: "Ask the owner; ask for it to be mended: stop_forwarding ends "
        "it; or accept it with a reason"
    }
    permissions = frozenset({exchange.MANAGE_AS_APP, graph.DOMAIN_READ_ALL})
    exchange_roles = frozenset({exchange.MAIL_RECIPIENTS})
    parts = (Part("mailboxes", frozenset({FORWARDING}), _mailboxes),)
