"""Recipients of the organisation, and how Exchange finds one by whatever names it.

An account without a mailbox here is one only if it has mail, which then goes elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from lab.tenant.state import Contact, Mailbox, State, User


@dataclass(frozen=True, slots=True)
class Recipient:
    """A mailbox with its account, a mail user (guests are some), or a mail contact."""

    id: str
    name: str
    address: str
    mailbox: Mailbox | None = None
    user: User | None = None
    contact: Contact | None = None


def recipients(state: State, identity: str) -> list[Recipient]:
    """Find all recipients an identity may mean: object id, GUID, UPN, address, alias or name."""
    wanted = identity.removeprefix("smtp:").removeprefix("SMTP:").casefold()
    oids = _oids(state, wanted)
    found = [of_mailbox(state, state.mailboxes[oid]) for oid in oids if oid in state.mailboxes]
    others = [state.users[oid] for oid in oids if oid not in state.mailboxes]
    found += [of_mail_user(user) for user in others if user.mail]
    found += [
        of_contact(contact)
        for contact in state.contacts.values()
        if wanted in {contact.id, contact.name.casefold(), contact.address.casefold()}
    ]
    return found


def of_mailbox(state: State, mailbox: Mailbox) -> Recipient:
    """Show a mailbox as a recipient. Names are unique in Exchange, so the alias serves as one."""
    user = state.users[mailbox.oid]
    return Recipient(mailbox.oid, mailbox.alias, user.mail or user.upn, mailbox, user)


def of_mail_user(user: User) -> Recipient:
    """Show a mail user as a recipient: a guest's home organisation has the mail, or a server."""
    return Recipient(user.id, user.upn.partition("@")[0], user.mail or user.upn, user=user)


def of_contact(contact: Contact) -> Recipient:
    """Show a mail contact as a recipient."""
    return Recipient(contact.id, contact.name, contact.address, contact=contact)


def by_id(state: State, recipient: str) -> Recipient:
    """Show the recipient with this id."""
    if recipient in state.contacts:
        return of_contact(state.contacts[recipient])
    if recipient not in state.mailboxes:
        return of_mail_user(state.users[recipient])
    return of_mailbox(state, state.mailboxes[recipient])


def _oids(state: State, wanted: str) -> list[str]:
    if wanted in state.users:
        return [wanted]
    named = state.where("upn", wanted) or state.where("mail", wanted)
    if named:
        return list(dict.fromkeys(named))
    aliased = [
        box.oid for box in state.mailboxes.values() if wanted in {box.guid, box.alias.casefold()}
    ]
    # Display names need not be unique, so this may be several.
    return list(dict.fromkeys([*aliased, *state.where("display_name", wanted)]))
