"""Remove what the intruder sent from the mailboxes of those who received it."""

from __future__ import annotations

import asyncio
from itertools import batched
from typing import Final

from shared.clients import analyzed_mail, sent
from shared.clients.analyzed_mail import MailCopy
from shared.clients.licences import Plan
from shared.clients.sent import SentMessage
from shared.clients.tenant import Tenant
from shared.errors import Refused, Transient
from shared.model import AccountKind, Case, Difference, Foothold, Phase, Utc, Value, number_of
from shared.policy.sent_mail import reasons
from shared.responder import Change, Impact, Responder

_MOST: Final = 200
"""Messages whose copies are looked up one by one; beyond that a person's one query is better."""
_AT_ONCE: Final = 4
_NOT_YET: Final = 300.0
"""Seconds until Defender is asked again for what the trace has and it has not."""


class PhishMessage(Value):
    """One message: to how many it went, and where its copies lie now. No address is kept."""

    id: str
    at: Utc
    subject: str
    recipients: int
    seen: int
    """Copies that lie in mailboxes of the organisation."""
    outside: int
    """Copies that nobody here can remove."""
    reasons: tuple[str, ...]


class SentPhishPurged(Change):
    """The intruder's messages that recipients can still open; `kept` may be the owner's."""

    choices = "messages"
    messages: tuple[PhishMessage, ...]
    kept: int

    def piece(self, item: PhishMessage) -> str:
        """Name a message by its id: how many can still open it falls while it is removed."""
        return item.id

    def summary(self) -> str:
        """Say what will be done."""
        copies = sum(message.seen for message in self.messages)
        return f"Remove {number_of(len(self.messages), 'sent message')} from {_mailboxes(copies)}"

    def differences(self) -> tuple[Difference, ...]:
        """List the messages, what nobody can recall, and what stays."""
        lines = [
            Difference(
                what=f"“{message.subject}” of {message.at:%Y-%m-%d %H:%M} UTC",
                was=f"in {_mailboxes(message.seen)}, {message.outside} outside",
                becomes="removed here; those outside have to be told",
            )
            for message in self.messages
        ]
        if self.kept:
            what = f"{number_of(self.kept, 'other message')} sent since the compromise"
            lines.append(Difference(what=what, was="sent", becomes="stay: may be the owner's"))
        return tuple(lines)

    def footholds(self) -> tuple[Foothold, ...]:
        """Name each message and why it is the intruder's."""
        return tuple(
            Foothold(kind="sent_phish", label=f"“{m.subject}”", reasons=m.reasons)
            for m in self.messages
        )


class PurgeSentPhish(Responder[SentPhishPurged]):
    """Remove what the intruder sent from the mailboxes of those who received it.

    Message trace says what was sent since the compromise, Defender for Office 365 (Plan 2) where
    the copies lie. What Defender takes for a threat, or what went to many, is the intruder's; the
    rest stays and is counted. Recipients elsewhere cannot be helped from here. Cannot be undone by
    this app: an administrator can restore single messages.
    """

    phase = Phase.EVICT
    hunts = True
    impact = Impact.NONE
    dated = True
    techniques = frozenset({"T1534", "T1566.002"})
    permissions = frozenset({sent.MESSAGE_TRACE_READ_ALL, analyzed_mail.ANALYZED_MAIL_WRITE_ALL})
    licences = frozenset({Plan.DEFENDER_OFFICE_P2})

    async def refuse(self, case: Case, tenant: Tenant) -> Refused | None:
        """Leave a guest's mail to the home tenant, which sends it."""
        if AccountKind.GUEST not in case.account.kinds:
            return None
        return Refused(
            "A guest's mail is sent by the home tenant and is mail from outside here",
            steps=(
                "Ask the guest's home organisation what the account sent",
                "Look for mail from this address in Threat Explorer, and remove it there",
            ),
        )

    async def plan(self, case: Case, tenant: Tenant) -> SentPhishPurged | None:
        """Trace what was sent since the compromise, and look up where each copy lies."""
        sender = case.account.mail or case.account.upn
        sent_since = await tenant.sent.by(sender, since=case.compromised_since)
        found = tuple(message for message in sent_since if not case.owners(message.at))
        if len(found) > _MOST:
            raise _too_many(sender, case, len(found))
        judged: list[PhishMessage] = []
        kept = unknown = 0
        for message, copies in await _with_copies(found, tenant):
            why = reasons(message, copies)
            kept += not why
            unknown += not copies
            if why and any(copy.seen for copy in copies):
                judged.append(_phish(message, copies, why))
        if not judged:
            _wait_for(unknown)
            return None
        return SentPhishPurged(who=case.account.who, messages=tuple(judged), kept=kept)

    async def apply(self, change: SentPhishPurged, tenant: Tenant) -> None:
        """Have every copy removed that still lies where its recipient finds it."""
        for message in change.messages:
            copies = await tenant.analyzed_mail.copies(message.id, sent_at=message.at)
            await tenant.analyzed_mail.remove(
                [copy for copy in copies if copy.seen],
                name=f"Firebreak: phish sent by {change.who.upn}",
                why="; ".join(message.reasons),
            )


async def _with_copies(
    found: tuple[SentMessage, ...], tenant: Tenant
) -> list[tuple[SentMessage, tuple[MailCopy, ...]]]:
    """Look up the copies of each message, a few messages side by side."""
    pairs: list[tuple[SentMessage, tuple[MailCopy, ...]]] = []
    for some in batched(found, _AT_ONCE, strict=False):
        copies = await asyncio.gather(
            *(tenant.analyzed_mail.copies(message.id, sent_at=message.at) for message in some)
        )
        pairs += zip(some, copies, strict=True)
    return pairs


def _phish(
    message: SentMessage, copies: tuple[MailCopy, ...], why: tuple[str, ...]
) -> PhishMessage:
    return PhishMessage(
        id=message.id,
        at=message.at,
        subject=message.subject,
        recipients=message.recipients,
        seen=sum(copy.seen for copy in copies),
        outside=sum(copy.outside for copy in copies),
        reasons=why,
    )


def _mailboxes(count: int) -> str:
    return number_of(count, "mailbox", "mailboxes")


def _wait_for(unknown: int) -> None:
    """Come back when nothing is left but messages that Defender has not seen yet."""
    if unknown:
        raise Transient(
            f"Defender does not know {number_of(unknown, 'sent message')} yet", retry_after=_NOT_YET
        )


def _too_many(sender: str, case: Case, count: int) -> Refused:
    return Refused(
        f"The account sent {count} messages since the compromise; that is one query for a person",
        steps=(
            f"Open Threat Explorer in Microsoft Defender and filter by sender address {sender}",
            f"Show what was delivered since {case.compromised_since:%Y-%m-%d %H:%M} UTC",
            "Select the intruder's messages and take the action soft delete",
        ),
    )
