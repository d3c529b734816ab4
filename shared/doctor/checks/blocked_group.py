"""Whether what block_by_group hangs on is set up: the group, and the policy that blocks it."""

from __future__ import annotations

import asyncio
from typing import ClassVar, Final

from shared.clients import groups
from shared.clients.access_policies import POLICY_READ_ALL, AccessPolicy
from shared.clients.answers import unlicensed
from shared.diagnosis import Finding, Grade, Kind
from shared.doctor.check import Check
from shared.doctor.deployment import Deployment
from shared.errors import Denied, Gone
from shared.model import ObjectId
from shared.needs import Needs
from shared.policy.access_block import flaws

NEEDS: Final = Needs(
    what="Look whether a Conditional Access policy blocks the group that is configured",
    borrows=frozenset({POLICY_READ_ALL, groups.GROUP_MEMBER_WRITE_ALL}),
)
RESPONDER: Final = "block_by_group"
_SET_UP: Final = (
    "In the Entra admin center create a Conditional Access policy for the group {group}: all "
    "resources, no conditions, block access, enabled, your break-glass accounts left out"
)


class BlockedGroup(Check):
    """See whether whoever is put into the blocked group is kept from signing in.

    It is what holds for accounts from Active Directory: the directory sync enables again what only
    the cloud has disabled.
    """

    kinds: ClassVar = {
        "blocks": Kind(
            grade=Grade.OK,
            state="blocks",
            means="The policy “{policy}” blocks every sign-in of the group {subject}.",
        ),
        "not_used": Kind(
            grade=Grade.OK,
            state="not used",
            means="No rule of the policy names block_by_group, so it needs no group.",
        ),
        "no_group": Kind(
            grade=Grade.NOTE,
            state="not set up",
            means="A rule names block_by_group, but policy.toml names no group: accounts from "
            "Active Directory are enabled again by the next sync.",
            do="Create an empty, unsynced security group and a Conditional Access policy that "
            "blocks it, and write its object id into policy.toml, as group under [block]",
        ),
        "group_gone": Kind(
            grade=Grade.BAD,
            state="no such group",
            means="The group {subject} under [block] does not exist, so block_by_group fails.",
            do="Create an empty, unsynced security group and write its object id into "
            "policy.toml, as group under [block]",
        ),
        "no_policy": Kind(
            grade=Grade.BAD,
            state="nothing blocks it",
            means="No Conditional Access policy is for the group {subject}, so being in it blocks "
            "nobody.",
            do=_SET_UP.replace("{group}", "{subject}"),
        ),
        "policy_unfit": Kind(
            grade=Grade.BAD,
            state="does not block",
            means="No policy blocks every sign-in of the group {subject}: {objections}.",
            do=_SET_UP.replace("{group}", "{subject}"),
        ),
        "unlicensed": Kind(
            grade=Grade.NOTE,
            state="missing licence",
            means="The organisation has no Conditional Access, so the group {subject} blocks "
            "nobody.",
            do="Buy Entra ID P1, or take block_by_group out of the policy",
        ),
    }

    async def look(self, at: Deployment) -> tuple[Finding, ...]:
        """Read the group and the policies that stand."""
        used = any(one.name == RESPONDER and one.on for one in at.rights.declared)
        group = at.policy.block.group
        if not used:
            return (self.found("not_used", RESPONDER),)
        if group is None:
            return (self.found("no_group", RESPONDER),)
        return (await self._judged(at, ObjectId(group)),)

    async def _judged(self, at: Deployment, group: ObjectId) -> Finding:
        try:
            policies, _ = await asyncio.gather(
                at.tenant.access_policies.all(), at.tenant.groups.members(group)
            )
        except Gone:
            return self.found("group_gone", group)
        except Denied as error:
            if not unlicensed(error):
                raise
            return self.found("unlicensed", group)
        return self._policy(group, [policy for policy in policies if group in policy.groups])

    def _policy(self, group: ObjectId, near: list[AccessPolicy]) -> Finding:
        why = {policy.name: list(flaws(policy, group)) for policy in near}
        if not why:
            return self.found("no_policy", group)
        if fit := [name for name, objections in why.items() if not objections]:
            return self.found("blocks", group, policy=fit[0])
        said = "; ".join(f"of “{name}” {', '.join(said)}" for name, said in why.items())
        return self.found("policy_unfit", group, objections=said)
