"""A storm: thousands of alerts about hundreds of accounts in minutes, nearly all of them false.

Every alert says "high", one in ten is delivered twice, and a few accounts really were broken into.
What has to hold: no more accounts are acted on without a person than the blast radius says, no
alert is lost, none counts twice, every chain is intact afterwards, and the pages stay readable.

The app, its real clients and the simulated tenant run in this process; rows and blobs are kept by
the storage emulator on disk, the queue in memory. Memory is that of the whole process, the tenant's
included. Storage operations are the verbs that the app calls; a scan counts as one.
"""

from __future__ import annotations

import asyncio
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from benchmarks.load import Mute
from benchmarks.measuring import NOT_MEASURED, Session, parser, percentile
from lab.azurite import ANYWHERE, Azurite
from lab.carrier_alerts import CarrierAlert, risk_detection
from lab.clock import Clock
from lab.errors import LabError
from lab.ports import silent
from lab.scenarios import token_thief
from lab.tenant import SimulatedTenant, TenantSettings
from lab.tenant.population import Population
from lab.workbench import Workbench
from shared.model import Alert, AlertState, Case, Json
from shared.store.account import Account, StorageConnection
from shared.store.azure import AzureStore
from shared.store.verbs import Drop, Partition, Put, Row, Store
from shared.sweeps.verify import Verify
from shared.tasks import keys

START: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)
PER_HOUR: Final = 20
"""The blast radius that the policy gives where it says nothing else."""
_BATCH: Final = 50
_PAGES: Final = ("cases", "alerts")


class Counting:
    """A store that counts what it is asked."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.calls: Counter[str] = Counter()

    async def read(self, partition: Partition, key: str) -> Row | None:
        """Read one row."""
        self.calls["read"] += 1
        return await self._store.read(partition, key)

    async def write(self, *changes: Put | Drop) -> tuple[str, ...]:
        """Write rows."""
        self.calls["write"] += 1
        return await self._store.write(*changes)

    async def scan(
        self, partition: Partition, *, prefix: str = "", after: str = "", most: int | None = None
    ) -> AsyncIterator[Row]:
        """Scan a partition."""
        self.calls["scan"] += 1
        async for row in self._store.scan(partition, prefix=prefix, after=after, most=most):
            yield row

    async def keep(self, name: str, data: bytes) -> None:
        """Keep a blob."""
        self.calls["keep"] += 1
        await self._store.keep(name, data)

    async def fetch(self, name: str) -> bytes | None:
        """Fetch a blob."""
        self.calls["fetch"] += 1
        return await self._store.fetch(name)

    async def erase(self, name: str) -> None:
        """Erase a blob."""
        self.calls["erase"] += 1
        await self._store.erase(name)

    async def names(self, prefix: str) -> AsyncIterator[str]:
        """List blobs."""
        self.calls["names"] += 1
        async for name in self._store.names(prefix):
            yield name


@dataclass(slots=True, kw_only=True)
class Seen:
    """What became of a storm."""

    sent: int = 0
    """Deliveries, second ones included."""
    distinct: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    alerts: int = 0
    cases: int = 0
    acted_on: int = 0
    """Accounts that were written to in the tenant without a person."""
    lost: int = 0
    """Alerts without a row, without an end, or missing in their case."""
    doubled: int = 0
    """Accounts with two cases, and alerts that a case counts twice."""
    faults: int = 0
    """Rows that `firebreak audit verify` would name."""
    calls: Counter[str] = field(default_factory=Counter)
    page_ms: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether everything held that has to."""
        taken = set(self.answers) == {HTTPStatus.ACCEPTED} and self.alerts == self.distinct
        return taken and self.acted_on <= PER_HOUR and not (self.lost + self.doubled + self.faults)


async def storm(store: Store, *, alerts: int, accounts: int, settings: Json | None = None) -> Seen:
    """Send so many alerts about so many accounts within virtual minutes, and work them off."""
    lab = SimulatedTenant(
        clock=Clock.frozen(START), seed=5, settings=TenantSettings.instant(page_size=100)
    )
    taken = [token_thief(lab) for _ in range(max(accounts // 50, 1))]
    people = Population(lab)
    oids = [people.person(f"Person {number}") for number in range(accounts - len(taken))]
    oids += [scenario.oid for scenario in taken]
    chance = random.Random(7)
    counting, seen = Counting(store), Seen(distinct=alerts)
    async with Workbench(lab, store=counting, settings=settings, log=Mute()) as bench:
        begin = time.perf_counter()
        composed = [_alert(lab, oids[number % len(oids)]) for number in range(alerts)]
        chance.shuffle(composed)
        for first in range(0, alerts, _BATCH):
            await _deliver(bench, composed[first : first + _BATCH], chance, seen)
            await bench.settle(within=timedelta(seconds=1))
            await _look_at_pages(bench, seen)
        await bench.settle(within=timedelta(minutes=3))
        seen.seconds = time.perf_counter() - begin
        seen.calls = Counter(counting.calls)
        await _judge(bench, seen)
    return seen


def _alert(lab: SimulatedTenant, oid: str) -> CarrierAlert:
    user = lab.users[oid]
    return risk_detection(lab, user, at=lab.now(), kind="unfamiliarFeatures")


async def _deliver(
    bench: Workbench, batch: list[CarrierAlert], chance: random.Random, seen: Seen
) -> None:
    twice = [alert for alert in batch if chance.random() < 0.1]  # noqa: PLR2004 - one in ten
    replies = await asyncio.gather(
        *(bench.post(alert.source, alert.body) for alert in (*batch, *twice))
    )
    seen.sent += len(replies)
    seen.answers.update(reply.status for reply in replies)


async def _look_at_pages(bench: Workbench, seen: Seen) -> None:
    for path in _PAGES:
        begin = time.perf_counter()
        await bench.app.page(path, {"accept": "text/html"})
        seen.page_ms.append((time.perf_counter() - begin) * 1000)


async def _judge(bench: Workbench, seen: Seen) -> None:
    tenant = bench.app.settings.tenant
    own = bench.tenant.own_object_id
    seen.acted_on = len({write.oid for write in bench.tenant.writes if write.actor == own})
    cases: list[Case] = []
    async for row in bench.store.scan(keys.cases(tenant)):
        if not row.key.startswith((keys.TODO, keys.OPEN)):
            found = await bench.store.read(keys.case(tenant, row.body["id"]), keys.CASE)
            cases += [Case.model_validate(found.body)] if found else []
    joined = Counter(alert for case in cases for alert in case.alerts)
    held = Counter(case.account.object_id for case in cases)
    seen.cases = len(cases)
    seen.doubled = sum(n - 1 for n in (*joined.values(), *held.values()))
    async for row in bench.store.scan(keys.inbox(tenant), prefix=keys.ALERT):
        alert = Alert.model_validate(row.body)
        seen.alerts += 1
        seen.lost += alert.state is not AlertState.TRIAGED or alert.id not in joined
    walk = Verify(bench.store, bench.clock.now, tenant)
    seen.faults = len([fault async for fault in walk.run()])


def outcome(seen: Seen) -> Json:
    """Make the row that says what became of it."""
    return {
        "sent": seen.sent,
        "alerts": seen.alerts,
        "cases": seen.cases,
        "acted on": seen.acted_on,
        "lost": seen.lost,
        "doubled": seen.doubled,
        "faults": seen.faults,
    }


def cost(seen: Seen) -> Json:
    """Make the row that says what it took."""
    return {
        "storage calls/alert": sum(seen.calls.values()) / max(seen.alerts, 1),
        "page p50 ms": percentile(seen.page_ms, 0.5),
        "page p99 ms": percentile(seen.page_ms, 0.99),
        "MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "s": seen.seconds,
    }


async def measure(alerts: int, accounts: int, minutes: float) -> Seen:
    """Play the storm on the emulator; raises `TimeoutError` beyond so many minutes."""
    with tempfile.TemporaryDirectory(prefix="firebreak-") as folder:
        async with Azurite(folder=Path(folder), wishes=ANYWHERE, say=silent) as emulator:
            connection = StorageConnection(connection_string=emulator.connection_string)
            store = AzureStore(Account(connection))
            try:
                async with asyncio.timeout(minutes * 60):
                    return await storm(store, alerts=alerts, accounts=accounts)
            finally:
                await store.aclose()


def main() -> int:
    """Play it and print; exits with 1 where something did not hold."""
    made: Any = parser(__doc__)
    made.add_argument("--alerts", type=int, default=10_000, metavar="N")
    made.add_argument("--accounts", type=int, default=500, metavar="N")
    made.add_argument("--minutes", type=float, default=60, metavar="N", help="give up after")
    made.add_argument("--quick", action="store_true", help="300 alerts about 30 accounts")
    asked = made.parse_args()
    alerts, accounts = (300, 30) if asked.quick else (asked.alerts, asked.accounts)
    session = Session("storm", path=asked.json)
    try:
        seen = asyncio.run(measure(alerts, accounts, asked.minutes))
    except (LabError, TimeoutError) as error:
        print(f"Not measured: {error or 'it took too long'}", file=sys.stderr)
        return NOT_MEASURED
    session.table("A storm, most of it false", [outcome(seen)])
    session.table("What it took", [cost(seen)])
    session.keep(calls=dict(seen.calls), answers={str(k): n for k, n in seen.answers.items()})
    session.say(f"\nstorage calls: {dict(seen.calls)}")
    session.end()
    return 0 if seen.holds else 1


if __name__ == "__main__":
    sys.exit(main())
