"""What a case tells where its alerts came from, and whose carriers tell of it there."""

from __future__ import annotations

import re
from typing import Final

from shared.model import Case, Difference, number_of

_DEFENDER: Final = frozenset(
    {"graph_alerts_v2", "graph_incidents", "graph_notifications", "defender_streaming"}
)
"""Carriers whose alerts go by their ids in Microsoft Defender: streamed, pulled or pointed to, an
alert has one id there. Source: learn.microsoft.com/graph/api/resources/security-alert, `id`."""
_ALERT: Final = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)
"""What such an id looks like; incidents and risks are named with a colon."""
SENTINEL: Final = frozenset({"sentinel_incident"})
"""Carriers whose alerts go by the name of an incident in Microsoft Sentinel."""
SHARED: Final = (
    " Not everything here is known to be about this account alone, so it was left open for a person"
    " to decide."
)
"""What a comment says on an incident that also concerns others, or may."""


def defender_alerts(case: Case) -> tuple[str, ...]:
    """List the case's alerts by their ids in Defender, each once."""
    found = (o.native_id for o in case.origins if o.carrier in _DEFENDER)
    return tuple(dict.fromkeys(one for one in found if _ALERT.fullmatch(one)))


def comment(case: Case) -> str:
    """Say where to read on, and nothing that whoever reads the source may not know."""
    if case.false_alarm:
        return (
            f"Firebreak case {case.id}: a person judged what was reported about the account "
            f"{case.account.upn} a false alarm. Who, why and what was looked at is in the case."
        )
    return (
        f"Firebreak case {case.id}: the account {case.account.upn} was compromised and the case "
        "answered it. What was found, changed and proven is in the case."
    )


def closing(incidents: int, shared: int, verdict: str) -> str:
    """Say what is done to incidents, of which `shared` may concern others and stay open."""
    closed = incidents - shared
    parts = [f"close {number_of(closed, 'incident')} as a {verdict}"] if closed else []
    if shared:
        left = number_of(shared, "incident")
        parts.append(f"comment on {left} that may concern others, left open")
    return " and ".join(parts)


def becomes(words: str, *, shared: bool) -> str:
    """Say what becomes of an incident's grading."""
    return f"left open; the comment adds:{SHARED}" if shared else words


def commented(text: str) -> Difference:
    """Show the comment, which undo cannot take back."""
    return Difference(what="Comment (stays)", was="none", becomes=text)
