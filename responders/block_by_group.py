"""Block sign-in by the group of a standing Conditional Access policy."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from shared.clients import access_policies, groups
from shared.clients.access_policies import AccessPolicy
from shared.clients.answers import unlicensed
from shared.clients.licences import Plan
from shared.clients.tenant import Tenant
from shared.errors import Conflict, Denied, Gone, Refused, Unavailable
from shared.model import Account, AccountKind, Case, Difference, Foothold, ObjectId, Phase
from shared.policy.access_block import why_not
from shared.responder import Change, Impact, Responder

_SET_UP = (
    "In the Entra admin center create an empty, unsynced security group for blocked accounts",
    "Create a Conditional Access policy for that group: all resources, no conditions, block access",
    "Leave nobody out of the policy, and enable it",
    "Write the group's object id into policy.toml, as group under [block], and deploy",
)
_ON_PREMISES = (
    "Until then disable this account in Active Directory on premises, and wait for a sync"
)


class BlockedByGroup(Change):
    """The group, and the policy that blocks its members."""

    group: ObjectId
    policy: str

    def summary(self) -> str:
        """Say what will be done."""
        return f"Block sign-in by the Conditional Access policy “{self.policy}”"

    def differences(self) -> tuple[Difference, ...]:
        """List the membership that changes."""
        what = f"Membership of the group that “{self.policy}” blocks ({self.group})"
        return (Difference(what=what, was="not a member", becomes="member: sign-in is blocked"),)

    def footholds(self) -> tuple[Foothold, ...]:
        """Name what the open door lets in."""
        return (Foothold(kind="sign_in", label="Sign-in with whatever the intruder holds"),)


class BlockByGroup(Responder[BlockedByGroup]):
    """Block sign-in by the group of a standing Conditional Access policy.

    What sticks for synced accounts: the directory on premises enables again what only the cloud
    has disabled, but knows nothing of this group. The policy is the organisation's own; before
    anything is promised it is read, and has to block every sign-in of the account.
    """

    phase = Phase.CONTAIN
    impact = Impact.CANNOT_SIGN_IN
    techniques = frozenset({"T1078.004"})
    permissions = frozenset({access_policies.POLICY_READ_ALL, groups.GROUP_MEMBER_WRITE_ALL})
    licences = frozenset({Plan.ENTRA_P1})

    async def refuse(self, case: Case, tenant: Tenant) -> Refused | None:
        """Say how to set it up where no group is configured."""
        return None if tenant.block_group is not None else _not_configured(case.account)

    async def plan(self, case: Case, tenant: Tenant) -> BlockedByGroup | None:
        """Read the policies and the members. A member whom no policy blocks is not blocked."""
        group = _configured(case, tenant)
        policies, members = await asyncio.gather(
            _policies(case, tenant), _members(case, group, tenant)
        )
        policy = _blocking(policies, group, case.account)
        if case.account.object_id in members:
            return None
        return BlockedByGroup(who=case.account.who, group=group, policy=policy.name)

    async def apply(self, change: BlockedByGroup, tenant: Tenant) -> None:
        """Add the account; one that is in the group already is fine."""
        try:
            await tenant.groups.add(change.group, change.who.object_id)
        except Conflict:
            if change.who.object_id not in await tenant.groups.members(change.group):
                raise

    async def undo(self, change: BlockedByGroup, tenant: Tenant) -> None:
        """Take the account out of the group, if it is still in."""
        if change.who.object_id in await tenant.groups.members(change.group):
            with suppress(Gone):
                await tenant.groups.remove(change.group, change.who.object_id)


def _configured(case: Case, tenant: Tenant) -> ObjectId:
    if tenant.block_group is None:
        raise _not_configured(case.account)
    return tenant.block_group


def _not_configured(account: Account) -> Refused:
    return _missing("No group is configured that a Conditional Access policy blocks", account)


def _missing(what: str, account: Account) -> Refused:
    """Call for a person only where nothing else blocks the account for good."""
    kind = Refused if AccountKind.SYNCED in account.kinds else Unavailable
    return kind(what, steps=_steps(account))


async def _policies(case: Case, tenant: Tenant) -> tuple[AccessPolicy, ...]:
    try:
        return await tenant.access_policies.all()
    except Denied as error:
        if not unlicensed(error):
            raise
        what = "The tenant has no licence for Conditional Access (Entra ID P1)"
        raise _missing(what, case.account) from error


async def _members(case: Case, group: ObjectId, tenant: Tenant) -> frozenset[ObjectId]:
    """Read the members. A group that is gone is not an account that is gone."""
    try:
        return await tenant.groups.members(group)
    except Gone as error:
        raise Refused(
            f"The group {group}, configured as the one that is blocked, does not exist",
            steps=_steps(case.account),
        ) from error


def _blocking(
    policies: tuple[AccessPolicy, ...], group: ObjectId, account: Account
) -> AccessPolicy:
    """Find a policy that blocks every sign-in of a member, or say what is wrong with each."""
    why = [(policy, why_not(policy, group, account)) for policy in policies]
    for policy, objection in why:
        if objection is None:
            return policy
    near = [f"“{p.name}” does not: {o}" for p, o in why if group in p.groups]
    said = "; ".join(near) or "none is for that group"
    raise Refused(
        f"No Conditional Access policy blocks every sign-in of this account by the group {group}: "
        f"{said}",
        steps=_steps(account),
    )


def _steps(account: Account) -> tuple[str, ...]:
    return (*_SET_UP, _ON_PREMISES) if AccountKind.SYNCED in account.kinds else _SET_UP
