"""Which cases wait for a person, whatever expires first on top: told from the list's lines alone.

A storm leaves hundreds of cases that wait. Only those that one page shows are read in full.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Final

from pydantic import StringConstraints, ValidationError

from shared.errors import Refused
from shared.model import CaseId, TenantId, Value
from shared.pages.case_filter import Cursor
from shared.store.verbs import Row, Store
from shared.tasks import keys
from shared.tasks.listing import READ

CASES: Final = 5
"""Cases whose changes one page shows."""
_AT_ONCE: Final = "0" * 14
"""Sorts first: when it expires was not written down."""


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
    """Cases on the pages before."""
    changes: int = 0
    """Changes that wait, in all cases together."""
    cases_in_all: int = 0
    unread: bool = False
    """Whether there are so many unsettled cases that the oldest were not looked at."""
    after: str = ""
    """Where the next page begins; empty: there is none."""


async def awaited(store: Store, tenant: TenantId, wanted: Wanted) -> Awaited:
    """Find the cases of one page among all that wait."""
    at = keys.cases(tenant)
    rows = [row async for row in store.scan(at, prefix=keys.OPEN, most=READ)]
    waiting = {_place(row): row for row in rows if row.body["waiting"]}
    places = sorted(waiting)
    ahead = [place for place in places if place > wanted.after]
    shown = ahead[:CASES]
    return Awaited(
        cases=tuple(_ids(waiting[place] for place in shown)),
        before=len(places) - len(ahead),
        changes=sum(row.body["waiting"] for row in waiting.values()),
        cases_in_all=len(places),
        unread=len(rows) == READ,
        after=shown[-1] if len(ahead) > CASES else "",
    )


def _ids(rows: Iterable[Row]) -> Iterable[CaseId]:
    return (CaseId(row.body["id"]) for row in rows)


def _place(row: Row) -> str:
    """Say where a case stands among those that wait: what expires first sorts first."""
    expires = row.body.get("expires_at")
    moment = f"{int(datetime.fromisoformat(expires).timestamp() * 1000):014}" if expires else ""
    return f"{moment or _AT_ONCE}:{row.body['id']}"
