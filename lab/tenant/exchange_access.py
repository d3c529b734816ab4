"""Who else may use a mailbox, as Exchange shows and changes it: FullAccess and SendAs.

No cmdlet tells when a right was given. The owner's own right, and those that come down from the
organisation, are always listed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from lab.tenant.cmdlets import Json, Output, Run, binding, cmdlet, recipient
from lab.tenant.mailbox_state import Ace
from lab.tenant.world import World

ROLE: Final = "Mail Recipients"
_SELF: Final = "NT AUTHORITY\\SELF"
_LISTED: Final = ("Identity", "User", "ResultSize")
_MAILBOX: Final = ("Identity", "User", "AccessRights", "InheritanceType", "Deny", "Confirm")
_SENDER: Final = ("Identity", "Trustee", "AccessRights", "Confirm")


@cmdlet("Get-MailboxPermission", role=ROLE, parameters=_LISTED)
def get_mailbox_permission(run: Run) -> Output:
    """List the rights to a mailbox."""
    mailbox = run.mailbox("Identity")
    own = _ace(mailbox.alias, _SELF, ["FullAccess", "ReadPermission"])
    above = _ace(mailbox.alias, "EURPR01A001\\Administrators", ["FullAccess"])
    return [
        own,
        {**above, "IsInherited": True, "Deny": True},
        *(
            {
                **_ace(mailbox.alias, named(run.world, ace.trustee), list(ace.rights)),
                "Deny": ace.deny,
                "InheritanceType": ace.inheritance,
            }
            for ace in mailbox.delegation.aces
        ),
    ]


@cmdlet("Add-MailboxPermission", role=ROLE, parameters=(*_MAILBOX, "AutoMapping"))
def add_mailbox_permission(run: Run) -> Output:
    """Give a right to a mailbox; one that is there already is only warned of."""
    mailbox, trustee = run.mailbox("Identity"), recipient(run.world, run.text("User")).id
    held = mailbox.delegation
    ace = Ace(
        trustee=trustee,
        rights=rights(run),
        inheritance=run.text("InheritanceType") or "All",
        deny=run.switch("Deny"),
        auto_mapping=run.switch("AutoMapping") if run.asked("AutoMapping") else True,
    )
    if any((one.trustee, one.rights) == (ace.trustee, ace.rights) for one in held.aces):
        run.warnings.append("The appropriate access control entry is already present.")
        return []
    run.world.change_mailbox(mailbox.oid, delegation=held.with_(aces=(*held.aces, ace)))
    run.wrote(mailbox.oid, f"{', '.join(ace.rights)}: given to {trustee}")
    return []


@cmdlet("Remove-MailboxPermission", role=ROLE, parameters=_MAILBOX)
def remove_mailbox_permission(run: Run) -> Output:
    """Take a right to a mailbox; one that is not there is only warned of."""
    mailbox, trustee = run.mailbox("Identity"), recipient(run.world, run.text("User")).id
    held, taken = mailbox.delegation, set(rights(run))
    left = [
        replace(ace, rights=kept) if ace.trustee == trustee else ace
        for ace in held.aces
        if (kept := tuple(r for r in ace.rights if r not in taken)) or ace.trustee != trustee
    ]
    if tuple(left) == held.aces:
        run.warnings.append("The access control entry doesn't exist.")
        return []
    run.world.change_mailbox(mailbox.oid, delegation=held.with_(aces=tuple(left)))
    run.wrote(mailbox.oid, f"{', '.join(sorted(taken))}: taken from {trustee}")
    return []


@cmdlet("Get-RecipientPermission", role=ROLE, parameters=("Identity", "Trustee", "ResultSize"))
def get_recipient_permission(run: Run) -> Output:
    """List who may send as a mailbox."""
    mailbox = run.mailbox("Identity")
    return [
        _sender(mailbox.alias, _SELF),
        *(_sender(mailbox.alias, named(run.world, oid)) for oid in mailbox.delegation.send_as),
    ]


@cmdlet("Add-RecipientPermission", role=ROLE, parameters=_SENDER)
def add_recipient_permission(run: Run) -> Output:
    """Let somebody send as a mailbox."""
    return _send_as(run, given=True)


@cmdlet("Remove-RecipientPermission", role=ROLE, parameters=_SENDER)
def remove_recipient_permission(run: Run) -> Output:
    """Let somebody no longer send as a mailbox."""
    return _send_as(run, given=False)


def rights(run: Run) -> tuple[str, ...]:
    """Read the rights a cmdlet names, which may be one or several."""
    value = run.given.get("accessrights")
    found = (value,) if isinstance(value, str) else tuple(value or ())
    if not found:
        raise binding(
            "Cannot process command because of a missing mandatory parameter: AccessRights."
        )
    return found


def named(world: World, oid: str) -> str:
    """Name a trustee as these cmdlets do; of a deleted account only the number is left."""
    user = world.state.users.get(oid)
    return user.upn if user else f"S-1-5-21-{int(oid[:8], 16)}-{int(oid[9:13], 16)}-1104"


def _send_as(run: Run, *, given: bool) -> Output:
    mailbox, trustee = run.mailbox("Identity"), recipient(run.world, run.text("Trustee")).id
    if rights(run) != ("SendAs",):
        raise binding("Cannot convert the value of 'AccessRights': SendAs is all there is.")
    held = mailbox.delegation
    wanted = {*held.send_as, trustee} if given else {*held.send_as} - {trustee}
    if wanted == set(held.send_as):
        run.warnings.append("The access control entry is as it should be already.")
        return []
    run.world.change_mailbox(mailbox.oid, delegation=held.with_(send_as=tuple(wanted)))
    run.wrote(mailbox.oid, f"SendAs: {'given to' if given else 'taken from'} {trustee}")
    return []


def _ace(identity: str, user: str, found: list[str]) -> Json:
    return {
        "Identity": identity,
        "User": user,
        "AccessRights": found,
        "IsInherited": False,
        "Deny": False,
        "InheritanceType": "All",
    }


def _sender(identity: str, trustee: str) -> Json:
    return {
        "Identity": identity,
        "Trustee": trustee,
        "AccessControlType": "Allow",
        "AccessRights": ["SendAs"],
        "IsInherited": False,
        "InheritanceType": "None",
    }
