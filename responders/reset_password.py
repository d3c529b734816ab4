"""Replace the password with one that nobody knows."""

from __future__ import annotations

from shared.clients import graph
from shared.clients.tenant import Tenant
from shared.errors import Refused
from shared.model import AccountKind, Case, Difference, Foothold, Phase, Utc
from shared.responder import Change, Impact, Responder

_ON_PREMISES = (
    "Reset the password in Active Directory on premises (Set-ADAccountPassword -Reset)",
    "Wait for one directory sync cycle, then reset it again: only that kills a stolen hash",
    "Tell the owner the password in person or by telephone, never by e-mail",
)
_FEDERATED = (
    "Reset the password at the identity provider that this domain is federated with",
    "Revoke the account's sessions there as well",
    "Tell the owner the password in person or by telephone, never by e-mail",
)


class PasswordReset(Change):
    """A password last changed at `changed_at` (`None`: unknown) is replaced by a random one."""

    changed_at: Utc | None

    def summary(self) -> str:
        """Say what will be done."""
        return "Set a random password that must be changed at the next sign-in"

    def differences(self) -> tuple[Difference, ...]:
        """Say how old the password is; never what it is."""
        was = f"set {self.changed_at:%Y-%m-%d %H:%M:%S} UTC" if self.changed_at else "unknown age"
        return (Difference(what="Password", was=was, becomes="random, known to nobody"),)

    def footholds(self) -> tuple[Foothold, ...]:
        """Name what dies with the password."""
        return (Foothold(kind="password", label="The password the intruder may know"),)


class ResetPassword(Responder[PasswordReset]):
    """Replace the password with one that nobody knows.

    A forced change alone would let whoever knows the old password choose the new one, so a new
    random password is always set with it, and forgotten at once. Cannot be undone.
    """

    phase = Phase.CONTAIN
    impact = Impact.NEW_PASSWORD
    techniques = frozenset({"T1078.004", "T1110"})
    permissions = frozenset({graph.USER_READ_ALL, graph.USER_PASSWORD_ALL})

    async def refuse(self, case: Case, tenant: Tenant) -> Refused | None:
        """Hand the reset to a person where the cloud does not own the password."""
        kinds = case.account.kinds
        if AccountKind.GUEST in kinds:
            return Refused(
                "A guest's password lives in the home tenant",
                steps=("Tell the guest's home organisation that the account is compromised",),
            )
        if AccountKind.FEDERATED in kinds:
            return Refused(
                "This account signs in at another identity provider, which owns the password",
                steps=_FEDERATED,
            )
        if AccountKind.SYNCED in kinds:
            return Refused(
                "This account is synced: the directory on premises owns the password",
                steps=_ON_PREMISES,
            )
        return None

    async def plan(self, case: Case, tenant: Tenant) -> PasswordReset | None:
        """Compare the password's age with when the intruder was last in."""
        account = await tenant.directory.account(case.account.object_id)
        changed_at = account.last_password_change
        if changed_at is not None and changed_at >= case.seen_until:
            return None
        return PasswordReset(who=account.who, changed_at=changed_at)

    async def apply(self, change: PasswordReset, tenant: Tenant) -> None:
        """Set a random password and forget it."""
        await tenant.directory.set_password(change.who.object_id, tenant.new_password())
