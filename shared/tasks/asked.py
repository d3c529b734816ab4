"""What a person asked for and was not dealt with yet, read off the journal. Pure."""

from __future__ import annotations

from typing import Final

from shared.model import Entry, Event, ResponderName, TaskId
from shared.tasks.ledger import CaseFile

RESTORE: Final = ResponderName("restore_sign_in")
_ENDED: Final = frozenset({Event.REFUSED, Event.FAILED})


def undo_pending(file: CaseFile) -> tuple[TaskId, ...]:
    """List the tasks that are still to be put back; a refusal is an end as well."""
    pending: dict[TaskId, None] = {}
    names = {task.responder: task.id for task in file.tasks.values()}
    for entry in file.journal.entries:
        if entry.event is Event.UNDO_ASKED:
            pending |= dict.fromkeys(TaskId(task) for task in entry.data.get("tasks", ()))
        elif entry.responder in names and _ends(entry):
            pending.pop(names[entry.responder], None)
    return tuple(pending)


def _ends(entry: Entry) -> bool:
    if entry.event is Event.UNDONE:
        return bool(entry.data.get("last"))
    return entry.event is Event.REFUSED


def return_asked(file: CaseFile) -> Entry | None:
    """Find the request to let the owner back in that was neither granted nor refused yet."""
    if file.case.restored_at is not None:
        return None
    for entry in reversed(file.journal.entries):
        if entry.event is Event.RESTORE_ASKED:
            return entry
        if entry.responder == RESTORE and entry.event in _ENDED:
            return None
    return None
