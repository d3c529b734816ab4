"""Inbox rules as Exchange shows them: hidden ones on request, folders by name.

Whoever switches a rule through Exchange deletes the mailbox's client-side Outlook rules.
Source: https://learn.microsoft.com/powershell/module/exchange/disable-inboxrule
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

from lab.tenant.answers import ExchangeRefusal
from lab.tenant.cmdlets import Json, Output, Run, binding, cmdlet, not_found
from lab.tenant.state import Mailbox, Rule

_ROLE: Final = "User Options"
_SWITCH: Final = ("Identity", "Mailbox", "Confirm", "Force", "AlwaysDeleteOutlookRulesBlob")
_FIXED: Final = re.compile(r"Delegate Rule -?\d+")


@cmdlet(
    "Get-InboxRule",
    role=_ROLE,
    parameters=("Identity", "Mailbox", "IncludeHidden", "ResultSize"),
)
def get_inbox_rule(run: Run) -> Output:
    """Show one rule of a mailbox, or all of them; without an identity it is all."""
    mailbox = run.mailbox("Mailbox")
    hidden = run.switch("IncludeHidden")
    rules = [rule for rule in mailbox.rules if hidden or not rule.hidden]
    wanted = run.text("Identity")
    if wanted is not None:
        rules = [_find(mailbox, wanted)]
    return [_rule(mailbox, rule) for rule in rules]


@cmdlet("Disable-InboxRule", role=_ROLE, parameters=_SWITCH)
def disable_inbox_rule(run: Run) -> Output:
    """Switch a rule off; with an empty identity all of them."""
    return _switch(run, on=False)


@cmdlet("Enable-InboxRule", role=_ROLE, parameters=_SWITCH)
def enable_inbox_rule(run: Run) -> Output:
    """Switch a rule on; with an empty identity all of them."""
    return _switch(run, on=True)


def _switch(run: Run, *, on: bool) -> Output:
    if not run.asked("Identity"):
        raise binding("Cannot process command because of a missing mandatory parameter: Identity.")
    mailbox = run.mailbox("Mailbox")
    wanted = run.text("Identity")
    meant = [_find(mailbox, wanted)] if wanted is not None else list(mailbox.rules)
    for rule in meant:
        if wanted is not None and _FIXED.fullmatch(rule.name):
            raise ExchangeRefusal(
                400,
                "Microsoft.Exchange.Management.RecipientTasks.InvalidInboxRuleOperationException",
                f"The rule '{rule.name}' can't be changed.",
            )
    ids = {rule.id for rule in meant}
    rules = tuple(replace(r, enabled=on) if r.id in ids else r for r in mailbox.rules)
    if mailbox.outlook_rules and not run.switch("AlwaysDeleteOutlookRulesBlob"):
        run.warnings.append("Rules that were created in Outlook were deleted.")
    run.world.change_mailbox(mailbox.oid, rules=rules, outlook_rules=())
    names = ", ".join(repr(rule.name) for rule in meant)
    run.wrote(mailbox.oid, f"rule {names}: {'enabled' if on else 'disabled'}")
    return []


def _find(mailbox: Mailbox, identity: str) -> Rule:
    number = identity.rpartition("\\")[2]
    for rule in mailbox.rules:
        if number == str(rule.number) or identity == rule.name:
            return rule
    raise not_found(identity)


def _rule(mailbox: Mailbox, rule: Rule) -> Json:
    actions, conditions = rule.actions, rule.conditions
    return {
        "Identity": f"{mailbox.alias}\\{rule.number}",
        "RuleIdentity": rule.number,
        "Name": rule.name,
        "Enabled": rule.enabled,
        "Priority": rule.sequence,
        "InError": False,
        "MailboxOwnerId": mailbox.alias,
        "BodyContainsWords": conditions.get("bodyContains"),
        "From": _people(conditions.get("fromAddresses")),
        "FromAddressContainsWords": conditions.get("senderContains"),
        "SubjectContainsWords": conditions.get("subjectContains"),
        "SubjectOrBodyContainsWords": conditions.get("bodyOrSubjectContains"),
        "CopyToFolder": actions.get("copyToFolder"),
        "DeleteMessage": bool(actions.get("delete")),
        "ForwardAsAttachmentTo": _people(actions.get("forwardAsAttachmentTo")),
        "ForwardTo": _people(actions.get("forwardTo")),
        "MarkAsRead": bool(actions.get("markAsRead")),
        "MoveToFolder": actions.get("moveToFolder"),
        "RedirectTo": _people(actions.get("redirectTo")),
        "StopProcessingRules": bool(actions.get("stopProcessingRules")),
    }


def _people(recipients: Any) -> list[str] | None:
    if not recipients:
        return None
    people = [recipient["emailAddress"] for recipient in recipients]
    return [
        f'"{person.get("name") or person["address"]}" [SMTP:{person["address"]}]'
        for person in people
    ]
