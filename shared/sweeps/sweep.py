"""The contract of a sweep: it reads one page at a time and says what it found there.

It never waits, counts, stores or writes: checkpoints, budgets, leases and what becomes of a finding
live in the engine, so that no sweep can forget them. A page that is read twice must say the same.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from pydantic import Field

from shared.clients.licences import Plan
from shared.clients.tenant import Tenant
from shared.model import Json, Value
from shared.policy.limits import Sweeping
from shared.posture import Budget, Finding, Gap, Run, SweepName
from shared.registered import Registered
from shared.store.verbs import Partition, Store
from shared.tasks import keys


class Record(Value):
    """Something to remember beyond this run by a name; a later one of that name replaces it."""

    key: str
    body: Json


class Alarm(Value):
    """Something a person should be told now, once per run: `what` is a word, `text` a sentence."""

    what: str
    text: str


class Page(Value):
    """What one read found. `next` is where the following read begins; `None` ends the run.

    `calls` is how many requests it took; `subjects` how many mailboxes, accounts or controls it
    looked at, of `expected` in all. `tally` is added up over the run.
    """

    findings: tuple[Finding, ...] = ()
    gaps: tuple[Gap, ...] = ()
    records: tuple[Record, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    tally: dict[str, float] = Field(default_factory=dict)
    subjects: int = 0
    expected: int | None = None
    calls: int = 1
    units: int | None = None
    """What it takes of the budget, where a request weighs more than one."""
    next: Json | None = None


class Kept:
    """What a sweep remembers from run to run."""

    def __init__(self, store: Store, at: Partition) -> None:
        self._store = store
        self._at = at

    async def one(self, key: str) -> Json | None:
        """Read one record."""
        row = await self._store.read(self._at, f"{keys.KEPT}{key}")
        return None if row is None else row.body

    async def all(self, prefix: str = "", *, after: str = "") -> AsyncIterator[tuple[str, Json]]:
        """Read all records whose key starts with `prefix` and sorts behind `after`, in order."""
        behind = f"{keys.KEPT}{after}" if after else ""
        async for row in self._store.scan(self._at, prefix=f"{keys.KEPT}{prefix}", after=behind):
            yield row.key.removeprefix(keys.KEPT), row.body


@dataclass(frozen=True, slots=True)
class Look:
    """What a sweep is given for one read."""

    tenant: Tenant
    run: Run
    before: Run | None
    """The last run that came to its end, whole or partial."""
    kept: Kept
    protected: frozenset[str] = frozenset()
    """The accounts that the policy protects, by object id or UPN."""
    terms: Sweeping = field(default_factory=Sweeping)
    """What the policy says is worth telling."""

    @property
    def cursor(self) -> Json:
        """Where to go on; empty at the start."""
        return self.run.cursor


class Sweep(Registered, ABC):
    """One scheduled look at the tenant. The file is its registration, the docstring its words."""

    every: ClassVar[timedelta]
    """How long after the start of one run the next is due."""
    budget: ClassVar[Budget]
    calls_per_page: ClassVar[int] = 1
    """The most requests one read makes; a read that may need more says so by a shorter page."""
    kinds: ClassVar[Mapping[str, str]]
    """Each kind of finding, and in one sentence what to do about it."""
    permissions: ClassVar[frozenset[str]] = frozenset()
    """Application permissions it needs, and nothing it does not."""
    borrows: ClassVar[frozenset[str]] = frozenset()
    """Rights to write that a responder brings and that let it read as well; never granted for a
    sweep's sake: without them it reports a gap."""
    exchange_roles: ClassVar[frozenset[str]] = frozenset()
    """Exchange management roles its cmdlets need."""
    licences: ClassVar[frozenset[Plan]] = frozenset()
    """Service plans without which it can do nothing at all."""

    @abstractmethod
    async def read(self, look: Look) -> Page:
        """Read the page at the cursor. Never writes; raises what the clients raise.

        What cannot be looked at is a `Gap` (a whole kind) or a finding of unknown certainty (one
        subject), never an absence.
        """

    @property
    def name(self) -> SweepName:
        """The name of its module: one file, one sweep, one name."""
        return SweepName(super().name)
