"""The settings of Get-Mailbox and Set-Mailbox beside forwarding: send on behalf, and auditing.

Naming the actions of a logon type takes it out of Microsoft's default set; naming it in the default
set forgets the actions that were chosen.
Source: https://learn.microsoft.com/purview/audit-mailboxes
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from lab.tenant.cmdlets import Json, Run, binding, recipient
from lab.tenant.mailbox_state import LOGONS, Auditing, Delegation
from lab.tenant.recipients import by_id
from lab.tenant.state import Mailbox
from lab.tenant.world import World

SETTINGS: Final = (
    "GrantSendOnBehalfTo",
    "AuditEnabled",
    "DefaultAuditSet",
    *(f"Audit{logon}" for logon in LOGONS),
)
DEFAULTS: Final = MappingProxyType(
    {
        "Admin": ("Create", "HardDelete", "SendAs", "UpdateInboxRules"),
        "Delegate": ("Create", "HardDelete", "SendAs", "UpdateInboxRules"),
        "Owner": ("HardDelete", "MailItemsAccessed", "SoftDelete", "UpdateInboxRules"),
    }
)
"""Some of what Microsoft chooses for each logon type; the whole list depends on the licence."""
_TABLE: Final = "#Exchange.GenericHashTable"


def settings_given(run: Run, mailbox: Mailbox) -> dict[str, Any]:
    """Read what a Set-Mailbox changes of these settings."""
    changes: dict[str, Any] = {}
    if run.asked("GrantSendOnBehalfTo"):
        changes["delegation"] = _behalf(run, mailbox.delegation)
    auditing = _auditing(run, mailbox.auditing)
    return changes if auditing == mailbox.auditing else {**changes, "auditing": auditing}


def settings_shown(world: World, mailbox: Mailbox) -> Json:
    """Show these settings as Get-Mailbox does."""
    held = mailbox.auditing
    return {
        "GrantSendOnBehalfTo": [
            by_id(world.state, oid).name for oid in mailbox.delegation.send_on_behalf
        ],
        "AuditEnabled": held.enabled,
        "AuditLogAgeLimit": held.age_limit,
        "DefaultAuditSet": list(held.default_set),
        **{f"Audit{logon}": list(held.custom.get(logon, DEFAULTS[logon])) for logon in LOGONS},
    }


def _behalf(run: Run, held: Delegation) -> Delegation:
    given = run.given["grantsendonbehalfto"]
    if not isinstance(given, dict):
        wanted = {recipient(run.world, name).id for name in given or ()}
        return held.with_(send_on_behalf=tuple(wanted))
    if given.get("@odata.type") != _TABLE:
        raise binding(
            "Cannot convert the value of 'GrantSendOnBehalfTo' to a multivalued property."
        )
    now = set(held.send_on_behalf)
    now |= {recipient(run.world, name).id for name in _names(given.get("add"))}
    now -= {recipient(run.world, name).id for name in _names(given.get("remove"))}
    return held.with_(send_on_behalf=tuple(now))


def _names(value: Any) -> list[str]:
    return [] if value is None else [value] if isinstance(value, str) else list(value)


def _auditing(run: Run, held: Auditing) -> Auditing:
    custom = dict(held.custom)
    if run.asked("DefaultAuditSet"):
        for logon in _names(run.given["defaultauditset"]):
            if logon not in LOGONS:
                raise binding(f"Cannot convert value '{logon}' to a mailbox logon type.")
            custom.pop(logon, None)
    for logon in LOGONS:
        if run.asked(f"Audit{logon}"):
            custom[logon] = tuple(_names(run.given[f"audit{logon}".lower()]))
    enabled = run.switch("AuditEnabled") if run.asked("AuditEnabled") else held.enabled
    return replace(held, enabled=enabled, custom=MappingProxyType(dict(sorted(custom.items()))))
