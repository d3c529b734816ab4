"""Let the owner of the account back in."""

from __future__ import annotations

from contextlib import suppress

from shared.clients import graph, groups
from shared.clients.answers import unlicensed
from shared.clients.directory import SignIn
from shared.clients.risk import Risk
from shared.clients.tenant import Tenant
from shared.errors import Denied, Gone, Refused
from shared.model import AccountKind, Case, Difference, ObjectId, Phase
from shared.responder import Change, Impact, Responder

_ELSEWHERE = frozenset({AccountKind.SYNCED, AccountKind.FEDERATED, AccountKind.GUEST})
"""Kinds of account whose password the cloud does not own."""
_AT_RISK = frozenset({"atRisk", "confirmedCompromised"})
"""States in which a risk policy keeps the owner out, ours among them."""
_STATES = {True: "allowed", False: "blocked", None: "unknown"}


class SignInRestored(Change):
    """What keeps the owner out: sign-in as it was, the blocked group, if in it, and the risk."""

    was: bool | None
    group: ObjectId | None
    risk: Risk | None = None
    new_password: bool
    on_premises: bool

    def summary(self) -> str:
        """Say what will be done."""
        return "Let the owner back in"

    def differences(self) -> tuple[Difference, ...]:
        """List what changes, in the order in which it does, and what a directory may undo."""
        lines = []
        if self.new_password:
            becomes = "random, known to nobody: the owner needs an access pass or the help desk"
            lines.append(Difference(what="Password", was="from containment", becomes=becomes))
        if self.group is not None:
            what = f"Membership of the blocked group ({self.group})"
            lines.append(Difference(what=what, was="member", becomes="not a member"))
        if self.risk is not None:
            was = f"{self.risk.state} ({self.risk.level})"
            lines.append(Difference(what="User risk", was=was, becomes="dismissed"))
        lines.append(Difference(what="Sign-in", was=_STATES[self.was], becomes="allowed"))
        if self.on_premises:
            lines.append(
                Difference(
                    what="The account in Active Directory on premises",
                    was="unknown",
                    becomes="unchanged: enable it there too, or its sync undoes this",
                )
            )
        return tuple(lines)


class RestoreSignIn(Responder[SignInRestored]):
    """Let the owner of the account back in.

    Only when a person has asked for it. In Microsoft's order: the password is replaced once more,
    then the account leaves the blocked group, its risk is dismissed where Identity Protection keeps
    one (a risk policy would go on blocking the owner), and sign-in is allowed last, so that
    whatever breaks off before finds the door still shut and begins again, and nothing touches the
    password after the owner is in. Cannot be undone: a new request shuts the account again.
    """

    phase = Phase.RECOVER
    impact = Impact.NEW_PASSWORD
    techniques = frozenset({"T1078.004"})
    permissions = frozenset(
        {
            graph.USER_READ_ALL,
            graph.USER_ENABLE_DISABLE_ALL,
            graph.USER_PASSWORD_ALL,
            graph.RISKY_USER_READ_ALL,
            graph.RISKY_USER_WRITE_ALL,
            groups.GROUP_MEMBER_WRITE_ALL,
        }
    )

    async def refuse(self, case: Case, tenant: Tenant) -> Refused | None:
        """Keep the door shut until a person asks to open it."""
        if case.restored_at is not None:
            return None
        return Refused(
            "Nobody has asked to let the owner back in",
            steps=("Go through the case's checklist, and then let the owner back in from there",),
        )

    async def plan(self, case: Case, tenant: Tenant) -> SignInRestored | None:
        """Read what keeps the owner out; unknown counts as blocked."""
        account = await tenant.directory.account(case.account.object_id)
        group = await _blocked_by(case, tenant)
        if account.enabled is True and group is None:
            return None
        return SignInRestored(
            who=account.who,
            was=account.enabled,
            group=group,
            risk=await _risk(case, tenant),
            new_password=not case.account.kinds & _ELSEWHERE,
            on_premises=AccountKind.SYNCED in case.account.kinds,
        )

    async def apply(self, change: SignInRestored, tenant: Tenant) -> None:
        """Replace the password, leave the group, dismiss the risk, allow sign-in: in this order."""
        who = change.who.object_id
        if change.new_password:
            await tenant.directory.set_password(who, tenant.new_password())
        if change.group is not None:
            with suppress(Gone):
                await tenant.groups.remove(change.group, who)
        if change.risk is not None:
            await tenant.risk.dismiss(who)
        if change.was is not True:
            await tenant.directory.set_sign_in(who, SignIn.ALLOWED)


async def _risk(case: Case, tenant: Tenant) -> Risk | None:
    """Read the risk that stands in the way; none without a licence, a guest's is judged at home."""
    if AccountKind.GUEST in case.account.kinds:
        return None
    try:
        risk = await tenant.risk.of(case.account.object_id)
    except Denied as error:
        if not unlicensed(error):
            raise
        return None
    return risk if risk.state in _AT_RISK else None


async def _blocked_by(case: Case, tenant: Tenant) -> ObjectId | None:
    """Tell the configured group where the account is in it; a group that is gone blocks nobody."""
    if tenant.block_group is None:
        return None
    try:
        members = await tenant.groups.members(tenant.block_group)
    except Gone:
        return None
    return tenant.block_group if case.account.object_id in members else None
