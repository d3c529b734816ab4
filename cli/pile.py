"""Past alerts put in the order of their own times, on disk, so that memory does not grow with them.

Files come in the order of their names, counters have to see alerts in the order of their times.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from shared.model import Alert


class Pile:
    """Takes alerts in any order, each once, and gives them back in the order of their times."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="firebreak-backtest-")
        self._rows = sqlite3.connect(Path(self._folder.name) / "alerts.sqlite")
        self._rows.execute("PRAGMA synchronous = OFF")
        self._rows.execute("CREATE TABLE alert (id TEXT PRIMARY KEY, at REAL, told TEXT)")

    def __enter__(self) -> Self:
        """Nothing more to open."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Leave nothing behind on the disk."""
        self._rows.close()
        self._folder.cleanup()

    def add(self, alert: Alert) -> bool:
        """Add an alert; says whether it is a new one."""
        row = (alert.id, alert.received_at.timestamp(), alert.model_dump_json())
        done = self._rows.execute("INSERT OR IGNORE INTO alert VALUES (?, ?, ?)", row)
        return done.rowcount == 1

    def in_order(self) -> Iterator[Alert]:
        """Give back every alert, the oldest first."""
        self._rows.execute("CREATE INDEX by_time ON alert (at, id)")
        with closing(self._rows.execute("SELECT told FROM alert ORDER BY at, id")) as found:
            for (told,) in found:
                yield Alert.model_validate_json(told)
