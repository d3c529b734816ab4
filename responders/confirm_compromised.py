"""Tell Identity Protection that the account is compromised."""

from __future__ import annotations

from shared.clients import graph
from shared.clients.licences import Plan
from shared.clients.risk import Risk
from shared.clients.tenant import Tenant
from shared.errors import Refused
from shared.model import AccountKind, Case, Difference, Phase
from shared.responder import Change, Impact, Responder

_CONFIRMED = "confirmedCompromised"


class CompromiseConfirmed(Change):
    """The account's risk as it was, before it was confirmed."""

    was: Risk

    def summary(self) -> str:
        """Say what will be done."""
        return "Confirm the account as compromised in Identity Protection"

    def differences(self) -> tuple[Difference, ...]:
        """List the risk state."""
        was = f"{self.was.state} ({self.was.level})"
        return (Difference(what="User risk", was=was, becomes=f"{_CONFIRMED} (high)"),)


class ConfirmCompromised(Responder[CompromiseConfirmed]):
    """Tell Identity Protection that the account is compromised.

    Its risk becomes high, so that risk policies block it everywhere. Undo dismisses the risk, which
    is as near to the state before as Microsoft's interface comes.
    """

    phase = Phase.CONTAIN
    impact = Impact.CANNOT_SIGN_IN
    techniques = frozenset({"T1078.004"})
    permissions = frozenset({graph.RISKY_USER_READ_ALL, graph.RISKY_USER_WRITE_ALL})
    licences = frozenset({Plan.ENTRA_P2})

    async def refuse(self, case: Case, tenant: Tenant) -> Refused | None:
        """Leave a guest's risk to the home tenant, where it is judged."""
        if AccountKind.GUEST not in case.account.kinds:
            return None
        return Refused(
            "A guest's risk is judged in the home tenant",
            steps=("Tell the guest's home organisation that the account is compromised",),
        )

    async def plan(self, case: Case, tenant: Tenant) -> CompromiseConfirmed | None:
        """Read the risk record."""
        risk = await tenant.risk.of(case.account.object_id)
        if risk.state == _CONFIRMED:
            return None
        return CompromiseConfirmed(who=case.account.who, was=risk)

    async def apply(self, change: CompromiseConfirmed, tenant: Tenant) -> None:
        """Confirm."""
        await tenant.risk.confirm_compromised(change.who.object_id)

    async def undo(self, change: CompromiseConfirmed, tenant: Tenant) -> None:
        """Dismiss the risk, if it still stands as we left it."""
        if (await tenant.risk.of(change.who.object_id)).state == _CONFIRMED:
            await tenant.risk.dismiss(change.who.object_id)
