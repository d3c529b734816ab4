"""Stop a mailbox from forwarding its mail out of the organisation."""

from __future__ import annotations

import asyncio

from shared.clients import exchange, graph
from shared.clients.mailbox import Forwarding
from shared.clients.tenant import Tenant
from shared.errors import Refused
from shared.model import Case, Difference, Foothold, Phase
from shared.responder import Change, Impact, Responder

_NOWHERE = Forwarding()


class ForwardingStopped(Change):
    """Both addresses and the keep-a-copy flag as found, and where the mail went."""

    was: Forwarding
    outside: tuple[str, ...]

    def summary(self) -> str:
        """Say what will be done."""
        return f"Stop forwarding all mail to {', '.join(dict.fromkeys(self.outside))}"

    def differences(self) -> tuple[Difference, ...]:
        """List the settings that are cleared."""
        settings = (
            ("Forwarding to a recipient", self.was.to_recipient),
            ("Forwarding to an address", self.was.to_smtp),
        )
        return tuple(
            Difference(what=what, was=was, becomes="none") for what, was in settings if was
        )

    def footholds(self) -> tuple[Foothold, ...]:
        """Name each way out."""
        return tuple(
            Foothold(kind="forwarding", label=f"All mail is forwarded to {address}")
            for address in self.outside
        )


class StopForwarding(Responder[ForwardingStopped]):
    """Stop a mailbox from forwarding its mail out of the organisation.

    Both forwarding addresses are cleared in one call: while one is set the other sleeps, and
    clearing one alone would wake it. Forwarding inside the organisation is the owner's and stays.
    """

    phase = Phase.EVICT
    impact = Impact.SETTING
    techniques = frozenset({"T1114.003"})
    permissions = frozenset({exchange.MANAGE_AS_APP, graph.DOMAIN_READ_ALL})
    exchange_roles = frozenset({exchange.MAIL_RECIPIENTS})

    async def plan(self, case: Case, tenant: Tenant) -> ForwardingStopped | None:
        """Read the mailbox and see which of its forwarders leave the organisation."""
        who = case.account.who
        was, domains = await asyncio.gather(
            tenant.mailbox.forwarding(who), tenant.directory.domains()
        )
        if was.to_recipient is None and was.to_smtp is None:
            return None
        own = domains.verified
        outside = []
        if was.to_recipient is not None:
            address = await tenant.mailbox.recipient_address(who, was.to_recipient)
            # A recipient nobody can resolve is not known to be inside.
            if address is None or _domain(address) not in own:
                outside.append(address or was.to_recipient)
        if was.to_smtp is not None and _domain(was.to_smtp) not in own:
            outside.append(was.to_smtp.rpartition(":")[2])
        return ForwardingStopped(who=who, was=was, outside=tuple(outside)) if outside else None

    async def apply(self, change: ForwardingStopped, tenant: Tenant) -> None:
        """Clear both addresses in one call."""
        await tenant.mailbox.set_forwarding(change.who, _NOWHERE)

    async def undo(self, change: ForwardingStopped, tenant: Tenant) -> None:
        """Restore both addresses, unless somebody has set others since."""
        found = await tenant.mailbox.forwarding(change.who)
        if found == change.was:
            return
        if found.to_recipient or found.to_smtp:
            raise Refused("The forwarding was changed since; it was left as it is now")
        await tenant.mailbox.set_forwarding(change.who, change.was)


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
