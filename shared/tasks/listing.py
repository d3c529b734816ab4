"""The list of cases, read in bounded pieces: ten thousand cases cost no more than one page.

Cases that are not settled have a second row of their own, so what waits for people is found without
walking through what is over. A search walks newest first, so many rows at most, and says how far
it came; the reader goes on from there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Final

from shared.model import CaseStatus, TenantId, Value
from shared.pages.case_filter import CaseFilter
from shared.pages.lists import CaseRow, Tally
from shared.store.verbs import Row, Store
from shared.tasks import alert_lines, keys
from shared.tasks.lines import UNSETTLED

SHOWN: Final = 50
"""Cases that one section or page shows."""
READ: Final = 500
"""Rows that one search looks at before it says how far it came."""
UNSETTLED_READ: Final = 150
"""Unsettled cases that the first page sorts: a storm opens more, and the page has to stay quick."""
_SETTLED_READ: Final = 75
"""Rows of the first page that are looked at for cases that are over."""
_PART: Final = SHOWN + 1
"""Rows of one request: a page, and whether the list goes on."""


class Piece(Value):
    """Some cases, newest first, and behind which line the list goes on (empty: nowhere)."""

    rows: tuple[CaseRow, ...]
    after: str = ""
    read: int = 0
    """How many rows were looked at."""


class Listing:
    """Reads a tenant's list of cases."""

    def __init__(self, store: Store, tenant: TenantId) -> None:
        self._store = store
        self._tenant = tenant

    async def unsettled(self) -> Piece:
        """Read the newest cases in which somebody or something has to act next."""
        return await self._piece(
            keys.OPEN, "", lambda _: True, most=UNSETTLED_READ, looks=UNSETTLED_READ
        )

    async def settled(self, after: str = "") -> Piece:
        """Read cases that are over."""
        return await self._piece(
            keys.LISTED, after, lambda row: row.status not in UNSETTLED, looks=_SETTLED_READ
        )

    async def find(self, asked: CaseFilter, mine: frozenset[CaseStatus]) -> Piece:
        """Read what a reader asks for, from where they were."""
        unsettled = asked.mine or asked.status in UNSETTLED
        prefix = keys.OPEN if unsettled else keys.LISTED
        return await self._piece(prefix, asked.after, lambda row: asked.fits(row, mine))

    async def alerts_for_people(self) -> Tally:
        """Count the alerts that opened no case and wait for a person."""
        return await alert_lines.for_people(self._store, keys.inbox(self._tenant))

    async def _piece(
        self,
        prefix: str,
        after: str,
        wanted: Callable[[CaseRow], bool],
        *,
        most: int = SHOWN,
        looks: int = READ,
    ) -> Piece:
        found: list[CaseRow] = []
        read, last = 0, ""
        async for row in self._rows(prefix, after, looks):
            if len(found) == most:
                return Piece(rows=tuple(found), after=last, read=read)
            read, last = read + 1, row.key.removeprefix(_lead(prefix))
            line = CaseRow.model_validate(row.body)
            if wanted(line):
                found.append(line)
        return Piece(rows=tuple(found), after=last if read == looks else "", read=read)

    async def _rows(self, prefix: str, after: str, most: int) -> AsyncIterator[Row]:
        """Read lines from a place on, in parts: what is found early is not paid for late."""
        at, last = keys.cases(self._tenant), f"{_lead(prefix)}{after}" if after else ""
        for part in _parts(most):
            rows = [r async for r in self._store.scan(at, prefix=prefix, after=last, most=part)]
            for row in rows:
                yield row
            if len(rows) < part:
                return
            last = rows[-1].key


def _parts(most: int) -> tuple[int, ...]:
    """Cut a reading into requests: one page first, which mostly is enough, then all the rest."""
    return (most,) if most <= UNSETTLED_READ else (_PART, most - _PART)


def _lead(prefix: str) -> str:
    """Say what stands before the place of a line that has two."""
    return prefix.removesuffix(keys.LISTED)
