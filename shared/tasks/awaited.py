"""Which cases wait for a person, whatever is given up first on top.

Beside the line of a case that waits stands a row whose key sorts by that. A page reads the rows of
its own cases, and so many more to count what waits; only the cases it shows are read in full. Until
the timer has brought a list of the version before (`shared.sweeps.mending`), all lines are read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import StringConstraints, ValidationError

from shared.errors import Refused
from shared.model import CaseId, Json, TenantId, Value
from shared.pages.case_filter import Cursor
from shared.store.verbs import Partition, Store
from shared.tasks import keys
from shared.tasks.lines import beside

CASES: Final = 5
"""Cases whose changes one page shows."""
COUNTED: Final = 100
"""Cases that wait and are counted; of more a page says "at least"."""

type _Place = tuple[str, Json]
"""Where a case stands among those that wait, and its row there."""


class Wanted(Value):
    """Which of what waits is asked for."""

    case: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{8,64})?$")] = ""
    """Only what waits in this case."""
    after: Cursor = ""
    """Where the page before ended."""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Wanted:
        """Read the query of an address. Raises `Refused` where it is no such thing."""
        try:
            return cls.model_validate({n: query[n] for n in cls.model_fields if n in query})
        except ValidationError as error:
            name = error.errors()[0]["loc"][0]
            raise Refused(f"This is no {name}; go to the first page of the approvals") from error


class Awaited(Value):
    """Some cases that wait, and how much waits in all."""

    cases: tuple[CaseId, ...]
    before: int = 0
    """Cases on the pages before, as far as they were counted."""
    changes: int = 0
    """Changes that wait, in all cases that were counted."""
    cases_in_all: int = 0
    at_least: bool = False
    """Whether more wait than were counted: those that are given up first."""
    after: str = ""
    """Where the next page begins; empty: there is none."""


class Compared(Value):
    """How far the rows of what waits were compared with the lines beside which they stand."""

    lines: str = ""
    """Behind which row of what is not settled it goes on; empty: from the first on."""
    rows: str = ""
    """The same of what waits."""
    once: bool = False
    """Whether every line was looked at since the version came that writes those rows."""


async def awaited(store: Store, tenant: TenantId, wanted: Wanted) -> Awaited:
    """Find the cases of one page among all that wait."""
    at = keys.cases(tenant)
    mark, rows = await asyncio.gather(
        store.read(keys.schema(tenant), keys.AWAITED_BY), _places(store, at, most=COUNTED + 1)
    )
    brought = mark is not None and Compared.model_validate(mark.body).once
    if not brought:
        rows = await _by_lines(store, at)
    counted, cut = rows[:COUNTED], brought and len(rows) > COUNTED
    ahead = [place for place in rows if place[0] > wanted.after]
    if cut and len(ahead) <= CASES:
        ahead = await _places(store, at, after=wanted.after, most=CASES + 1)
    shown = ahead[:CASES]
    return Awaited(
        cases=tuple(CaseId(place.rpartition(":")[2]) for place, _ in shown),
        before=sum(place <= wanted.after for place, _ in counted),
        changes=sum(_changes(row) for _, row in counted),
        cases_in_all=len(counted),
        at_least=cut,
        after=shown[-1][0] if len(ahead) > CASES else "",
    )


async def _places(store: Store, at: Partition, *, most: int, after: str = "") -> list[_Place]:
    behind = f"{keys.AWAITED}{after}" if after else ""
    scan = store.scan(at, prefix=keys.AWAITED, after=behind, most=most)
    return [(row.key.removeprefix(keys.AWAITED), row.body) async for row in scan]


async def _by_lines(store: Store, at: Partition) -> list[_Place]:
    """Tell the same from all lines that are not settled."""
    found = [
        (place.removeprefix(keys.AWAITED), body)
        async for row in store.scan(at, prefix=keys.OPEN)
        for place, body in beside(row.key.removeprefix(keys.OPEN), row.body).items()
        if place.startswith(keys.AWAITED)
    ]
    return sorted(found, key=lambda place: place[0])


def _changes(row: Json) -> int:
    """Read how many changes wait; where somebody altered that, it is one at least."""
    waiting = row.get("waiting")
    return waiting if isinstance(waiting, int) else 1
