"""Block sign-in to the account."""

from __future__ import annotations

from typing import Final

from shared.clients import graph
from shared.clients.directory import SignIn
from shared.clients.tenant import Tenant
from shared.model import (
    AccountKind,
    Case,
    Difference,
    Foothold,
    Leftover,
    Phase,
    ResponderName,
)
from shared.responder import Change, Impact, Responder

_UNDONE_BY_SYNC: Final = Leftover(
    reason="only until the next directory sync, which enables the account again",
    steps=(
        "Disable the account in Active Directory on premises (Disable-ADAccount)",
        "Start a sync (Start-ADSyncSyncCycle -PolicyType Delta)",
        "See in the Entra admin center that the account is still disabled after it",
    ),
    unless=frozenset({ResponderName("block_by_group"), ResponderName("disable_on_premises")}),
)


class SignInDisabled(Change):
    """Sign-in was allowed (or unknown, `None`) and is blocked; a sync undoes it if `synced`."""

    was: bool | None
    synced: bool = False

    def summary(self) -> str:
        """Say what will be done."""
        return "Block sign-in until the next directory sync" if self.synced else "Block sign-in"

    def differences(self) -> tuple[Difference, ...]:
        """List the one property that changes."""
        was = {True: "allowed", False: "blocked", None: "unknown"}[self.was]
        return (Difference(what="Sign-in", was=was, becomes="blocked"),)

    def leftover(self) -> Leftover | None:
        """Leave to a person what the directory on premises would undo."""
        return _UNDONE_BY_SYNC if self.synced else None

    def footholds(self) -> tuple[Foothold, ...]:
        """Name what the open door lets in."""
        return (Foothold(kind="sign_in", label="Sign-in with whatever the intruder holds"),)


class DisableSignIn(Responder[SignInDisabled]):
    """Block sign-in to the account.

    Alone in its PATCH: with a password in the same call, a refused password leaves the account
    open. The next directory sync undoes it for a synced account, so there it only buys time, and
    the case says so until something that lasts is proven.
    """

    phase = Phase.CONTAIN
    impact = Impact.CANNOT_SIGN_IN
    techniques = frozenset({"T1078.004"})
    permissions = frozenset({graph.USER_READ_ALL, graph.USER_ENABLE_DISABLE_ALL})

    async def plan(self, case: Case, tenant: Tenant) -> SignInDisabled | None:
        """Read whether sign-in is allowed; unknown counts as allowed."""
        account = await tenant.directory.account(case.account.object_id)
        if account.enabled is False:
            return None
        synced = AccountKind.SYNCED in account.kinds
        return SignInDisabled(who=account.who, was=account.enabled, synced=synced)

    async def apply(self, change: SignInDisabled, tenant: Tenant) -> None:
        """Block sign-in."""
        await tenant.directory.set_sign_in(change.who.object_id, SignIn.BLOCKED)

    async def undo(self, change: SignInDisabled, tenant: Tenant) -> None:
        """Allow sign-in again, where it was allowed."""
        if change.was is not False:
            await tenant.directory.set_sign_in(change.who.object_id, SignIn.ALLOWED)
