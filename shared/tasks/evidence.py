"""Evidence before action: what the account looked like before its footholds are removed.

Each section is read on its own and kept as typed JSON; one that could not be read is kept as
unknown, with the reason, and never as empty. The whole is sealed: the journal carries its hash.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter

from shared.clients.tenant import Tenant
from shared.errors import FirebreakError
from shared.model import Case, CaseId, Event, Utc, Value
from shared.store.verbs import Store
from shared.tasks.evidence_readers import READERS
from shared.tasks.ledger import Line
from shared.tasks.sealed import seal

PATIENCE: Final = 10.0
"""Seconds for all sections together: evidence must not keep the intruder in."""

_ANYTHING: Final = TypeAdapter(Any)


class Section(Value):
    """One part of the evidence: `data` where it could be read, `unknown` says why it could not."""

    data: Any = None
    unknown: str = ""

    @property
    def count(self) -> int:
        """How many things it holds; a setting is one thing."""
        return len(self.data) if isinstance(self.data, list) else 1


class Evidence(Value):
    """What was read of an account at one moment."""

    case: CaseId
    at: Utc
    since: Utc
    """The logs' sections begin here: when the compromise began, as far as was known."""
    sections: dict[str, Section]


async def collect(case: Case, tenant: Tenant, *, at: datetime) -> Evidence:
    """Read all sections side by side; never raises for what could not be read."""
    running = {
        name: asyncio.ensure_future(_section(reader(case, tenant)))
        for name, reader in READERS.items()
    }
    await asyncio.wait(running.values(), timeout=PATIENCE)
    sections = {name: _ended(task) for name, task in running.items()}
    return Evidence(case=case.id, at=at, since=case.compromised_since, sections=sections)


async def keep(evidence: Evidence, store: Store, *, case: Case) -> Line:
    """Keep the evidence, and give the journal line that vouches for it."""
    facts = await seal(evidence, store, case=case)
    unknown = {n: s.unknown for n, s in evidence.sections.items() if s.unknown}
    counts = {n: s.count for n, s in evidence.sections.items() if not s.unknown}
    said = f"Evidence kept: {len(counts)} of {len(evidence.sections)} sections could be read"
    data = {**facts, "unknown": unknown, "counts": counts}
    return Line(event=Event.EVIDENCE, text=said, data=data)


async def _section(reading: Awaitable[Any]) -> Section:
    try:
        return Section(data=_ANYTHING.dump_python(await reading, mode="json"))
    except FirebreakError as error:
        return Section(unknown=str(error))


def _ended(task: asyncio.Task[Section]) -> Section:
    if not task.done():
        task.cancel()
        return Section(unknown=f"no answer within {PATIENCE:.0f} s")
    return task.result()
