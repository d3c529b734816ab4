"""Disable the account in Active Directory, where the sync takes it from."""

from __future__ import annotations

from typing import Final

from shared.clients import domain_accounts
from shared.clients.answers import unlicensed
from shared.clients.domain_accounts import DomainAccount, DomainAccounts, DomainSignIn
from shared.clients.licences import Plan
from shared.clients.tenant import Tenant
from shared.errors import Denied, Gone, Refused, Unavailable
from shared.model import AccountKind, Case, Difference, Foothold, Phase, ResponderName
from shared.responder import Change, Impact, Responder

_BY_HAND: Final = (
    "Disable the account in Active Directory on premises (Disable-ADAccount)",
    "Start a sync (Start-ADSyncSyncCycle -PolicyType Delta)",
    "See in the Entra admin center that the account is disabled after it",
)
_OFF: Final = "Acting on premises through Defender for Identity is switched off"
_SETTLED: Final = frozenset({ResponderName("block_by_group")})


class DisabledOnPremises(Change):
    """The account in Active Directory, enabled (or unknown, `None`) as it was found."""

    was: DomainAccount

    def summary(self) -> str:
        """Say what will be done."""
        return f"Disable the account in Active Directory ({self.was.domain or 'unknown domain'})"

    def differences(self) -> tuple[Difference, ...]:
        """List the one property that changes."""
        was = {True: "allowed", False: "blocked", None: "unknown"}[self.was.enabled]
        return (Difference(what="Sign-in on premises", was=was, becomes="blocked"),)

    def footholds(self) -> tuple[Foothold, ...]:
        """Name what would open the account again."""
        label = "The directory sync, which enables what only the cloud has disabled"
        return (Foothold(kind="directory_sync", label=label),)


class DisableOnPremises(Responder[DisabledOnPremises]):
    """Disable the account in Active Directory, where the sync takes it from.

    Done by the sensor of Defender for Identity on a domain controller, where the policy switches
    it on; the next sync then disables the cloud's account instead of enabling it again. A change
    of password is not forced with it: Defender for Identity sets no new one, so whoever knows the
    old password would be let choose the next.
    """

    phase = Phase.CONTAIN
    impact = Impact.CANNOT_SIGN_IN
    techniques = frozenset({"T1078.002", "T1078.004"})
    permissions = frozenset(
        {
            domain_accounts.IDENTITY_ACCOUNT_READ_ALL,
            domain_accounts.IDENTITY_ACTION_WRITE_ALL,
        }
    )
    licences = frozenset({Plan.DEFENDER_IDENTITY})

    async def refuse(self, case: Case, tenant: Tenant) -> Refused | None:
        """Hand it to a person where nobody let us into Active Directory."""
        if AccountKind.SYNCED not in case.account.kinds or tenant.domain_accounts is not None:
            return None
        return _unavailable(_OFF)

    async def plan(self, case: Case, tenant: Tenant) -> DisabledOnPremises | None:
        """Read whether it is enabled on premises; there is nothing to do for one that is not."""
        if AccountKind.SYNCED not in case.account.kinds:
            return None
        found = await self._find(case, tenant)
        return (
            None if found.enabled is False else DisabledOnPremises(who=case.account.who, was=found)
        )

    async def apply(self, change: DisabledOnPremises, tenant: Tenant) -> None:
        """Ask the sensor to disable it."""
        await _reach(tenant).set_sign_in(change.was, DomainSignIn.BLOCKED)

    async def undo(self, change: DisabledOnPremises, tenant: Tenant) -> None:
        """Ask the sensor to enable it, where it was enabled."""
        if change.was.enabled is not False:
            await _reach(tenant).set_sign_in(change.was, DomainSignIn.ALLOWED)

    async def _find(self, case: Case, tenant: Tenant) -> DomainAccount:
        sid = case.account.on_premises_sid
        if sid is None:
            raise _refused("Nobody knows the account's security identifier on premises")
        try:
            return await _reach(tenant).find(sid)
        except Gone as error:
            raise _refused(str(error)) from error
        except Denied as error:
            if not unlicensed(error):
                raise
            raise _unavailable("The tenant has no licence for Defender for Identity") from error


def _reach(tenant: Tenant) -> DomainAccounts:
    if tenant.domain_accounts is None:
        raise _unavailable(_OFF)
    return tenant.domain_accounts


def _unavailable(reason: str) -> Unavailable:
    """Say what is true of every account; this one's is left to a person by the cloud's disable."""
    return Unavailable(reason, steps=_BY_HAND)


def _refused(reason: str) -> Refused:
    return Refused(reason, steps=_BY_HAND, unless=_SETTLED)
