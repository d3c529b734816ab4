"""What a person decides about, as frozen values: the concrete change, who asks, and until when."""

from __future__ import annotations

from typing import Any

from shared.model import (
    Case,
    CaseId,
    Difference,
    Foothold,
    Phase,
    ResponderName,
    Task,
    Utc,
    Value,
    Wait,
)
from shared.responder import Change, Responder


class Choice(Value):
    """One foothold that can be released alone; `key` names it, whatever its label."""

    key: str
    foothold: Foothold


class Card(Value):
    """One change that waits for a person."""

    case: CaseId
    upn: str
    display_name: str
    alert: str
    """What the case is about, in the alert's words."""
    responder: ResponderName
    phase: Phase
    summary: str
    """What will be done."""
    note: str
    """Why it is asked again, where it is."""
    differences: tuple[Difference, ...]
    footholds: tuple[Foothold, ...]
    choices: tuple[Choice, ...]
    """The footholds that can be released one by one; none where it is all or nothing."""
    fingerprint: str
    impact: str
    """What the account's owner notices."""
    reversible: bool
    reasons: tuple[str, ...]
    """Why the policy asks instead of acting."""
    compromised_since: Utc
    since: Utc
    expires_at: Utc
    escalated: bool
    four_eyes: bool
    approved_by: tuple[str, ...]
    """Who said yes already, where two have to."""


class ApprovalsView(Value):
    """A page of what waits for a person: case by case, whatever expires first on top."""

    at: Utc
    cards: tuple[Card, ...]
    changes: int
    """How many wait in all, on every page, as far as they were counted."""
    cases: int
    """Cases on this page."""
    cases_before: int = 0
    cases_in_all: int
    at_least: bool = False
    """Whether more wait than were counted: those that are given up first."""
    after: str = ""
    """Where the next page begins; empty: there is none."""


def card(case: Case, task: Task, responder: Responder[Any], *, wait: Wait, four_eyes: bool) -> Card:
    """Make the card of a task that waits."""
    change: Change = responder.revive(task.change or {})
    choices = tuple(
        Choice(key=key, foothold=foothold)
        for key, foothold in zip(change.pieces, change.footholds(), strict=False)
    )
    return Card(
        case=case.id,
        upn=case.account.upn,
        display_name=case.account.display_name,
        alert=case.title,
        responder=task.responder,
        phase=task.phase,
        summary=change.summary(),
        note=task.reason,
        differences=change.differences(),
        footholds=change.footholds(),
        choices=choices,
        fingerprint=change.fingerprint(),
        impact=responder.impact,
        reversible=responder.reversible,
        reasons=case.reasons,
        compromised_since=case.compromised_since,
        since=wait.since,
        expires_at=wait.expires_at,
        escalated=wait.escalated,
        four_eyes=four_eyes,
        approved_by=tuple(consent.by.name for consent in wait.consents),
    )
