"""Tell people of a guard that is absent: a line of [protected] that names nobody.

The timer looks after each start and once a day. It is told once, until it is another line or until
everybody was there in between; the row that remembers it is what a probe of health is shown.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from shared.diagnosis import Grade
from shared.doctor.checks.protected import MISSING
from shared.doctor.examine import Doctor
from shared.errors import Conflict
from shared.model import TenantId, digest
from shared.policy.document import Protected
from shared.store.verbs import Drop, Put, Row, Store
from shared.tasks import keys
from shared.tasks.ledger import Clock
from shared.tasks.outbox import Told, announce_plainly

_EVERY: Final = timedelta(days=1)
_AGAIN: Final = timedelta(minutes=10)
"""When it is looked again where the directory did not tell: that is not "absent"."""


class Absence:
    """Looks whom the policy protects, when it is time."""

    def __init__(
        self, doctor: Doctor, store: Store, clock: Clock, tenant: TenantId, protected: Protected
    ) -> None:
        self._doctor = doctor
        self._store = store
        self._clock = clock
        self._tenant = tenant
        self._protected = protected
        self._after: datetime | None = None

    async def run(self) -> tuple[str, ...]:
        """Look, if it is time; returns the lines that were told of."""
        now = self._clock()
        if self._after is not None and now < self._after:
            return ()
        absent, unsure = await self._absent()
        self._after = now + (_AGAIN if unsure else _EVERY)
        row = await self._store.read(keys.brakes(self._tenant), keys.ABSENT)
        known = frozenset[str](row.body["names"] if row else ())
        fresh = tuple(sorted(absent - known))
        if fresh:
            await self._tell(fresh, row)
        await self._remember(absent | known if unsure else absent, known, row)
        return fresh

    async def _absent(self) -> tuple[frozenset[str], bool]:
        if not self._protected.accounts and not self._protected.groups:
            return frozenset(), False
        found = (await self._doctor.one("protected")).findings
        absent = frozenset(one.subject for one in found if one.kind == MISSING)
        return absent, any(one.grade is Grade.UNKNOWN for one in found)

    async def _tell(self, absent: tuple[str, ...], row: Row | None) -> None:
        said = (
            f"These lines under [protected] in the policy name nobody, so they protect nobody: "
            f"{', '.join(absent)}. Write the object ids that Entra shows, and deploy."
        )
        # Named by what is replaced: told again after a crash, it is the same event.
        occasion = digest(*absent, row.etag if row else "")
        await announce_plainly(
            self._store, self._tenant, Told.GUARD_ABSENT, said, self._clock(), occasion=occasion
        )

    async def _remember(
        self, absent: frozenset[str], known: frozenset[str], row: Row | None
    ) -> None:
        if absent == known:
            return
        at = keys.brakes(self._tenant)
        body = {"names": sorted(absent), "at": self._clock().isoformat()}
        put = Put(at, keys.ABSENT, body, row.etag if row else None)
        # Where another worker was faster, it told and wrote the same.
        with suppress(Conflict):
            await self._store.write(put if absent else Drop(at, keys.ABSENT))
