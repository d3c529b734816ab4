"""What an upgrade has to write: lines of the list of cases, as this version lists them.

Rows are migrated as they are read, but what the list lacks nobody would read: the first version had
no second line for cases that are not settled, so those would be on no page. The timer goes through
the list once, a hundred cases at a time, and remembers how far it came.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from shared.errors import Conflict
from shared.model import SCHEMA, CaseId, TenantId
from shared.store.verbs import Put, Row, Store
from shared.sweeps.tampering import unsettled
from shared.tasks import keys
from shared.tasks.conclusion import row_of
from shared.tasks.ledger import CaseFile, Clock

_AT_ONCE: Final = 100
_DONE: Final = "~"
"""Behind every key: nothing is left."""


class Upgrade:
    """Brings the list of cases of one tenant to this version."""

    def __init__(self, store: Store, clock: Clock, tenant: TenantId) -> None:
        self._store = store
        self._clock = clock
        self._tenant = tenant
        self._done = False

    async def run(self) -> int:
        """Go on with the list where it is not of this version; returns how many lines were read."""
        if self._done:
            return 0
        home = keys.schema(self._tenant)
        mark = await self._store.read(home, keys.LISTED_BY)
        after = str(mark.body["after"]) if mark and mark.body["schema"] == SCHEMA else ""
        if after == _DONE:
            self._done = True
            return 0
        cases = keys.cases(self._tenant)
        scan = self._store.scan(cases, prefix=keys.LISTED, after=after, most=_AT_ONCE)
        lines = [line async for line in scan]
        for line in lines:
            await self._list(line)
        reached = lines[-1].key if len(lines) == _AT_ONCE else _DONE
        body = {"schema": SCHEMA, "after": reached}
        await self._store.write(Put(home, keys.LISTED_BY, body, mark.etag if mark else None))
        return len(lines)

    async def _list(self, line: Row) -> None:
        file = await CaseFile.load(self._store, self._clock, self._tenant, CaseId(line.body["id"]))
        if not file.exists:
            return
        second = f"{keys.OPEN}{line.key}"
        listed = await self._store.read(line.partition, second)
        at = datetime.fromisoformat(line.body["updated_at"])
        now = row_of(file.case, tuple(file.tasks.values()), file.journal.entries, at=at)
        body = now.model_dump(mode="json")
        fresh = Row(line.partition, line.key, body, line.etag)
        if body == line.body and (listed is not None) == unsettled(fresh):
            return
        changes = [Put(line.partition, line.key, body, line.etag)]
        if unsettled(fresh):
            changes.append(Put(line.partition, second, body, listed.etag if listed else None))
        try:
            await self._store.write(*changes)
        except Conflict:
            # Somebody has just written the case's line: it is of this version by that.
            return
