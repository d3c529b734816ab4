"""The way back as a page shows it: the checklist, and what was asked for. Pure."""

from __future__ import annotations

from shared.model import Case, Entry, Event, Task
from shared.pages.values import WayBack
from shared.policy.checklist import checklist, is_green


def way_back(case: Case, tasks: tuple[Task, ...], entries: tuple[Entry, ...]) -> WayBack:
    """Say what stands between the owner and the account."""
    lines = checklist(case, tasks, entries)
    asked = [entry for entry in entries if entry.event is Event.RESTORE_ASKED]
    if not asked:
        return WayBack(lines=lines, green=is_green(lines), asked=False)
    return WayBack(
        lines=lines,
        green=is_green(lines),
        asked=True,
        asked_by=asked[-1].actor,
        override=str(asked[-1].data.get("override", "")),
        restored_at=case.restored_at,
    )
