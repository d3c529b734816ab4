"""Whose mailbox a request of Graph's Outlook names, or the refusal that Exchange answers."""

from __future__ import annotations

from lab.tenant.answers import GraphRefusal
from lab.tenant.operations import Ask
from lab.tenant.state import Mailbox


def mailbox_of(ask: Ask) -> Mailbox:
    """Find the mailbox. Raises `GraphRefusal` where there is no such user, or no mailbox."""
    user = ask.world.user(ask.path["id"])
    if user is None:
        text = f"The requested user '{ask.path['id']}' is invalid."
        raise GraphRefusal(404, "ErrorInvalidUser", text)
    mailbox = ask.world.state.mailboxes.get(user.id)
    if mailbox is None:
        text = "The mailbox is either inactive, soft-deleted, or is hosted on-premise."
        raise GraphRefusal(404, "MailboxNotEnabledForRESTAPI", text)
    return mailbox
