"""Whether everybody whom the policy protects is there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import ClassVar, Final

from shared.clients import graph, groups
from shared.diagnosis import Finding, Grade, Kind
from shared.doctor.check import Check
from shared.doctor.deployment import Deployment
from shared.errors import FirebreakError, Gone
from shared.model import ObjectId, number_of
from shared.needs import Needs

NEEDS: Final = Needs(
    what="Look whether the accounts and groups that the policy protects are there",
    permissions=frozenset({graph.USER_READ_ALL}),
    borrows=frozenset({groups.GROUP_MEMBER_WRITE_ALL}),
)
MISSING: Final = "missing"
_PATIENCE: Final = 5.0
"""Seconds that one look-up may take."""
_AT_ONCE: Final = 8


class Protected(Check):
    """See whether each line of [protected] names somebody: one that names nobody is no guard."""

    kinds: ClassVar = {
        "there": Kind(
            grade=Grade.OK, state="there", means="{subject} is {who}, who is only ever reported."
        ),
        "none": Kind(
            grade=Grade.NOTE,
            state="none named",
            means="Nobody is protected: any account may be shut out, those for emergencies too.",
            do="Write the object ids of your break-glass accounts and of the directory sync "
            "account into policy.toml, under [protected], before you go live",
        ),
        MISSING: Kind(
            grade=Grade.BAD,
            state="protects nobody",
            means="{subject} stands under [protected] and names nobody, so a guard is absent.",
            do="Write the object id that Entra shows for it into policy.toml, or take {subject} "
            "out; then deploy",
        ),
        "empty": Kind(
            grade=Grade.NOTE,
            state="empty",
            means="The protected group {subject} has no member, so it protects nobody.",
            do="Add to the group whom it is meant to protect, or take it out of [protected]",
        ),
        "not_looked_up": Kind(
            grade=Grade.UNKNOWN,
            state="not known",
            means="It is not known whether {subject} names somebody: {why}",
            do="Mend what the reason names, then run `firebreak doctor`",
        ),
    }

    async def look(self, at: Deployment) -> tuple[Finding, ...]:
        """Look everybody up, a few at once."""
        named, room = at.policy.protected, asyncio.Semaphore(_AT_ONCE)
        directory, memberships = at.tenant.directory, at.tenant.groups

        async def account(name: str) -> Finding:
            found = await directory.account(name)
            return self.found("there", name, who=found.display_name or found.upn)

        async def group(name: str) -> Finding:
            members = len(await memberships.members(ObjectId(name)))
            if not members:
                return self.found("empty", name)
            who = f"a group with {number_of(members, 'member')}"
            return self.found("there", name, who=who)

        async def line(name: str, look: Callable[[str], Awaitable[Finding]]) -> Finding:
            async with room:
                return await self._looked(name, look)

        lines = [line(name, account) for name in sorted(named.accounts)]
        lines += [line(name, group) for name in sorted(named.groups)]
        found = await asyncio.gather(*lines)
        return tuple(found) or (self.found("none", "protected accounts"),)

    async def _looked(self, name: str, look: Callable[[str], Awaitable[Finding]]) -> Finding:
        try:
            async with asyncio.timeout(_PATIENCE):
                return await look(name)
        except Gone:
            return self.found(MISSING, name)
        except TimeoutError:
            return self.found("not_looked_up", name, why="the directory did not answer in time")
        except FirebreakError as error:
            return self.found("not_looked_up", name, why=str(error))
