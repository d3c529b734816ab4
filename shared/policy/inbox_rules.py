"""Judge an inbox rule by its content: is it the intruder's? Pure; a score and its reasons.

Nobody can say when a rule was made (neither Graph nor Exchange keeps the time), so what tells is
what it does: intruders hide replies and warnings, and send mail out. One trait alone proves
nothing, because owners do each of these things too; together they are never an owner's rule. Traits
follow the inbox-rule alerts of Microsoft Defender and MITRE ATT&CK T1564.008 and T1114.003.
"""

from __future__ import annotations

from typing import Final

from shared.clients.inbox import InboxRule
from shared.policy.scored import Scored

_CORNERS: Final = (
    "rss",
    "archive",
    "conversation history",
    "deleted items",
    "junk",
    "notes",
    "sync issues",
)
"""Folders where nobody looks, as part of the folder's name in lower case."""
_TELLTALE: Final = (
    "bank",
    "fraud",
    "hack",
    "helpdesk",
    "invoice",
    "mailer-daemon",
    "password",
    "payment",
    "payroll",
    "phish",
    "postmaster",
    "remittance",
    "security",
    "spam",
    "suspicious",
    "undeliver",
    "virus",
    "wire",
)
"""What an intruder does not want the owner to read, or wants to read alone."""
_SHORT: Final = 2


class JudgedRule(Scored):
    """A rule, its score (0 and up) and why."""

    rule: InboxRule


def judge(rule: InboxRule, own_domains: frozenset[str]) -> JudgedRule:
    """Score a rule. `own_domains` are the tenant's verified domains in lower case."""
    traits = [
        (points, reason)
        for points, reason in (
            _sends_out(rule, own_domains),
            _hides(rule),
            _buries(rule),
            _takes_all(rule, own_domains),
            _watches(rule),
            _nameless(rule),
            (30 if rule.hidden else 0, "is hidden from Outlook"),
            (10 if rule.marks_read else 0, "marks mail as read"),
            (5 if rule.stops else 0, "keeps other rules from running"),
        )
        if points
    ]
    return JudgedRule(
        rule=rule,
        score=sum(points for points, _ in traits),
        reasons=tuple(reason for _, reason in traits),
    )


def _outside(rule: InboxRule, own: frozenset[str]) -> list[str]:
    return [to for to in rule.forwards_to if to.rpartition("@")[2] not in own]


def _sends_out(rule: InboxRule, own: frozenset[str]) -> tuple[int, str]:
    outside = _outside(rule, own)
    return (40 if outside else 0, f"sends mail out to {', '.join(outside)}")


def _hides(rule: InboxRule) -> tuple[int, str]:
    return (25 if rule.deletes else 0, "deletes mail before it is read")


def _buries(rule: InboxRule) -> tuple[int, str]:
    folder = (rule.folder or "").lower()
    return (
        25 if any(corner in folder for corner in _CORNERS) else 0,
        f"moves mail to “{rule.folder}”, where nobody looks",
    )


def _takes_all(rule: InboxRule, own: frozenset[str]) -> tuple[int, str]:
    acts = rule.deletes or rule.folder or _outside(rule, own)
    return (25 if acts and not rule.conditional else 0, "acts on all mail, without a condition")


def _watches(rule: InboxRule) -> tuple[int, str]:
    words = [word for word in rule.words if any(tell in word.lower() for tell in _TELLTALE)]
    return (25 if words else 0, f"looks for {', '.join(repr(word) for word in words[:5])}")


def _nameless(rule: InboxRule) -> tuple[int, str]:
    letters = [letter for letter in rule.name if letter.isalnum()]
    return (30 if len(letters) <= _SHORT else 0, f"has no real name ({rule.name!r})")
