"""Judge an inbox rule by the audit log's row about it: is its mailbox worth a look? Pure.

A row says what was asked for, not what is there now, and Outlook's own rows say nothing of what the
rule does. So a row convicts nobody: it tells whose rules are to be read.
"""

from __future__ import annotations

from typing import Any, Final

from shared.clients.audit_search import AuditRecord
from shared.clients.exchange import smtp
from shared.clients.inbox import InboxRule
from shared.policy.inbox_rules import judge

SILENT: Final = "UpdateInboxRules"
"""What Outlook writes: that rules were changed, not how."""
OPERATIONS: Final = ("New-InboxRule", "Set-InboxRule", "Enable-InboxRule", SILENT)
_SENDS: Final = ("ForwardTo", "ForwardAsAttachmentTo", "RedirectTo")
_CONDITIONS: Final = ("ContainsWords", "ContainsWord")


def worth_a_look(record: AuditRecord, own_domains: frozenset[str]) -> bool:
    """Whether the rules of the row's mailbox should be read."""
    if record.operation != "New-InboxRule":
        # What a change makes of a rule, only the rule itself tells.
        return record.operation in OPERATIONS
    return judge(_rule(record), own_domains).suspicious


def whose(record: AuditRecord) -> str | None:
    """Name the mailbox's owner where the row says, or whoever made the rule."""
    return record.details.get("MailboxOwnerUPN") or record.by


def _rule(record: AuditRecord) -> InboxRule:
    given = {str(p.get("Name")): p.get("Value") for p in record.details.get("Parameters") or ()}
    words = [w for name, v in given.items() if name.endswith(_CONDITIONS) for w in _several(v)]
    return InboxRule(
        id=record.id,
        name=str(given.get("Name") or ""),
        enabled=True,
        hidden=False,
        forwards_to=tuple(smtp(to) for name in _SENDS for to in _several(given.get(name))),
        folder=given.get("MoveToFolder") or None,
        deletes=_true(given.get("DeleteMessage")),
        marks_read=_true(given.get("MarkAsRead")),
        stops=_true(given.get("StopProcessingRules")),
        words=tuple(words),
        conditional=bool(words or given.get("From")),
    )


def _several(value: Any) -> list[str]:
    return [part.strip() for part in str(value or "").split(";") if part.strip()]


def _true(value: Any) -> bool:
    return str(value).lower() == "true"
