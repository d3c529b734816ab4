"""What a case tells where its alerts came from, and whose carriers tell of it there."""

from __future__ import annotations

from typing import Final

from shared.model import Case

DEFENDER: Final = frozenset({"graph_alerts_v2", "graph_incidents"})
"""Carriers whose alerts go by their ids in Microsoft Defender."""
SENTINEL: Final = frozenset({"sentinel_incident"})
"""Carriers whose alerts go by the name of an incident in Microsoft Sentinel."""
SHARED: Final = (
    " Not everything here is known to be about this account alone, so it was left open for a person"
    " to decide."
)
"""What a comment says on an incident that also concerns others, or may."""


def comment(case: Case) -> str:
    """Say where to read on, and nothing that whoever reads the source may not know."""
    return (
        f"Firebreak case {case.id}: the account {case.account.upn} was compromised and the case "
        "answered it. What was found, changed and proven is in the case."
    )
