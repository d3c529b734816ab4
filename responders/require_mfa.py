"""Require a second factor of the account, whatever policies say."""

from __future__ import annotations

from shared.clients import graph
from shared.clients.methods import MfaState
from shared.clients.tenant import Tenant
from shared.errors import Refused
from shared.model import AccountKind, Case, Difference, MailboxKind, Phase
from shared.responder import Change, Impact, Responder


class MfaRequired(Change):
    """Per-user multifactor authentication as it was, before it was enforced."""

    was: MfaState

    def summary(self) -> str:
        """Say what will be done."""
        return "Enforce multifactor authentication for this account"

    def differences(self) -> tuple[Difference, ...]:
        """List the one setting that changes."""
        return (
            Difference(
                what="Per-user multifactor authentication",
                was=self.was.value,
                becomes=MfaState.ENFORCED.value,
            ),
        )


class RequireMfa(Responder[MfaRequired]):
    """Require a second factor of the account, whatever policies say.

    Per-user enforcement has no exceptions for places and applications, which is what an account
    that was broken into needs until a Conditional Access policy covers it.
    """

    phase = Phase.RECOVER
    impact = Impact.SIGN_IN_AGAIN
    techniques = frozenset({"T1078.004", "T1110"})
    permissions = frozenset({graph.AUTHENTICATION_POLICY_WRITE})

    async def refuse(self, case: Case, tenant: Tenant) -> Refused | None:
        """Leave guests to Conditional Access, and a shared mailbox to those who use it."""
        if case.account.mailbox is MailboxKind.SHARED:
            return Refused(
                "Nobody signs in to a shared mailbox: nobody could be asked for a second factor",
                steps=(
                    "Leave sign-in to it blocked",
                    "Make sure that whoever has rights to it is asked for a second factor",
                ),
            )
        if AccountKind.GUEST not in case.account.kinds:
            return None
        return Refused(
            "A guest signs in at the home tenant, where per-user enforcement here does not reach",
            steps=("Make sure that a Conditional Access policy asks guests for a second factor",),
        )

    async def plan(self, case: Case, tenant: Tenant) -> MfaRequired | None:
        """Read the state; an unknown one counts as not enforced."""
        was = await tenant.methods.per_user_mfa(case.account.object_id)
        if was is MfaState.ENFORCED:
            return None
        return MfaRequired(who=case.account.who, was=was)

    async def apply(self, change: MfaRequired, tenant: Tenant) -> None:
        """Enforce."""
        await tenant.methods.set_per_user_mfa(change.who.object_id, MfaState.ENFORCED)

    async def undo(self, change: MfaRequired, tenant: Tenant) -> None:
        """Restore the state before, unless somebody has set another since."""
        found = await tenant.methods.per_user_mfa(change.who.object_id)
        if found == change.was:
            return
        if found is not MfaState.ENFORCED:
            raise Refused(
                f"Multifactor authentication was set to {found} since; it was left as it is now"
            )
        if change.was is MfaState.UNKNOWN:
            raise Refused(
                "Multifactor authentication was in an unknown state before; it stays enforced"
            )
        await tenant.methods.set_per_user_mfa(change.who.object_id, change.was)
