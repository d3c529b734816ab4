"""Shut the old mail protocols, which ask for no second factor."""

from __future__ import annotations

from typing import Final

from shared.clients import exchange
from shared.clients.protocols import ALL_SHUT, Protocols
from shared.clients.tenant import Tenant
from shared.errors import Refused
from shared.model import Case, Difference, Foothold, Phase
from shared.responder import Change, Impact, Responder

_NAMES: Final = {"smtp_auth": "SMTP AUTH", "imap": "IMAP", "pop": "POP", "ews": "EWS"}
_STATES: Final = {True: "on", False: "off", None: "as the organisation has it"}


class LegacyMailBlocked(Change):
    """The protocols as found."""

    was: Protocols

    def summary(self) -> str:
        """Say what will be done."""
        return f"Shut {', '.join(name for name, _ in self._open())}"

    def differences(self) -> tuple[Difference, ...]:
        """List the protocols that are shut."""
        return tuple(
            Difference(what=name, was=_STATES[state], becomes="off") for name, state in self._open()
        )

    def footholds(self) -> tuple[Foothold, ...]:
        """Name the doors for a password, or an app password, alone."""
        return tuple(
            Foothold(kind="legacy_protocol", label=f"{name} takes a password alone")
            for name, _ in self._open()
        )

    def _open(self) -> list[tuple[str, bool | None]]:
        states = ((name, getattr(self.was, field)) for field, name in _NAMES.items())
        return [(name, state) for name, state in states if state is not False]


class BlockLegacyMail(Responder[LegacyMailBlocked]):
    """Shut the old mail protocols, which ask for no second factor.

    SMTP AUTH, IMAP, POP and EWS. App passwords, which outlive a reset and which no API lists or
    deletes, open nothing else. Exchange cannot say whether the intruder used them, so this is a
    precaution. Outlook, the web and phones (ActiveSync) sign in the modern way and go on.
    """

    phase = Phase.EVICT
    impact = Impact.SETTING
    techniques = frozenset({"T1078.004", "T1114.002"})
    permissions = frozenset({exchange.MANAGE_AS_APP})
    exchange_roles = frozenset({exchange.MAIL_RECIPIENTS})

    async def plan(self, case: Case, tenant: Tenant) -> LegacyMailBlocked | None:
        """Read which protocols are open; one that follows the organisation counts as open."""
        who = case.account.who
        was = await tenant.protocols.of(who)
        return None if was == ALL_SHUT else LegacyMailBlocked(who=who, was=was)

    async def apply(self, change: LegacyMailBlocked, tenant: Tenant) -> None:
        """Shut all of them in one call."""
        await tenant.protocols.set(change.who, ALL_SHUT)

    async def undo(self, change: LegacyMailBlocked, tenant: Tenant) -> None:
        """Open them as they were, unless somebody has changed them since."""
        now = await tenant.protocols.of(change.who)
        if now == change.was:
            return
        if now != ALL_SHUT:
            raise Refused("The mail protocols were changed since; they were left as they are now")
        await tenant.protocols.set(change.who, change.was)
