"""Let the account send mail again."""

from __future__ import annotations

from shared.clients import exchange, graph
from shared.clients.blocked_senders import SETTLES, BlockedSender
from shared.clients.tenant import Tenant
from shared.errors import Refused, Transient
from shared.model import Account, Case, Difference, Phase
from shared.responder import Change, Impact, Responder

_SUPPORT = (
    "Look at the account on the Restricted entities page in the Microsoft Defender portal",
    "If it is still there, open a support request with Microsoft",
)
_LOOK_AGAIN = 3600.0
"""Seconds between two looks at a release; Microsoft names an hour as what it usually takes."""


class SenderUnblocked(Change):
    """The entry as found, and when we have let the address go before."""

    sender: BlockedSender

    def summary(self) -> str:
        """Say what will be done."""
        return f"Let {self.sender.address} send mail again"

    def differences(self) -> tuple[Difference, ...]:
        """List the entry, and what is used up: nobody says how often Microsoft lets it happen."""
        since = f" since {self.sender.since:%Y-%m-%d %H:%M} UTC" if self.sender.since else ""
        used = len(self.sender.released)
        return (
            Difference(what="Sending mail", was=f"restricted{since}", becomes="allowed in a day"),
            Difference(what="Times let go by us", was=str(used), becomes=str(used + 1)),
        )


class UnblockSender(Responder[SenderUnblocked]):
    """Let the account send mail again.

    Only once the checklist is green or the owner was let back in: Microsoft lets go a few times
    and then never again, and a sender that goes on spamming uses them up. Asked for once and
    followed for a day, never repeated. Cannot be undone.
    """

    phase = Phase.RECOVER
    impact = Impact.NONE
    techniques = frozenset({"T1566"})
    permissions = frozenset({exchange.MANAGE_AS_APP, graph.USER_READ_ALL})
    exchange_roles = frozenset({exchange.TRANSPORT_HYGIENE})

    async def refuse(self, case: Case, tenant: Tenant) -> Refused | None:
        """Keep an account restricted that the intruder's password may still open."""
        account = await tenant.directory.account(case.account.object_id)
        if _secured(account, case) or await _entry(account, tenant) is None:
            # Whoever is not restricted needs no person to say so.
            return None
        return Refused(
            "The password is as old as the compromise, so whoever had it could send again at once",
            steps=(
                "Set a new password and end all sessions",
                "Go through the rest of the case, and then run this again",
            ),
        )

    async def plan(self, case: Case, tenant: Tenant) -> SenderUnblocked | None:
        """Look for the account on the list; a release is followed until it shows, for a day.

        Only where its answer was lost, and a day shows that it never arrived, is it asked for anew.
        """
        account = await tenant.directory.account(case.account.object_id)
        sender = await _entry(account, tenant)
        if sender is None:
            return None
        if sender.settling and sender.again:
            raise Refused(
                f"{sender.address} was restricted again after it had been let go: something still "
                "sends",
                steps=(
                    "Find what sends: sessions, rules, connected apps, old mail protocols",
                    "Let it go by hand, or run this a day after the last time",
                ),
            )
        if sender.settling:
            raise Transient(
                f"{sender.address} was let go at {sender.released[-1]:%Y-%m-%d %H:%M} UTC and is "
                "still on the list; Microsoft takes up to a day",
                retry_after=_LOOK_AGAIN,
            )
        if sender.released and not sender.again and sender.answered:
            hours = SETTLES.total_seconds() / 3600
            raise Refused(
                f"{sender.address} is still restricted {hours:.0f} hours after it was let go, and "
                "asking again would use up one of the few times",
                steps=_SUPPORT,
            )
        return SenderUnblocked(who=account.who, sender=sender)

    async def apply(self, change: SenderUnblocked, tenant: Tenant) -> None:
        """Ask for it, once."""
        why = "The account was secured"
        await tenant.senders.release(change.who, change.sender.address, why=why)


async def _entry(account: Account, tenant: Tenant) -> BlockedSender | None:
    addresses = {address for address in (account.mail, account.upn) if address}
    return await tenant.senders.find(account.who, addresses)


def _secured(account: Account, case: Case) -> bool:
    """Whether the old password no longer opens it. An unknown age is as old as can be."""
    changed_at = account.last_password_change
    return changed_at is not None and changed_at >= case.seen_until
