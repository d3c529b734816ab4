"""Mailboxes, recipients and domains as Exchange shows them, and forwarding."""

from __future__ import annotations

from typing import Any, Final

from lab.tenant.cmdlets import Json, Output, Run, cmdlet, recipient
from lab.tenant.mailbox_settings import SETTINGS, settings_given, settings_shown
from lab.tenant.recipients import Recipient, by_id, of_contact, of_mailbox
from lab.tenant.state import Mailbox
from lab.tenant.user_view import exact
from lab.tenant.world import World

_RECIPIENTS: Final = "Mail Recipients"


@cmdlet("Get-Mailbox", role=_RECIPIENTS, parameters=("Identity", "ResultSize"))
def get_mailbox(run: Run) -> Output:
    """Show one mailbox, or all of them."""
    world = run.world
    if run.asked("Identity"):
        return [_mailbox(world, run.mailbox("Identity"))]
    return run.listed(world.state.mailboxes.values(), lambda box: _mailbox(world, box))


@cmdlet(
    "Set-Mailbox",
    role=_RECIPIENTS,
    parameters=(
        "Identity",
        "ForwardingAddress",
        "ForwardingSmtpAddress",
        "DeliverToMailboxAndForward",
        *SETTINGS,
        "Confirm",
        "Force",
    ),
)
def set_mailbox(run: Run) -> Output:
    """Set where a mailbox forwards to (null clears), who sends on behalf and what is audited."""
    mailbox = run.mailbox("Identity")
    changes: dict[str, Any] = settings_given(run, mailbox)
    if run.asked("ForwardingAddress"):
        named = run.text("ForwardingAddress")
        changes["forwarding_recipient"] = recipient(run.world, named).id if named else None
    if run.asked("ForwardingSmtpAddress"):
        changes["forwarding_smtp"] = _bare(run.text("ForwardingSmtpAddress"))
    if run.asked("DeliverToMailboxAndForward"):
        changes["keeps_copy"] = run.switch("DeliverToMailboxAndForward")
    if run.world.change_mailbox(mailbox.oid, **changes) == mailbox:
        run.warnings.append(
            "The command completed successfully but no settings of "
            f"'{mailbox.alias}' have been modified."
        )
    run.wrote(mailbox.oid, f"mailbox: {', '.join(sorted(changes)) or 'nothing'}")
    return []


@cmdlet("Get-Recipient", role=_RECIPIENTS, parameters=("Identity", "ResultSize"))
def get_recipient(run: Run) -> Output:
    """Show one recipient, or all of them."""
    if run.asked("Identity"):
        return [_recipient(recipient(run.world, run.text("Identity")))]
    state = run.world.state
    found = [of_mailbox(state, box) for box in state.mailboxes.values()]
    return [_recipient(r) for r in (*found, *map(of_contact, state.contacts.values()))]


@cmdlet("Get-AcceptedDomain", role="View-Only Configuration", parameters=("Identity", "ResultSize"))
def get_accepted_domain(run: Run) -> Output:
    """Show the domains the organisation receives mail for."""
    wanted = run.text("Identity")
    return [
        {
            "Identity": domain.name,
            "Name": domain.name,
            "DomainName": domain.name,
            "DomainType": "Authoritative",
            "Default": domain.default,
            "InitialDomain": domain.initial,
        }
        for domain in run.world.state.domains
        if wanted is None or domain.name == wanted.casefold()
    ]


def _bare(address: str | None) -> str | None:
    if address is None:
        return None
    return address[5:] if address.casefold().startswith("smtp:") else address


def _mailbox(world: World, mailbox: Mailbox) -> Json:
    shown = of_mailbox(world.state, mailbox)
    user = world.state.users[mailbox.oid]
    forward = mailbox.forwarding_recipient
    smtp = mailbox.forwarding_smtp
    return {
        "Identity": shown.name,
        "Name": shown.name,
        "Alias": mailbox.alias,
        "DisplayName": user.display_name,
        "Guid": mailbox.guid,
        "ExchangeGuid": mailbox.guid,
        "ExternalDirectoryObjectId": mailbox.oid,
        "UserPrincipalName": user.upn,
        "PrimarySmtpAddress": shown.address,
        "EmailAddresses": list(user.proxy_addresses),
        "RecipientTypeDetails": mailbox.kind,
        "ForwardingAddress": by_id(world.state, forward).name if forward else None,
        "ForwardingSmtpAddress": f"smtp:{smtp}" if smtp else None,
        "DeliverToMailboxAndForward": mailbox.keeps_copy,
        "WhenMailboxCreated": exact(user.created_at),
        **settings_shown(world, mailbox),
    }


def _kind(shown: Recipient) -> str:
    if shown.mailbox is not None:
        return shown.mailbox.kind
    if shown.contact is not None:
        return "MailContact"
    return "GuestMailUser" if shown.user and shown.user.user_type == "Guest" else "MailUser"


def _recipient(shown: Recipient) -> Json:
    contact = shown.contact
    kind = _kind(shown)
    outside = contact.address if contact else None if shown.mailbox else shown.address
    return {
        "Identity": shown.name,
        "Name": shown.name,
        "DisplayName": shown.user.display_name if shown.user else shown.name,
        "Guid": shown.mailbox.guid if shown.mailbox else shown.id,
        "ExternalDirectoryObjectId": shown.id,
        "PrimarySmtpAddress": shown.address,
        "ExternalEmailAddress": f"SMTP:{outside}" if outside else None,
        "RecipientType": "UserMailbox"
        if shown.mailbox
        else "MailContact"
        if contact
        else "MailUser",
        "RecipientTypeDetails": kind,
        "WhenCreatedUTC": exact(shown.user.created_at) if shown.user else None,
    }
