"""What is written down about a mailbox, and about what its owner does.

While the organisation audits by default, a mailbox's own switch is ignored but for one thing: under
some licences its entries reach the unified audit log only if the switch was set on by somebody, and
it can say on when nobody did.
Source: learn.microsoft.com/purview/audit-mailboxes.
"""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Final

from shared.clients.exchange import Exchange
from shared.errors import Defect, Gone
from shared.model import Json, Value, Who

LOGONS: Final = ("Admin", "Delegate", "Owner")
"""Who may act on a mailbox; Microsoft chooses what is audited of those in the default set."""


class Switch(StrEnum):
    """A switch of the whole organisation without which nothing is written down."""

    MAILBOXES = "auditing of mailboxes"
    UNIFIED_LOG = "unified audit log"


class Auditing(Value):
    """How a mailbox is audited. `chosen` are the actions of the logon types somebody chose for."""

    enabled: bool
    default_set: tuple[str, ...]
    chosen: dict[str, tuple[str, ...]]
    bypassed: bool
    """Whether nothing this account does, in any mailbox, is written down."""


_SETS: Final = {
    Switch.MAILBOXES: ("Set-OrganizationConfig", "AuditDisabled"),
    Switch.UNIFIED_LOG: ("Set-AdminAuditLogConfig", "UnifiedAuditLogIngestionEnabled"),
}
_SAYS_OFF: Final = frozenset({Switch.MAILBOXES})
"""Switches whose parameter says that it is off."""


class MailboxAuditing:
    """Mailbox auditing, through Exchange."""

    def __init__(self, source: Exchange) -> None:
        self._exchange = source

    async def of(self, who: Who) -> Auditing:
        """Read how a mailbox and its owner are audited. Raises `Gone` without a mailbox.

        Source: Get-Mailbox, Get-MailboxAuditBypassAssociation.
        """
        boxes, bypasses = await asyncio.gather(
            self._exchange.run("Get-Mailbox", {"Identity": who.object_id}, who),
            self._exchange.run(
                "Get-MailboxAuditBypassAssociation", {"Identity": who.object_id}, who
            ),
        )
        if len(boxes) != 1 or len(bypasses) != 1:
            raise Gone(f"{len(boxes)} mailboxes belong to the account; need exactly one")
        default_set = tuple(
            logon for logon in LOGONS if logon in words(boxes[0], "DefaultAuditSet")
        )
        return Auditing(
            enabled=_flag(boxes[0], "AuditEnabled"),
            default_set=default_set,
            chosen={
                logon: words(boxes[0], f"Audit{logon}")
                for logon in LOGONS
                if logon not in default_set
            },
            bypassed=_flag(bypasses[0], "AuditBypassEnabled"),
        )

    async def organisation_audits(self, who: Who | None = None) -> bool:
        """Whether anything is audited at all. Source: Get-OrganizationConfig."""
        found = await self._exchange.run("Get-OrganizationConfig", {}, who)
        if len(found) != 1:
            raise Defect("Exchange did not answer with one organisation")
        return not _flag(found[0], "AuditDisabled")

    async def reaches_the_log(self) -> bool:
        """Whether what is audited gets into the unified log. Source: Get-AdminAuditLogConfig."""
        found = await self._exchange.run("Get-AdminAuditLogConfig", {})
        if len(found) != 1:
            raise Defect("Exchange did not answer with one configuration of the audit log")
        return _flag(found[0], "UnifiedAuditLogIngestionEnabled")

    async def set_organisation(self, switch: Switch, *, on: bool) -> None:
        """Set a switch of the whole organisation. The unified log follows within an hour.

        Raises `Refused` where the organisation's settings were never customised.
        Source: Set-OrganizationConfig, Set-AdminAuditLogConfig; Enable-OrganizationCustomization.
        """
        cmdlet, wanted = _SETS[switch]
        await self._exchange.run(cmdlet, {wanted: on != (switch in _SAYS_OFF)})

    async def switch(self, who: Who, *, on: bool) -> None:
        """Set a mailbox's own switch. Source: Set-Mailbox."""
        await self._exchange.run(
            "Set-Mailbox", {"Identity": who.object_id, "AuditEnabled": on}, who
        )

    async def audit_all(self, who: Who) -> None:
        """Set the switch on and let Microsoft choose the actions of every logon type.

        Source: Set-Mailbox.
        """
        wanted: Json = {"AuditEnabled": True, "DefaultAuditSet": list(LOGONS)}
        await self._exchange.run("Set-Mailbox", {"Identity": who.object_id, **wanted}, who)

    async def restore(self, who: Who, was: Auditing) -> None:
        """Set the switch and choose the actions as they were. Source: Set-Mailbox."""
        chosen: Json = {f"Audit{logon}": list(actions) for logon, actions in was.chosen.items()}
        wanted: Json = {"Identity": who.object_id, "AuditEnabled": was.enabled, **chosen}
        await self._exchange.run("Set-Mailbox", wanted, who)

    async def bypass(self, who: Who, *, on: bool) -> None:
        """Let what an account does go unwritten, or no longer.

        Source: Set-MailboxAuditBypassAssociation.
        """
        parameters: Json = {"Identity": who.object_id, "AuditBypassEnabled": on}
        await self._exchange.run("Set-MailboxAuditBypassAssociation", parameters, who)


def _flag(item: Json, name: str) -> bool:
    value = item.get(name)
    if not isinstance(value, bool):
        # Unknown is not "off": whoever audits must not guess.
        raise Defect(f"Exchange answered without {name}")
    return value


def words(item: Json, name: str) -> tuple[str, ...]:
    """Read a property of several words, which Exchange gives as a list or as one text."""
    value = item.get(name)
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    return tuple(str(part) for part in value or ())
