"""Switch the auditing of the whole organisation on again."""

from __future__ import annotations

import asyncio
from typing import Final

from shared.clients import exchange
from shared.clients.auditing import Switch
from shared.clients.tenant import Tenant
from shared.model import Case, Difference, Foothold, Phase, Value
from shared.responder import Change, Impact, Responder

_MEANS: Final = {
    Switch.MAILBOXES: "No mailbox of the organisation is audited",
    Switch.UNIFIED_LOG: "Nothing reaches the unified audit log, and no alert policy can fire",
}


class SwitchedOff(Value):
    """One switch of the organisation that was found off."""

    switch: Switch


class AuditingRestored(Change):
    """The switches that were off."""

    off: tuple[SwitchedOff, ...]

    choices = "off"

    def summary(self) -> str:
        """Say what will be done."""
        return f"Switch on for the whole organisation: {', '.join(o.switch for o in self.off)}"

    def differences(self) -> tuple[Difference, ...]:
        """List the switches."""
        return tuple(Difference(what=o.switch, was="off", becomes="on") for o in self.off)

    def footholds(self) -> tuple[Foothold, ...]:
        """Name the blindfold: whoever is not audited is not seen."""
        return tuple(Foothold(kind="auditing_off", label=_MEANS[o.switch]) for o in self.off)


class RestoreAuditing(Responder[AuditingRestored]):
    """Switch the auditing of the whole organisation on again.

    Two switches: the auditing of mailboxes, and whether anything reaches the unified audit log.
    Whoever switched one off wanted not to be seen: find out who, in the log until then. What was
    not written down meanwhile stays unknown, and the log takes up to an hour to begin.
    """

    phase = Phase.HARDEN
    impact = Impact.NONE
    organisation = True
    techniques = frozenset({"T1562.008"})
    permissions = frozenset({exchange.MANAGE_AS_APP})
    exchange_roles = frozenset(
        {exchange.AUDIT_LOGS, exchange.ORGANIZATION_CONFIGURATION, exchange.VIEW_ONLY_CONFIGURATION}
    )

    async def plan(self, case: Case, tenant: Tenant) -> AuditingRestored | None:
        """Read both switches."""
        audits, ingests = await asyncio.gather(
            tenant.auditing.organisation_audits(), tenant.auditing.reaches_the_log()
        )
        standing = {Switch.MAILBOXES: audits, Switch.UNIFIED_LOG: ingests}
        off = tuple(SwitchedOff(switch=switch) for switch, on in standing.items() if not on)
        return AuditingRestored(who=case.account.who, off=off) if off else None

    async def apply(self, change: AuditingRestored, tenant: Tenant) -> None:
        """Switch them on, one after the other."""
        for one in change.off:
            await tenant.auditing.set_organisation(one.switch, on=True)

    async def undo(self, change: AuditingRestored, tenant: Tenant) -> None:
        """Switch them off again, in the order that leaves this very step on record."""
        for one in reversed(change.off):
            await tenant.auditing.set_organisation(one.switch, on=False)
