"""A sweep of several parts, read one after the other: a list, a switch, a log.

What one part may not look at is a gap of that part alone; the run goes on with the next.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar, Final

from shared.errors import Denied, Gone, Refused
from shared.model import Json, ObjectId, Severity, TenantId
from shared.posture import Budget, Finding, Gap
from shared.sweeps.sweep import Look, Page, Sweep

EXCHANGE: Final = Budget(service="exchange", calls=60, seconds=60)
"""Exchange publishes no limit for its cmdlets; one call a second is less than its own portal makes.

Source: learn.microsoft.com/graph/throttling-limits, which does not name it.
"""


@dataclass(frozen=True, slots=True)
class Part:
    """One part: the kinds of finding it alone tells, and how it is read.

    `read` is given where it stands in the part, empty at its start; its page's `next` is where it
    goes on there, `None` after the part's last page.
    """

    name: str
    kinds: frozenset[str]
    read: Callable[[Look, Json], Awaitable[Page]]


class InParts(Sweep):
    """Reads its parts in order."""

    parts: ClassVar[tuple[Part, ...]]

    async def read(self, look: Look) -> Page:
        """Read the next page of the part the cursor names."""
        names = [part.name for part in self.parts]
        place = names.index(look.cursor.get("part", names[0]))
        part = self.parts[place]
        try:
            page = await part.read(look, look.cursor.get("at", {}))
        except (Denied, Gone, Refused) as error:
            page = Page(gaps=(Gap(kinds=part.kinds, reason=str(error)),))
        if page.next is not None:
            return page.model_copy(update={"next": {"part": part.name, "at": page.next}})
        after = {"part": names[place + 1]} if place + 1 < len(names) else None
        return page.model_copy(update={"next": after})


def of_the_whole(
    kind: str,
    title: str,
    severity: Severity,
    *,
    mended_at: TenantId | None = None,
    **evidence: str,
) -> Page:
    """Tell of a switch of the whole organisation that stands wrong.

    `mended_at` is the organisation's id where a request about it mends the switch.
    """
    finding = Finding(
        kind=kind,
        subject="organisation",
        title=title,
        severity=severity,
        weight=1.0,
        evidence=evidence,
        account=None if mended_at is None else ObjectId(mended_at),
    )
    return Page(findings=(finding,))
