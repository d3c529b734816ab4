"""Who answers for the start of a compromise, and how far back anything can be looked for. Pure.

What came since the start is taken for the intruder's. A sender's wrong clock, an alert that was
played back or a dry run would otherwise have the owner's own devices taken away by themselves.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from shared.errors import Refused
from shared.model import Entry, Event
from shared.tasks.ledger import CaseFile

START = "start"
"""In the journal's line about a person's request: the start they named."""
FURTHEST: Final = timedelta(days=366)
"""How far back a start may lie: the audit log keeps a year at most unless more is bought, sign-ins
and message traces less. Source: learn.microsoft.com/purview/audit-solutions-overview
"""


def refuse_start(start: datetime, now: datetime) -> None:
    """Raise `Refused` for a start that somebody named and that lies ahead, or too far back."""
    if start > now:
        raise Refused("The compromise cannot begin in the future; give a time that has passed")
    if start < (bound := now - FURTHEST):
        raise Refused(
            f"A compromise cannot begin before {bound:%Y-%m-%d %H:%M} UTC, {FURTHEST.days} days "
            "ago: no log that says what the intruder did goes back further, and everything the "
            "owner ever set up would count as the intruder's; give a later time"
        )


def sure_since(file: CaseFile, longest: timedelta) -> datetime | None:
    """Tell since when the intruder was in for sure, where the case says longer.

    `None` where its start is no older than `longest` before it was opened, or a person named it.
    """
    start, nearest = file.case.compromised_since, file.case.opened_at - longest
    if start >= nearest or any(_named(entry) == start for entry in file.journal.entries):
        return None
    return nearest


def in_doubt(start: datetime, sure: datetime) -> str:
    """Say why a change asks that the policy enforces."""
    return (
        f"This takes what came since {start:%Y-%m-%d %H:%M} UTC for the intruder's. An alert said "
        f"so and no person, and it is longer ago than guards.stale_hours allows: look at what is "
        f"from before {sure:%Y-%m-%d %H:%M} UTC before you release this"
    )


def _named(entry: Entry) -> datetime | None:
    key = "since" if entry.event is Event.SINCE else START
    said = entry.data.get(key)
    return datetime.fromisoformat(said) if isinstance(said, str) else None
