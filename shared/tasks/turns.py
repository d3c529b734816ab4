"""Whose turn it is: some tasks wait for the case, and do not keep it open while they do.

| task            | its turn comes                                                             |
|-----------------|----------------------------------------------------------------------------|
| restore_sign_in | when a person asked, and the look at the door found nothing                |
| unblock_sender  | when the checklist is green, or the owner has been let back in             |
| of phase close  | when everything else has ended well, or a person said "false alarm"        |
| every other     | at once                                                                    |
"""

from __future__ import annotations

from typing import Final

from shared.model import UNFINISHED, Phase, ResponderName, Task, TaskState, left_for_people
from shared.policy.checklist import checklist, is_green
from shared.tasks import looks
from shared.tasks.asked import RESTORE, return_asked
from shared.tasks.ledger import CaseFile

UNBLOCK: Final = ResponderName("unblock_sender")
ONCE: Final = frozenset({RESTORE, UNBLOCK})
"""Done once, for a person or by the checklist; no later look does them again."""
_WELL: Final = frozenset({TaskState.VERIFIED, TaskState.SKIPPED, TaskState.REFUSED})
"""Ends that keep nothing open, unless they leave something for a person."""


def has_turn(file: CaseFile, task: Task) -> bool:
    """Whether a task may run now; one that has changed something is always seen through."""
    if task.state is TaskState.APPLIED:
        return True
    if task.responder == RESTORE:
        return file.case.restored_at is not None
    if task.responder == UNBLOCK:
        return _may_send(file)
    if task.phase is Phase.CLOSE and file.case.false_alarm:
        return True
    if task.phase is Phase.CLOSE:
        others = _others(file)
        return all(t.state in _WELL for t in others) and not left_for_people(others)
    return True


def goes_on(file: CaseFile, task: Task) -> bool:
    """Whether a task has something to do by itself, now or at the time it names."""
    if task.state not in UNFINISHED:
        return False
    asked = task.responder == RESTORE and return_asked(file) is not None
    return asked or has_turn(file, task)


def counted(file: CaseFile) -> tuple[Task, ...]:
    """List the tasks that say how the case stands: all but those that wait for it."""
    return tuple(
        task
        for task in file.tasks.values()
        if task.state not in UNFINISHED or (goes_on(file, task) and not _settles(task))
    )


def _settles(task: Task) -> bool:
    """Whether only Microsoft's own delay, of up to a day, stands before its proof."""
    return task.responder == UNBLOCK and task.state is TaskState.APPLIED and bool(task.not_before)


def _may_send(file: CaseFile) -> bool:
    """Whether the sender may be let go: Microsoft's order puts it after the owner's return."""
    if file.case.restored_at is None:
        return return_asked(file) is None and is_green(
            checklist(file.case, file.tasks.values(), file.journal.entries)
        )
    restore = file.tasks.get(RESTORE)
    return restore is None or restore.state not in UNFINISHED


def _others(file: CaseFile) -> tuple[Task, ...]:
    tasks = (task for task in file.tasks.values() if task.phase is not Phase.CLOSE)
    return tuple(task for task in tasks if task.responder not in ONCE)


def watched(file: CaseFile) -> tuple[Task, ...]:
    """Pick the tasks whose work a later look goes over again.

    Once the owner is back the doors stay open, and what was settled with its source stays settled.
    """
    back = file.case.restored_at is not None
    return tuple(
        task
        for task in looks.watched(tuple(file.tasks.values()))
        if task.responder not in ONCE
        and task.phase is not Phase.CLOSE
        and not (back and task.phase is Phase.CONTAIN)
    )
