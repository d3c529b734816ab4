"""Why the kind of an account stands in a responder's way, and what a person does instead. Pure."""

from __future__ import annotations

from typing import Final

from shared.clients.answers import unlicensed
from shared.errors import Denied, NoMailbox, Refused
from shared.model import Account, AccountKind, Leftover, MailboxKind

_ON_THE_SERVER: Final = (
    "On the server: list all inbox rules (Get-InboxRule -IncludeHidden), disable the intruder's",
    "Clear both forwarding addresses in one Set-Mailbox: clearing one alone wakes the other",
    "Look at Get-MailboxPermission, Get-ADPermission (Send As) and Get-CASMailbox",
    "Look at Get-MailboxAutoReplyConfiguration",
)
_IN_THE_UNIT: Final = (
    "Find the account's restricted management unit in the Entra admin center, under Roles & admins",
    "Let somebody with a role over that unit make this change now",
    "To let Firebreak do it next time, give its identity a role scoped to that unit",
)


def explained(error: Exception, account: Account) -> Exception:
    """Say it with the account's kind, where that is why it cannot be done; else the error as is.

    Rules and forwarding in a mailbox that cannot be reached from here are not known to be gone.
    """
    if isinstance(error, NoMailbox) and AccountKind.GUEST in account.kinds:
        return Refused(
            "A guest's mailbox is in the home tenant, where nothing here can look",
            steps=("Ask the guest's home organisation to look for rules and forwarding there",),
        )
    if isinstance(error, NoMailbox) and account.mailbox is MailboxKind.NONE:
        return NoMailbox("The account has no mailbox")
    if isinstance(error, NoMailbox):
        where = "stands outside Exchange Online"
        unsure = "may stand outside Exchange Online: nobody could tell"
        said = where if account.mailbox is MailboxKind.ELSEWHERE else unsure
        return Refused(f"The mailbox {said}, so nothing here can look", steps=_ON_THE_SERVER)
    restricted = AccountKind.RESTRICTED in account.kinds
    if isinstance(error, Denied) and restricted and not unlicensed(error):
        return Refused(
            "The account is in a restricted management unit, where tenant-wide rights end",
            steps=_IN_THE_UNIT,
        )
    return error


def shared_with(trustees: frozenset[str]) -> Leftover:
    """Name whose accounts a shared mailbox is used through: one of them may be the one taken."""
    named = ", ".join(sorted(trustees)) or "nobody that could be read"
    return Leftover(
        reason="Nobody signs in to a shared mailbox: it is used through people's own accounts",
        steps=(
            f"Ask who of these used it, and look at their sign-ins: {named}",
            "Open a case for each whose sign-ins are not their own (firebreak respond)",
            "Leave sign-in to the shared mailbox itself blocked: it is never needed",
        ),
    )
