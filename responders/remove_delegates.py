"""Take away the rights that others have to the mailbox for the intruder's sake."""

from __future__ import annotations

import asyncio
from typing import Final

from shared.clients import exchange, graph
from shared.clients.grants import EVERYBODY, Grant, GrantKind
from shared.clients.tenant import Tenant
from shared.errors import Gone, Refused
from shared.model import Case, Difference, Foothold, Phase, number_of
from shared.policy.delegates import JudgedGrant, judge, ordinary
from shared.responder import Change, Impact, Responder

_OPENS: Final = {
    GrantKind.MAILBOX: "the whole mailbox",
    GrantKind.SEND_AS: "sending as the owner",
    GrantKind.SEND_ON_BEHALF: "sending on the owner's behalf",
}


class DelegatesRemoved(Change):
    """The rights that are taken, each with its reasons, and those that are left."""

    choices = "taken"
    taken: tuple[JudgedGrant, ...]
    left: tuple[JudgedGrant, ...] = ()

    def summary(self) -> str:
        """Say what will be done."""
        return f"Take {number_of(len(self.taken), 'right')} to the mailbox"

    def differences(self) -> tuple[Difference, ...]:
        """List the rights that are taken, and those a person may want to look at."""
        taken = tuple(
            Difference(what=_label(one), was=_rights(one.grant), becomes="none")
            for one in self.taken
        )
        left = tuple(
            Difference(
                what=_label(one),
                was=_rights(one.grant),
                becomes=f"unchanged: {'ask the owner' if one.doubtful else 'not suspicious'}",
            )
            for one in self.left
        )
        return taken + left

    def footholds(self) -> tuple[Foothold, ...]:
        """Name each right that is taken and why it is the intruder's."""
        return tuple(
            Foothold(
                kind="publication" if one.grant.kind is GrantKind.PUBLICATION else "delegate",
                label=_label(one),
                reasons=one.reasons,
            )
            for one in self.taken
        )


class RemoveDelegates(Responder[DelegatesRemoved]):
    """Take away the rights that others have to the mailbox for the intruder's sake.

    FullAccess, SendAs, SendOnBehalf, rights to the mailbox's own folders, and the calendar on the
    web. Exchange keeps no time for them, so each is judged by who has it and what it opens; a
    colleague's stay, and what is in doubt is for a person. Given again, a mailbox opens by itself
    in the trustee's Outlook, which is Exchange's default: how it was cannot be read. Folders that
    people made themselves are not looked at.
    """

    phase = Phase.EVICT
    impact = Impact.SETTING
    techniques = frozenset({"T1098.002", "T1114.002"})
    permissions = frozenset({exchange.MANAGE_AS_APP, graph.DOMAIN_READ_ALL})
    exchange_roles = frozenset({exchange.MAIL_RECIPIENTS})

    async def plan(self, case: Case, tenant: Tenant) -> DelegatesRemoved | None:
        """Read all rights and judge each; what is only in doubt is refused with what to look at."""
        who = case.account.who
        grants, domains = await asyncio.gather(
            tenant.access.grants(who), tenant.directory.domains()
        )
        given = [grant for grant in grants if not ordinary(grant)]
        trustees = await tenant.access.trustees(who, (grant.trustee for grant in given))
        judged = [
            judge(
                grant,
                trustees[grant.trustee],
                since=case.compromised_since,
                own_domains=domains.verified,
            )
            for grant in given
            if trustees[grant.trustee].id != who.object_id
        ]
        taken = tuple(one for one in judged if one.suspicious)
        left = tuple(one for one in judged if not one.suspicious)
        if taken:
            return DelegatesRemoved(who=who, taken=taken, left=left)
        _hand_over(left)
        return None

    async def apply(self, change: DelegatesRemoved, tenant: Tenant) -> None:
        """Take the rights one after the other; one that is gone already is fine."""
        for one in change.taken:
            await tenant.access.remove(change.who, one.grant, one.trustee.handle)

    async def undo(self, change: DelegatesRemoved, tenant: Tenant) -> None:
        """Give each right again, unless somebody has given another one since."""
        there = await tenant.access.grants(change.who)
        gone = [one for one in change.taken if one.grant not in there]
        moved = [one for one in gone if any(_same_place(one.grant, now) for now in there)]
        if moved:
            names = ", ".join(_label(one) for one in moved)
            raise Refused(f"Changed since, and left as it is now: {names}")
        lost = []
        for one in gone:
            try:
                await tenant.access.add(change.who, one.grant, one.trustee.handle)
            except Gone:
                lost.append(_label(one))
        if lost:
            raise Refused(f"Nobody is there any more to give it to: {', '.join(lost)}")


def _same_place(grant: Grant, now: Grant) -> bool:
    """Whether a right is in the place of another; for everybody there is always one."""
    if now.trustee in EVERYBODY and ordinary(now):
        return False
    places = [(one.kind, one.trustee, one.folder) for one in (grant, now)]
    return places[0] == places[1]


def _hand_over(left: tuple[JudgedGrant, ...]) -> None:
    """Ask a person when nothing is left but what is in doubt."""
    doubtful = [one for one in left if one.doubtful]
    if doubtful:
        raise Refused(
            f"{number_of(len(doubtful), 'right')} to the mailbox may or may not be the intruder's",
            steps=tuple(
                f"Ask the owner about {_label(one)}: {'; '.join(one.reasons)}. Take the right in "
                "the Exchange admin center if the owner did not give it"
                for one in doubtful
            ),
        )


def _label(one: JudgedGrant) -> str:
    grant = one.grant
    folder = f"folder “{grant.folder or 'top of the mailbox'}”"
    if grant.kind is GrantKind.PUBLICATION:
        return f"{folder} on the web"
    name = one.trustee.name
    who = name if one.trustee.address in (None, name) else f"{name} ({one.trustee.address})"
    return f"{_OPENS.get(grant.kind, folder)} for {who}"


def _rights(grant: Grant) -> str:
    return ", ".join((*grant.rights, *grant.flags)) or "none"
