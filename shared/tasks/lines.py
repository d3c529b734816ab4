"""A case's rows in the list: its line, and what stands beside it so that it is found at once.

TIME:ID           the line; newest first
open:TIME:ID      the same once more, while something or somebody has to act next
awaited:TIME:ID   while a person is asked: what is given up first sorts first; it names nobody

They are written in one transaction, so a line tells which rows stand beside it. A row is changed
only together with its line: whoever changes them at the same time meets a `Conflict` there.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from shared.model import CaseId, CaseStatus, Json
from shared.store.verbs import Drop, Partition, Put, Row, Store
from shared.tasks import keys

UNSETTLED: Final = frozenset({CaseStatus.OPEN, CaseStatus.WAITING, CaseStatus.NEEDS_PERSON})
"""Statuses in which somebody or something has to act next."""

_LINE: Final = re.compile(r"\d{14}:[0-9a-f]{8,64}")


def beside(key: str, line: Json) -> dict[str, Json]:
    """Tell which rows stand beside a line, and what each says. Pure.

    A line that somebody altered may say anything: one that says something waits stands there.
    """
    waiting = line.get("waiting")
    rows: dict[str, Json] = {}
    if line.get("status") in UNSETTLED or waiting:
        rows[f"{keys.OPEN}{key}"] = line
    if waiting:
        case = CaseId(key.rpartition(":")[2])
        place = keys.awaited_row(_moment(line.get("expires_at")), case)
        rows[place] = {"id": case, "line": key, "waiting": waiting}
    return rows


def line_beside(row: Row) -> str:
    """Name the line beside which a row says that it stands; empty where it names none."""
    named = row.body.get("line") if row.key.startswith(keys.AWAITED) else row.key
    found = _LINE.fullmatch(str(named).removeprefix(keys.OPEN))
    return found[0] if found else ""


async def read_beside(store: Store, at: Partition, key: str, line: Json) -> dict[str, Row]:
    """Read what stands now where the rows beside a line belong."""
    places = {f"{keys.OPEN}{key}", *beside(key, line)}
    rows = await asyncio.gather(*(store.read(at, place) for place in sorted(places)))
    return {row.key: row for row in rows if row is not None}


def brought(
    at: Partition, key: str, line: Json, *, before: Json, seen: Mapping[str, Row]
) -> tuple[Put | Drop, ...]:
    """Change what stands beside a line to what belongs there: goes into one write with the line.

    `before` is what the line said until now, `seen` what was read beside it. What is as it should
    be is written all the same: somebody may have dropped it since, together with an older line.
    """
    wanted = beside(key, line)
    gone = (beside(key, before).keys() | seen.keys()) - wanted.keys()
    puts = [
        Put(at, place, row, seen[place].etag if place in seen else None)
        for place, row in wanted.items()
    ]
    return (*puts, *(Drop(at, place) for place in sorted(gone)))


def _moment(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else None
