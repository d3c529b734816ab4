"""What an upgrade has to write: lines of the lists of cases and alerts, as this version lists them.

Rows are migrated as they are read, but what a list lacks nobody would read: the first version had
no second line for cases that are not settled, so those would be on no page, nor one for alerts that
wait for a person, so those would not be counted. The timer goes through each list once, some lines
at a time, and remembers how far it came; what people are asked it then keeps up with, for ever.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.errors import Conflict
from shared.model import ALERTS_FOR_PEOPLE, SCHEMA, AlertId, AlertState, CaseId, TenantId
from shared.store.verbs import Partition, Put, Row, Store
from shared.sweeps.awaited_rows import AwaitedRows
from shared.tasks import keys
from shared.tasks.ledger import CaseFile, Clock
from shared.tasks.lines import beside, brought, read_beside
from shared.tasks.roll import row_of

_CASES: Final = 100
_ALERTS: Final = 500
"""Lines of each list that are brought at once."""
_DONE: Final = "~"
"""Behind every key: nothing is left."""


@dataclass(frozen=True, slots=True)
class _Walk:
    """One list: where it is noted how far it was walked, where it is, how much of it at once."""

    mark: str
    at: Partition
    prefix: str
    most: int


class Upgrade:
    """Brings the lists of one tenant to this version."""

    def __init__(self, store: Store, clock: Clock, tenant: TenantId) -> None:
        self._store = store
        self._clock = clock
        self._tenant = tenant
        self._awaited = AwaitedRows(store, tenant)
        self._done = False

    async def run(self) -> int:
        """Go on with lists that are not of this version; returns how many lines it took.

        Once they are, those are lines that another version wrote since.
        """
        if self._done:
            return await self._awaited.run()
        cases = _Walk(keys.LISTED_BY, keys.cases(self._tenant), keys.LISTED, _CASES)
        alerts = _Walk(keys.ALERTS_LISTED_BY, keys.inbox(self._tenant), keys.SHOWN, _ALERTS)
        listed, all_cases = await self._go_on(cases, self._list)
        found, all_alerts = await self._go_on(alerts, self._find)
        self._done = all_cases and all_alerts
        return listed + found + (await self._awaited.run() if all_cases else 0)

    async def _go_on(
        self, walk: _Walk, bring: Callable[[Row], Awaitable[None]]
    ) -> tuple[int, bool]:
        """Bring the next lines of a list; returns how many, and whether none are left."""
        home = keys.schema(self._tenant)
        mark = await self._store.read(home, walk.mark)
        after = str(mark.body["after"]) if mark and mark.body["schema"] == SCHEMA else ""
        if after == _DONE:
            return 0, True
        scan = self._store.scan(walk.at, prefix=walk.prefix, after=after, most=walk.most)
        lines = [line async for line in scan]
        for line in lines:
            await bring(line)
        reached = lines[-1].key if len(lines) == walk.most else _DONE
        body = {"schema": SCHEMA, "after": reached}
        try:
            await self._store.write(Put(home, walk.mark, body, mark.etag if mark else None))
        except Conflict:
            # Another run of the timer walks too: the next one goes on where either of them is.
            return len(lines), False
        return len(lines), reached == _DONE

    async def _find(self, line: Row) -> None:
        """Write the second line of an alert that waits for a person, where it has none."""
        if line.body.get("state") == AlertState.IGNORED:
            return
        name = AlertId(line.body["alert"])
        row = await self._store.read(line.partition, keys.alert_row(name))
        if row is None or row.body["state"] not in ALERTS_FOR_PEOPLE:
            return
        second = keys.in_list(keys.PERSON, line.key)
        # The alert is written as it is: whoever answers it meanwhile writes, or drops, the line.
        with suppress(Conflict):
            await self._store.write(
                Put(line.partition, second, line.body),
                Put(row.partition, row.key, row.body, row.etag),
            )

    async def _list(self, line: Row) -> None:
        file = await CaseFile.load(self._store, self._clock, self._tenant, CaseId(line.body["id"]))
        if not file.exists:
            return
        at = datetime.fromisoformat(line.body["updated_at"])
        now = row_of(file.case, tuple(file.tasks.values()), file.journal.entries, at=at)
        body = now.model_dump(mode="json")
        seen = await read_beside(self._store, line.partition, line.key, body)
        stand = {key: row.body for key, row in seen.items()}
        if body == line.body and stand == beside(line.key, body):
            return
        rows = brought(line.partition, line.key, body, before=line.body, seen=seen)
        # Whoever has just written the case's line brought it to this version by that.
        with suppress(Conflict):
            await self._store.write(Put(line.partition, line.key, body, line.etag), *rows)
