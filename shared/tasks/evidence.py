"""Evidence before action: what the account looked like before its footholds are removed.

Each section is read on its own and kept as typed JSON; one that could not be read is kept as
unknown, with the reason, and never as empty. The whole is sealed: the journal carries its hash.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter

from shared.clients.precedence import Rank, asking, calls_are
from shared.clients.tenant import Tenant
from shared.errors import FirebreakError, Transient
from shared.model import Case, CaseId, Event, Utc, Value
from shared.store.verbs import Store
from shared.tasks.evidence_readers import LOGS, READERS
from shared.tasks.ledger import Line
from shared.tasks.sealed import seal

PATIENCE: Final = 20.0
"""Seconds for all sections together: evidence must not keep the intruder in."""

_ANYTHING: Final = TypeAdapter(Any)


class Section(Value):
    """One part of the evidence: `data` where it could be read, `unknown` says why it could not."""

    data: Any = None
    unknown: str = ""
    put_off: bool = False
    """Whether it is of a log that had no turn for it, and can as well be read later."""

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
    running = {name: _begun(name, case, tenant) for name in READERS}
    await asyncio.wait(running.values(), timeout=PATIENCE)
    sections = {name: _ended(name, task) for name, task in running.items()}
    return Evidence(case=case.id, at=at, since=case.compromised_since, sections=sections)


async def collect_late(
    names: tuple[str, ...], case: Case, tenant: Tenant, *, at: datetime
) -> Evidence:
    """Read the logs' sections that were put off; raises `Transient` while they still are."""
    found = await asyncio.gather(*(_section(name, case, tenant) for name in names))
    sections = dict(zip(names, found, strict=True))
    if any(section.put_off for section in found):
        raise Transient(next(section.unknown for section in found if section.put_off))
    return Evidence(case=case.id, at=at, since=case.compromised_since, sections=sections)


async def keep(evidence: Evidence, store: Store, *, case: Case) -> Line:
    """Keep the evidence, and give the journal line that vouches for it."""
    facts = await seal(evidence, store, case=case)
    unknown = {n: s.unknown for n, s in evidence.sections.items() if s.unknown}
    counts = {n: s.count for n, s in evidence.sections.items() if not s.unknown}
    said = f"Evidence kept: {len(counts)} of {len(evidence.sections)} sections could be read"
    put_off = [n for n, s in evidence.sections.items() if s.put_off]
    data = {**facts, "unknown": unknown, "counts": counts, "put_off": put_off}
    return Line(event=Event.EVIDENCE, text=said, data=data)


def _begun(name: str, case: Case, tenant: Tenant) -> asyncio.Task[Section]:
    rank = Rank.EVIDENCE if name in LOGS else asking().rank
    with calls_are(rank, case.id):
        return asyncio.ensure_future(_section(name, case, tenant))


async def _section(name: str, case: Case, tenant: Tenant) -> Section:
    try:
        data = await READERS[name](case, tenant)
    except FirebreakError as error:
        later = name in LOGS and isinstance(error, Transient)
        return Section(unknown=str(error), put_off=later)
    return Section(data=_ANYTHING.dump_python(data, mode="json"))


def _ended(name: str, task: asyncio.Task[Section]) -> Section:
    if not task.done():
        task.cancel()
        return Section(unknown=f"no answer within {PATIENCE:.0f} s", put_off=name in LOGS)
    return task.result()
