"""Have everything written down that happens in the mailbox."""

from __future__ import annotations

import asyncio

from shared.clients import exchange
from shared.clients.auditing import LOGONS, Auditing
from shared.clients.tenant import Tenant
from shared.errors import Refused
from shared.model import Case, Difference, Foothold, Phase
from shared.responder import Change, Impact, Responder


class MailboxAuditEnabled(Change):
    """How the mailbox and its owner were audited."""

    was: Auditing

    def summary(self) -> str:
        """Say what will be done."""
        return "Audit the mailbox: " + ", ".join(line.what for line in self.differences())

    def differences(self) -> tuple[Difference, ...]:
        """List what is set."""
        lines = []
        if not self.was.enabled:
            lines.append(Difference(what="Auditing", was="off", becomes="on"))
        for logon, actions in self.was.chosen.items():
            was = ", ".join(actions) or "nothing"
            lines.append(
                Difference(what=f"Audited of {logon}", was=was, becomes="what Microsoft chooses")
            )
        if self.was.bypassed:
            lines.append(Difference(what="Bypass of all auditing", was="on", becomes="off"))
        return tuple(lines)

    def footholds(self) -> tuple[Foothold, ...]:
        """Name the blindfold: whoever is not audited is not seen."""
        if not self.was.bypassed:
            return ()
        label = "Nothing this account does is written down"
        return (Foothold(kind="audit_bypass", label=label),)


class EnableMailboxAudit(Responder[MailboxAuditEnabled]):
    """Have everything written down that happens in the mailbox.

    The switch is set on, the actions are Microsoft's default set, and the bypass that hides what an
    account does anywhere is lifted. A switch that says on already is set off and on again, because
    only one that somebody set counts under every licence; where nothing else is wrong it is left
    alone, as no reading tells the two apart.
    """

    phase = Phase.HARDEN
    impact = Impact.NONE
    techniques = frozenset({"T1562.008"})
    permissions = frozenset({exchange.MANAGE_AS_APP})
    exchange_roles = frozenset(
        {exchange.MAIL_RECIPIENTS, exchange.AUDIT_LOGS, exchange.VIEW_ONLY_CONFIGURATION}
    )

    async def plan(self, case: Case, tenant: Tenant) -> MailboxAuditEnabled | None:
        """Read all three settings; where the organisation audits nothing, none of them counts."""
        who = case.account.who
        was, audited = await asyncio.gather(
            tenant.auditing.of(who), tenant.auditing.organisation_audits(who)
        )
        if not audited:
            raise Refused(
                "Auditing is switched off for the whole organisation, so nothing about any mailbox "
                "is written down and this mailbox's own settings are ignored",
                steps=(
                    "Find out who switched it off: that is a step intruders take",
                    "Ask for restore_auditing: `firebreak harden` with the tenant's id",
                    "Run this again",
                ),
            )
        well = was.enabled and was.default_set == LOGONS and not was.bypassed
        return None if well else MailboxAuditEnabled(who=who, was=was)

    async def apply(self, change: MailboxAuditEnabled, tenant: Tenant) -> None:
        """Lift the bypass, then set switch and actions."""
        if change.was.bypassed:
            await tenant.auditing.bypass(change.who, on=False)
        if change.was.enabled:
            await tenant.auditing.switch(change.who, on=False)
        await tenant.auditing.audit_all(change.who)

    async def undo(self, change: MailboxAuditEnabled, tenant: Tenant) -> None:
        """Restore all three, unless somebody has chosen other actions since."""
        now = await tenant.auditing.of(change.who)
        if now == change.was:
            return
        if now.chosen and now.chosen != change.was.chosen:
            raise Refused(
                "Other actions were chosen to be audited since; they were left as they are"
            )
        await tenant.auditing.restore(change.who, change.was)
        if change.was.bypassed:
            await tenant.auditing.bypass(change.who, on=True)
