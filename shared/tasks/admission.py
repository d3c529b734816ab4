"""The look at the door: before the owner is let back in, everything is looked at once more.

What came back since is removed first, and the owner's return is refused, unless a person overrode
the checklist: then it waits until that is done. From the moment the door opens, what is made is the
owner's; a look afterwards reports what it cannot tell by its time, and leaves it alone.
"""

from __future__ import annotations

from typing import Final

from shared.errors import FirebreakError, Refused
from shared.model import UNFINISHED, Entry, Event, Phase, Task
from shared.responder import Change
from shared.tasks import steps, turns
from shared.tasks.asked import RESTORE, return_asked
from shared.tasks.ledger import CaseFile, Clock, Line
from shared.tasks.watch import Watch, again_in

_STATE_WORK: Final = frozenset({Phase.CONTAIN, Phase.EVICT})


class Admission:
    """Lets the owner in, or says why not."""

    def __init__(self, clock: Clock, watch: Watch) -> None:
        self._clock = clock
        self._watch = watch

    async def look(self, file: CaseFile) -> None:
        """Look, if somebody asked and nothing else is at work."""
        asked = return_asked(file)
        if asked is None or _at_work(file):
            return
        try:
            back = await self._watch.found(file, _behind_the_door(file))
        except FirebreakError as error:
            await self._unseen(file, asked, error)
            return
        if back:
            await self._came_back(file, asked, back)
        else:
            await self._open(file, asked, "Looked at the door: nothing came back")

    async def _open(self, file: CaseFile, asked: Entry, said: str) -> None:
        at = self._clock()
        line = Line(
            event=Event.RESTORED,
            text=f"{said}; the owner is let back in, and what is made from now on is the owner's",
            data={"asked": asked.seq},
        )
        after = file.case.model_copy(update={"restored_at": at, "look_after": None})
        await file.record(line, case=after)

    async def _came_back(
        self, file: CaseFile, asked: Entry, back: list[tuple[Task, Change]]
    ) -> None:
        at = self._clock()
        found = "; ".join(change.summary() for _, change in back)
        opened = [steps.still_there(steps.afresh(task), change, at) for task, change in back]
        looked = Line(event=Event.LOOKED, text=f"Looked at the door: found again: {found}")
        if not asked.data["override"]:
            opened.append(steps.stopped_by(_refused(found), file.tasks[RESTORE], at))
        await file.record(
            looked,
            *(line for _, line in opened),
            tasks=[task for task, _ in opened],
            case=file.case.model_copy(update={"proven_at": None}),
        )

    async def _unseen(self, file: CaseFile, asked: Entry, error: FirebreakError) -> None:
        """Wait until it can be seen; a person who overrode the checklist overrode this as well."""
        if asked.data["override"]:
            await self._open(file, asked, f"Could not look at the door ({error}); overridden")
            return
        at = self._clock()
        said = Line(event=Event.DELAYED, text=f"Could not look at the door: {error}; trying again")
        waiting = file.tasks[RESTORE].model_copy(
            update={
                "not_before": at + again_in(error),
                "reason": f"Could not look at the door: {error}",
            }
        )
        await file.record(
            *(() if waiting.reason == file.tasks[RESTORE].reason else (said,)), tasks=[waiting]
        )


def _at_work(file: CaseFile) -> bool:
    """Whether something is still closed or removed, or it is too early for another look."""
    return any(
        task.state in UNFINISHED and task.phase in _STATE_WORK for task in file.tasks.values()
    )


def _behind_the_door(file: CaseFile) -> tuple[Task, ...]:
    """List what is looked at: all but the doors themselves, which are about to be opened."""
    return tuple(task for task in turns.watched(file) if task.phase is not Phase.CONTAIN)


def _refused(found: str) -> Refused:
    return Refused(
        f"Not let back in, because something was found at the door: {found}",
        steps=("See in the case that it is gone", "Then ask again to let the owner back in"),
    )
