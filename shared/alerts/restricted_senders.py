"""Read the list of restricted senders, as Exchange Online prints it.

Whoever stands on it may not send: the restriction is the alert, and it is live. It carries no
severity, and a business system that relays through a mailbox ends there too: the policy sees
`unknown`.
Source: learn.microsoft.com/powershell/module/exchange/get-blockedsenderaddress
"""

from __future__ import annotations

from collections.abc import Iterable

from shared.alerts import identity
from shared.alerts.carrier import JsonCarrier, Reading, Recognised, guest_mark
from shared.alerts.payload import Record
from shared.alerts.text import name, notes
from shared.alerts.times import moment
from shared.errors import Undecodable
from shared.model import AlertDraft, AlertKind, Severity


class RestrictedSenders(JsonCarrier):
    """Read the list of restricted senders, as Exchange Online prints it."""

    envelope = "value"

    def read_one(self, item: Record) -> Iterable[Reading]:
        """Say who is restricted; the same sender restricted again later is another alert."""
        sender, since = item.text("SenderAddress"), item.text("CreatedDatetime")
        if not sender:
            raise Undecodable("not an entry of the list of restricted senders: no SenderAddress")
        account = identity.account(mailbox=sender)
        yield Recognised(
            draft=AlertDraft(
                native_id=name(sender.lower(), since),
                kind=AlertKind.OUTBOUND_SPAM,
                title="Sender put on the restricted list",
                severity=Severity.UNKNOWN,
                occurred_at=moment(since),
                account=account,
                evidence=notes(reason=item.text("Reason"), since=since) | guest_mark(account),
            )
        )
