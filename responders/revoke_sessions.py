"""End every session the account has."""

from __future__ import annotations

from shared.clients import graph
from shared.clients.tenant import Tenant
from shared.errors import Refused
from shared.model import AccountKind, Case, Difference, Foothold, Phase, Utc
from shared.responder import Change, Impact, Responder


class SessionsRevoked(Change):
    """Sessions issued after `valid_from` (`None`: unknown) were good and are no longer."""

    valid_from: Utc | None

    def summary(self) -> str:
        """Say what will be done."""
        return "End all sessions"

    def differences(self) -> tuple[Difference, ...]:
        """List from when on a session is accepted."""
        was = f"if issued after {self.valid_from:%Y-%m-%d %H:%M:%S} UTC" if self.valid_from else ""
        return (
            Difference(
                what="Sessions accepted", was=was or "unknown", becomes="only if issued from now on"
            ),
        )

    def footholds(self) -> tuple[Foothold, ...]:
        """Name what dies with the sessions."""
        return (Foothold(kind="session", label="Refresh tokens and session cookies"),)


class RevokeSessions(Responder[SessionsRevoked]):
    """End every session the account has.

    Refresh tokens and cookies die; access tokens already issued live on until they run out or
    continuous access evaluation catches up, which the case counts down. Cannot be undone, and need
    not be: the owner signs in again.
    """

    phase = Phase.CONTAIN
    impact = Impact.SIGN_IN_AGAIN
    techniques = frozenset({"T1539", "T1550.001", "T1550.004"})
    permissions = frozenset({graph.USER_READ_ALL, graph.USER_REVOKE_SESSIONS_ALL})

    async def refuse(self, case: Case, tenant: Tenant) -> Refused | None:
        """Leave a guest's sessions to the home tenant, which issued them."""
        if AccountKind.GUEST not in case.account.kinds:
            return None
        return Refused(
            "A guest's sessions belong to the home tenant; revoking them here does nothing",
            steps=("Ask the guest's home organisation to revoke the sessions there",),
        )

    async def plan(self, case: Case, tenant: Tenant) -> SessionsRevoked | None:
        """Compare from when sessions are good with when the intruder was last in."""
        account = await tenant.directory.account(case.account.object_id)
        valid_from = account.sessions_valid_from
        if valid_from is not None and valid_from >= case.seen_until:
            return None
        return SessionsRevoked(who=account.who, valid_from=valid_from)

    async def apply(self, change: SessionsRevoked, tenant: Tenant) -> None:
        """Revoke."""
        await tenant.directory.revoke_sessions(change.who.object_id)
