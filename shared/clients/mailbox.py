"""One mailbox's settings in Exchange Online that Graph does not have: rules, forwarders, its kind.

Graph shows no hidden rules and no forwarding. A mailbox is named by its owner's object id, never by
a name.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from shared.clients.exchange import Exchange, smtp
from shared.clients.inbox import InboxRule, RuleState
from shared.errors import Defect, Gone
from shared.model import Json, MailboxKind, Value, Who

_OURS: Final = ("Junk E-Mail Rule", "Microsoft.Exchange.OOF.", "Delegate Rule ")
"""Hidden rules that belong to Exchange itself; a delegate's cannot be disabled."""


class Forwarding(Value):
    """How a mailbox forwards all its mail; addresses as Exchange holds them."""

    to_recipient: str | None = None
    """`ForwardingAddress`: the identity of a recipient of this organisation, or of a contact."""
    to_smtp: str | None = None
    """`ForwardingSmtpAddress`: any address; sleeps while `ForwardingAddress` is set."""
    keeps_copy: bool = False


class MailboxSettings:
    """Rules, forwarders and kind of single mailboxes, through Exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def forwarding(self, who: Who) -> Forwarding:
        """Read both forwarders. Source: Get-Mailbox. Raises `Gone` without a mailbox."""
        found = await self._exchange.run("Get-Mailbox", {"Identity": who.object_id}, who)
        if len(found) != 1:
            raise Gone(f"{len(found)} mailboxes belong to the account; need exactly one")
        return Forwarding(
            to_recipient=found[0].get("ForwardingAddress") or None,
            to_smtp=found[0].get("ForwardingSmtpAddress") or None,
            keeps_copy=bool(found[0].get("DeliverToMailboxAndForward")),
        )

    async def set_forwarding(self, who: Who, wanted: Forwarding) -> None:
        """Write both forwarders in one call: clearing one alone would wake the other up.

        Source: Set-Mailbox.
        """
        parameters: Json = {
            "Identity": who.object_id,
            "ForwardingAddress": wanted.to_recipient,
            "ForwardingSmtpAddress": wanted.to_smtp,
            "DeliverToMailboxAndForward": wanted.keeps_copy,
        }
        await self._exchange.run("Set-Mailbox", parameters, who)

    async def recipient_address(self, who: Who, identity: str) -> str | None:
        """Look up where a recipient's mail goes, `None` where that is unknown.

        Source: Get-Recipient; of a mail contact it is the `ExternalEmailAddress`.
        """
        try:
            found = await self._exchange.run("Get-Recipient", {"Identity": identity}, who)
        except Gone:
            return None
        if len(found) != 1:
            return None
        address = found[0].get("ExternalEmailAddress") or found[0].get("PrimarySmtpAddress")
        return smtp(str(address)) if address else None

    async def kind(self, who: Who) -> MailboxKind | None:
        """Tell what kind of mailbox an account has; `None` where Exchange's word is not known.

        Source: Get-Recipient, `RecipientTypeDetails`.
        """
        try:
            found = await self._exchange.run("Get-Recipient", {"Identity": who.object_id}, who)
        except Gone:
            return MailboxKind.NONE
        word = str(found[0].get("RecipientTypeDetails") or "") if len(found) == 1 else ""
        if word.startswith("Remote") or word.endswith("MailUser"):
            return MailboxKind.ELSEWHERE
        if word == "SharedMailbox":
            return MailboxKind.SHARED
        return MailboxKind.OWN if word.endswith("Mailbox") else None

    async def rules(self, who: Who) -> tuple[InboxRule, ...]:
        """List all inbox rules, those that Graph and Outlook do not show marked as hidden.

        Source: Get-InboxRule with and without IncludeHidden; the difference is what hides.
        """
        mailbox = {"Mailbox": who.object_id}
        everything, visible = await asyncio.gather(
            self._exchange.run("Get-InboxRule", {**mailbox, "IncludeHidden": True}, who),
            self._exchange.run("Get-InboxRule", mailbox, who),
        )
        shown = {str(rule.get("Identity")) for rule in visible}
        return tuple(
            _rule(rule, hidden=str(rule.get("Identity")) not in shown)
            for rule in everything
            if not str(rule.get("Name", "")).startswith(_OURS)
        )

    async def set_rule_state(self, who: Who, rule: str, state: RuleState) -> None:
        """Switch one hidden rule on or off. Source: Disable-InboxRule, Enable-InboxRule.

        An empty identity would mean every rule of the mailbox, so it never reaches the cmdlet.
        """
        if not rule.strip():
            raise Defect("An inbox rule without an identity reached Exchange")
        cmdlet = "Enable-InboxRule" if state is RuleState.ENABLED else "Disable-InboxRule"
        parameters: Json = {"Identity": rule, "Mailbox": who.object_id, "Confirm": False}
        await self._exchange.run(cmdlet, parameters, who)


def _list(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _rule(item: Json, *, hidden: bool) -> InboxRule:
    words = [
        word
        for field, value in item.items()
        if field.endswith(("ContainsWords", "ContainsWord"))
        for word in _list(value)
    ]
    return InboxRule(
        id=str(item.get("Identity") or item.get("RuleIdentity") or ""),
        name=str(item.get("Name") or ""),
        enabled=bool(item.get("Enabled")),
        hidden=hidden,
        forwards_to=tuple(
            _address(to)
            for field in ("ForwardTo", "ForwardAsAttachmentTo", "RedirectTo")
            for to in _list(item.get(field))
        ),
        folder=item.get("MoveToFolder") or None,
        deletes=bool(item.get("DeleteMessage")),
        marks_read=bool(item.get("MarkAsRead")),
        stops=bool(item.get("StopProcessingRules")),
        words=tuple(words),
        conditional=bool(words or item.get("From") or item.get("FromAddressContainsWords")),
    )


def _address(recipient: str) -> str:
    """Take the address out of `"Name" [SMTP:a@b]`, as Exchange prints a rule's recipients."""
    inner = recipient.rpartition("[")[2].rstrip("]") if "[" in recipient else recipient
    return smtp(inner.strip().strip('"'))
