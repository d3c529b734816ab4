"""The journal of a case: lines that only grow, each carrying the hash of the one before. Pure.

A line about a change is stored before the change is made, in the same write as the task's state, so
that what the tenant went through can always be read off the journal, after any crash.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from shared.model import Entry, Event, Json, ResponderName
from shared.tasks.chain import GENESIS, broken_at, fresh_salt, linked, unsalted
from shared.tasks.erased import erased_lines

WORKER: Final = "firebreak"
"""Who did it, where no person did."""


class Journal:
    """The lines of one case, and how to add one."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._entries = sorted(entries, key=lambda entry: entry.seq)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All lines, oldest first."""
        return tuple(self._entries)

    def line(
        self,
        event: Event,
        text: str,
        *,
        at: datetime,
        actor: str = WORKER,
        responder: ResponderName | None = None,
        data: Json | None = None,
    ) -> Entry:
        """Write the next line, without adding it: only what was stored is added."""
        last = self._entries[-1] if self._entries else None
        blank = Entry(
            seq=last.seq + 1 if last else 1,
            at=at,
            event=event,
            actor=actor,
            responder=responder,
            text=text,
            data=data or {},
            salt=fresh_salt(),
            said="",
            before=last.hash if last else GENESIS,
            hash="",
        )
        return linked(blank)

    def add(self, entry: Entry) -> None:
        """Take up a line that was stored."""
        self._entries.append(entry)

    @property
    def unsalted(self) -> bool:
        """Whether all of it was written by the first version, which did not seal its cases."""
        return bool(self._entries) and all(map(unsalted, self._entries))

    def broken_at(self) -> int | None:
        """Find the first line whose chain does not hold, `None` where all is intact."""
        return broken_at(self._entries, gone=erased_lines(self._entries))
