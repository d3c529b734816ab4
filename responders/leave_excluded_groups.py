"""Leave the groups exempt from Conditional Access that were joined since the compromise."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from shared.clients import access_policies, audit, graph, groups
from shared.clients.groups import Group
from shared.clients.licences import Plan
from shared.clients.tenant import Tenant
from shared.errors import Conflict, Gone, Refused
from shared.model import Case, Difference, Foothold, ObjectId, Phase, Utc, Value, Who
from shared.policy.exclusions import joined_since, left_out
from shared.responder import Change, Impact, Responder


class Exemption(Value):
    """A group, the policies that leave it out, and since when the account is in it."""

    group: Group
    policies: tuple[str, ...]
    since: Utc

    @property
    def label(self) -> str:
        """Name it for a person."""
        names = ", ".join(f"“{name}”" for name in self.policies)
        return f"membership of “{self.group.name}”, which {names} leaves out"


class ExcludedGroupsLeft(Change):
    """The memberships as found."""

    exemptions: tuple[Exemption, ...]

    def summary(self) -> str:
        """Say what will be done."""
        names = ", ".join(f"“{exemption.group.name}”" for exemption in self.exemptions)
        return f"Take the account out of {names}, exempt from Conditional Access"

    def differences(self) -> tuple[Difference, ...]:
        """List the memberships."""
        return tuple(
            Difference(what=exemption.label, was=_when(exemption), becomes="not a member")
            for exemption in self.exemptions
        )

    def footholds(self) -> tuple[Foothold, ...]:
        """Name each exemption: with it, a stolen password is asked for nothing more."""
        return tuple(
            Foothold(kind="excluded_group", label=exemption.label, reasons=(_when(exemption),))
            for exemption in self.exemptions
        )


class LeaveExcludedGroups(Responder[ExcludedGroupsLeft]):
    """Leave the groups exempt from Conditional Access that were joined since the compromise.

    Only memberships that the directory's audit log has seen begin since then: the exemption of a
    break-glass or service account is older and stays, and so does every group that no policy
    leaves out. Where the exemption comes through a group within a group, a person is told.
    """

    phase = Phase.EVICT
    impact = Impact.NONE
    techniques = frozenset({"T1556.009", "T1098"})
    permissions = frozenset(
        {
            graph.USER_READ_ALL,
            audit.AUDIT_LOG_READ_ALL,
            access_policies.POLICY_READ_ALL,
            groups.GROUP_MEMBER_WRITE_ALL,
        }
    )
    licences = frozenset({Plan.ENTRA_P1})

    async def plan(self, case: Case, tenant: Tenant) -> ExcludedGroupsLeft | None:
        """Read the memberships that began since; only where there are any, the policies."""
        who = case.account.who
        held, changes = await asyncio.gather(
            tenant.groups.of(who.object_id),
            tenant.audit.changes_to(who.object_id, since=case.compromised_since),
        )
        joined = joined_since(changes)
        if not any(group.id in joined for group in held):
            return None
        exempt = left_out(await tenant.access_policies.all())
        inside = [group for group in held if group.id in exempt]
        direct = await asyncio.gather(*(_is_in(group, who.object_id, tenant) for group in inside))
        theirs = tuple(
            Exemption(group=group, policies=exempt[group.id], since=joined[group.id])
            for group, is_direct in zip(inside, direct, strict=True)
            if is_direct and group.id in joined and not group.kept_elsewhere
        )
        if theirs:
            return ExcludedGroupsLeft(who=who, exemptions=theirs)
        _hand_over(
            [
                group
                for group, is_direct in zip(inside, direct, strict=True)
                if not is_direct or group.id in joined
            ]
        )
        return None

    async def apply(self, change: ExcludedGroupsLeft, tenant: Tenant) -> None:
        """Take it out; a membership or a group that is gone is fine."""
        for exemption in change.exemptions:
            with suppress(Gone):
                await tenant.groups.remove(exemption.group.id, change.who.object_id)

    async def undo(self, change: ExcludedGroupsLeft, tenant: Tenant) -> None:
        """Let it in again, unless somebody else has."""
        for exemption in change.exemptions:
            await _let_in(exemption.group, change.who, tenant)


async def _is_in(group: Group, member: ObjectId, tenant: Tenant) -> bool:
    return member in await tenant.groups.members(group.id)


async def _let_in(group: Group, who: Who, tenant: Tenant) -> None:
    try:
        await tenant.groups.add(group.id, who.object_id)
    except Conflict:
        if not await _is_in(group, who.object_id, tenant):
            raise


def _when(exemption: Exemption) -> str:
    return f"member since {exemption.since:%Y-%m-%d %H:%M} UTC, after the compromise began"


def _hand_over(left: list[Group]) -> None:
    """Ask a person about exemptions that Graph may not end, or that come through another group."""
    if left:
        names = ", ".join(f"“{group.name}”" for group in left)
        raise Refused(
            f"This account is exempt from Conditional Access by {names}, which it came into "
            "through another group, by a rule or from the directory on premises",
            steps=tuple(
                f"Find out how this account came into “{group.name}” since the compromise, and end "
                f"that membership (Entra admin center, Groups, object id {group.id})"
                for group in left
            ),
        )
