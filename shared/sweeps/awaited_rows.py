"""See that whatever waits for a person stands where the approvals page looks for it.

Row and line are written in one transaction, so they differ only where a version wrote the line that
knows no such rows: before an upgrade, beside it, or after a way back. So the timer goes round for
ever, a portion at a time, and brings what differs. After the first round the page relies on them.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from shared.errors import Conflict
from shared.model import TenantId
from shared.store.verbs import Put, Row, Store
from shared.tasks import keys
from shared.tasks.awaited import Compared
from shared.tasks.lines import beside, brought, line_beside, read_beside

PORTION: Final = 100
"""Rows of each kind that are looked at each time."""


class AwaitedRows:
    """Compares the rows of what waits with the lines of one tenant's cases."""

    def __init__(self, store: Store, tenant: TenantId) -> None:
        self._store = store
        self._at = keys.cases(tenant)
        self._home = keys.schema(tenant)

    async def run(self) -> int:
        """Go on with the round; returns how many lines had not what belongs beside them."""
        mark = await self._store.read(self._home, keys.AWAITED_BY)
        so_far = Compared.model_validate(mark.body) if mark else Compared()
        unsettled, awaited = await asyncio.gather(
            self._portion(keys.OPEN, so_far.lines), self._portion(keys.AWAITED, so_far.rows)
        )
        stand = {row.key: row for row in (*unsettled, *awaited)}
        doubtful: dict[str, dict[str, Row]] = {}
        for row in stand.values():
            if (key := line_beside(row)) and not _fits(row, key, stand):
                doubtful.setdefault(key, {})[row.key] = row
        lines = await asyncio.gather(*(self._bring(key, rows) for key, rows in doubtful.items()))
        reached = Compared(
            lines=_reached(unsettled),
            rows=_reached(awaited),
            once=so_far.once or len(unsettled) < PORTION,
        )
        if mark is None or reached != so_far:
            body, etag = reached.model_dump(), mark.etag if mark else None
            with suppress(Conflict):
                await self._store.write(Put(self._home, keys.AWAITED_BY, body, etag))
        return sum(lines)

    async def _portion(self, prefix: str, after: str) -> list[Row]:
        scan = self._store.scan(self._at, prefix=prefix, after=after, most=PORTION)
        return [row async for row in scan]

    async def _bring(self, key: str, rows: dict[str, Row]) -> bool:
        """Bring what stands beside a line. Whoever writes that meanwhile does the same."""
        line = await self._store.read(self._at, key)
        if line is None:
            # Firebreak removes no line: `audit verify` says that somebody did.
            return False
        seen = rows | await read_beside(self._store, self._at, key, line.body)
        if {place: one.body for place, one in seen.items()} == beside(key, line.body):
            return False
        changes = brought(self._at, key, line.body, before={}, seen=seen)
        with suppress(Conflict):
            await self._store.write(Put(self._at, key, line.body, line.etag), *changes)
            return True
        return False


def _fits(row: Row, key: str, stand: dict[str, Row]) -> bool:
    """Whether a row, and whatever belongs beside the same line, is seen to be right."""
    line = stand.get(f"{keys.OPEN}{key}")
    if line is None:
        return False
    right = beside(key, line.body)
    seen = {place: stand[place].body for place in right if place in stand}
    return row.key in right and seen == right


def _reached(rows: list[Row]) -> str:
    return rows[-1].key if len(rows) == PORTION else ""
