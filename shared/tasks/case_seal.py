"""The seal of a case: one row that knows what its other rows say. Pure.

It is written in every transaction of the case, so that a row that was changed, removed or added by
anybody else disagrees with it: a task's state, the case itself, and the journal's last lines, whose
removal no chain shows. The daily anchor over all cases keeps the seals themselves honest.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from shared.model import Entry, Json, Value
from shared.tasks.chain import GENESIS, fingerprint


class CaseSeal(Value):
    """What the rows of a case say, as of its last write."""

    writes: int = 0
    """How often the case was written to."""
    seq: int = 0
    """The journal's last line."""
    head: str = GENESIS
    """That line's hash."""
    rows: dict[str, str] = {}  # noqa: RUF012 - pydantic copies it
    """The fingerprint of the case and of each task, by the row's key."""
    own: str = ""
    """The fingerprint of all that, so that a changed seal is told from a changed row."""

    def after(self, entries: Iterable[Entry], bodies: Iterable[tuple[str, Json]]) -> Self:
        """Seal another write: its new lines, and the rows it stores."""
        last = max(entries, key=lambda entry: entry.seq, default=None)
        changed = {key: fingerprint(body) for key, body in bodies}
        grown = {
            "writes": self.writes + 1,
            "seq": last.seq if last else self.seq,
            "head": last.hash if last else self.head,
            "rows": {**self.rows, **changed},
        }
        blank = self.model_copy(update=grown)
        return blank.model_copy(update={"own": blank.fingerprint})

    @property
    def fingerprint(self) -> str:
        """What `own` has to be."""
        return fingerprint(self.model_dump(mode="json", exclude={"own"}))
