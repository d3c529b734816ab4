"""What each page costs with few, many and very many cases behind it.

Real cases are played on the simulated tenant: ten that wait for approvals, one that was acted on.
The rest of the store is made of their rows under other names: of a hundred cases six are unsettled;
each has its alert, of which some were ignored or ask for a person, and its notification. A list has
to cost the same whatever lies behind it, so it exits with 1 where one reads more rows with the most
cases than its limits allow.

Milliseconds are those of the app, without HTTP; beside each stands the same page's multiple of one
bare read of a row, taken in turns with it, which holds on a busy machine as well. Counting sizes
takes a second visit, so that it is in no time.
"""

from __future__ import annotations

import asyncio
import copy
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import batched
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from benchmarks.counting import Counting
from benchmarks.load import Mute
from benchmarks.measuring import NOT_MEASURED, Session, median, parser, percentile
from lab.azurite import ANYWHERE, Azurite
from lab.carrier_alerts import risk_detection
from lab.clock import Clock
from lab.errors import LabError
from lab.organisation import Organisation
from lab.ports import silent
from lab.scenarios import token_thief
from lab.tenant import SimulatedTenant, TenantSettings
from lab.tenant.population import Population
from lab.workbench import Workbench
from shared.desk import Page
from shared.errors import Transient
from shared.model import AlertId, AlertState, CaseStatus, Json
from shared.store.account import Account, StorageConnection
from shared.store.azure import AzureStore
from shared.store.memory import MemoryStore
from shared.store.verbs import Exists, Put, Row, Store
from shared.tasks import keys
from shared.tasks.awaited import CASES
from shared.tasks.lines import beside

START: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)
SIZES: Final = (10, 1_000, 20_000)
ROWS_AT_MOST: Final = 2_000
"""Rows that a page may read, whatever lies behind it."""
VISITS: Final = 12
_TRIES: Final = 5
_UNSETTLED: Final = MappingProxyType(
    {0: CaseStatus.WAITING, 20: CaseStatus.WAITING, 40: CaseStatus.NEEDS_PERSON}
    | {60: CaseStatus.NEEDS_PERSON, 80: CaseStatus.OPEN, 90: CaseStatus.OPEN}
)
"""Of each hundred cases, these."""
_HTML: Final = MappingProxyType({"accept": "text/html"})

type Visit = Callable[[], Awaitable[Page]]


class Furnished:
    """A store with so many cases, and the app on it."""

    def __init__(self, bench: Workbench, store: Counting) -> None:
        self.bench = bench
        self.store = store
        self.tenant = bench.app.settings.tenant
        self.cases = 0
        self._acted_on = ""

    async def play(self) -> None:
        """Play the cases that are real."""
        lab = self.bench.tenant
        Organisation(lab, 20)
        await self.bench.app.start_sweeps()
        people = Population(lab)
        thief = token_thief(lab)
        who = [(thief.oid, b"high"), *((people.person(f"W {n}"), b"medium") for n in range(CASES))]
        for oid, level in who:
            made = risk_detection(lab, lab.users[oid], at=lab.now(), kind="unfamiliarFeatures")
            said = made.body if isinstance(made.body, bytes) else b""
            await self.bench.post(made.source, said.replace(b'"high"', b'"' + level + b'"'))
        await self.bench.settle(within=timedelta(minutes=3))
        await self.bench.app.reconcile()
        async for row in self.store.scan(keys.cases(self.tenant), prefix=keys.LISTED):
            self.cases += 1
            if not row.body["waiting"]:
                self._acted_on = row.body["id"]
        if self.cases != len(who) or not self._acted_on:
            raise LabError("the cases were not played as they should have been")

    async def grow(self, cases: int) -> None:
        """Lay more cases behind the real ones until there are so many."""
        rows = [r async for r in self.store.scan(keys.cases(self.tenant), prefix=keys.LISTED)]
        line = next(row for row in rows if row.body["waiting"])
        inbox = keys.inbox(self.tenant)
        alert = await anext(aiter(self.store.scan(inbox, prefix=keys.ALERT, most=1)))
        lines, alerts, told = list[Put](), list[Put](), list[Put]()
        for number in range(self.cases, cases):
            lines += _lines(line, number)
            alerts += _alerts(alert, number)
            event = f"{number:016x}"
            at = START - timedelta(minutes=number % 10_000)
            body = {"at": at.isoformat(), "channel": "soc", "what": "case_opened"}
            told.append(Put(keys.deliveries(self.tenant), keys.sent_row(at, event), body))
        for puts in (lines, alerts, told):
            for part in batched(puts, 50, strict=False):
                await _lay(self.store, part)
        self.cases = max(self.cases, cases)

    def visits(self) -> Mapping[str, Visit]:
        """Name every page and how it is visited."""
        app, case = self.bench.app, self._acted_on
        return {
            "cases": lambda: app.page("cases", _HTML),
            "found": lambda: app.page("cases", _HTML, {"q": "nobody is called that"}),
            "case": lambda: app.page(f"cases/{case}", _HTML),
            "approvals": lambda: app.approvals(_HTML),
            "alerts": lambda: app.page("alerts", _HTML),
            "guards": lambda: app.guards(_HTML),
            "policy": lambda: app.show_policy(_HTML),
            "health": lambda: app.health(_HTML),
            "posture": lambda: app.show_sweep("", _HTML),
            "notifications": lambda: app.notifications(_HTML),
        }


async def _lay(store: Store, puts: tuple[Put, ...]) -> None:
    """Write rows; on a busy machine the emulator leaves a write without an answer, done or not."""
    for _ in range(_TRIES):
        try:
            await store.write(*puts)
        except Transient:
            await asyncio.sleep(1)
        except Exists:
            return
        else:
            return
    raise LabError("the storage emulator takes no more rows")


def _lines(line: Row, number: int) -> Iterator[Put]:
    """Make a case's lines of the list, older than all before; those that wait expire later."""
    body, case = copy.deepcopy(line.body), f"{number:016x}"
    at = START - timedelta(minutes=number)
    status = _UNSETTLED.get(number % 100, CaseStatus.CONTAINED)
    waits = status is CaseStatus.WAITING
    body |= {"id": case, "upn": f"person.{number}@contoso.example", "object_id": case}
    body |= {"display_name": f"Person {number}", "status": status, "waiting": 3 if waits else 0}
    body |= {"opened_at": at.isoformat(), "updated_at": at.isoformat()}
    body["expires_at"] = (START + timedelta(days=9)).isoformat() if waits else None
    key = f"{keys.opened_before(at)}:{case}"
    yield Put(line.partition, key, body)
    for place, row in beside(key, body).items():
        yield Put(line.partition, place, row)


def _alerts(alert: Row, number: int) -> Iterator[Put]:
    """Make an alert; of a hundred ten were ignored, and one waits for a person."""
    name, at = AlertId(f"{number:032x}"), START - timedelta(minutes=number)
    state = AlertState.TRIAGED
    if number % 10 == 0:
        state = AlertState.UNRESOLVED if number % 100 == 0 else AlertState.IGNORED
    body = alert.body | {"id": name, "state": state, "received_at": at.isoformat()}
    yield Put(alert.partition, keys.alert_row(name), body)
    if state is not AlertState.TRIAGED:
        shown = {"alert": name, "state": state, "source": body["source"]}
        yield Put(alert.partition, keys.shown_row(at, name), shown)
    if state is AlertState.UNRESOLVED:
        yield Put(alert.partition, keys.person_row(at, name), shown)


async def look(furnished: Furnished, name: str, visit: Visit) -> Json:
    """Visit a page some times, in turns with a bare read, and once more to count."""
    await visit()
    spent, floor = list[float](), list[float]()
    alone = keys.cases(furnished.tenant)
    for _ in range(VISITS):
        begin = time.perf_counter()
        await furnished.store.read(alone, "nothing")
        between = time.perf_counter()
        page = await visit()
        spent.append((time.perf_counter() - between) * 1000)
        floor.append((between - begin) * 1000)
    furnished.store.reset()
    page = await visit()
    if page.status != 200:  # noqa: PLR2004 - any other is no page
        raise LabError(f"the page {name} answered {page.status}")
    return {
        "page": name,
        "cases": furnished.cases,
        "ms p50": median(spent),
        "ms p95": percentile(spent, 0.95),
        "reads": median(spent) / median(floor),
        "calls": sum(furnished.store.calls.values()),
        "rows": furnished.store.rows,
        "KiB read": furnished.store.bytes / 1024,
        "KiB page": len(page.body.encode()) / 1024,
    }


@asynccontextmanager
async def storage(where: str) -> AsyncIterator[Store]:
    """Open the emulator's storage on disk, or storage in memory."""
    if where == "memory":
        yield MemoryStore()
        return
    with tempfile.TemporaryDirectory(prefix="firebreak-") as folder:
        async with Azurite(folder=Path(folder), wishes=ANYWHERE, say=silent) as emulator:
            connection = StorageConnection(connection_string=emulator.connection_string)
            store = AzureStore(Account(connection))
            try:
                yield store
            finally:
                await store.aclose()


async def measure(store: Store, sizes: tuple[int, ...], session: Session) -> list[Json]:
    """Visit every page with each number of cases behind it."""
    lab = SimulatedTenant(
        clock=Clock.frozen(START), seed=5, settings=TenantSettings.instant(page_size=100)
    )
    counting, rows = Counting(store), list[Json]()
    async with Workbench(lab, store=counting, log=Mute()) as bench:
        furnished = Furnished(bench, counting)
        await furnished.play()
        for size in sizes:
            await furnished.grow(size)
            session.progress(f"{size} cases are there")
            rows += [await look(furnished, *one) for one in furnished.visits().items()]
    return sorted(rows, key=lambda row: list(furnished.visits()).index(row["page"]))


def too_many(rows: list[Json]) -> list[str]:
    """Name the pages that read more with the most cases than any page may."""
    return [f"{r['page']}: {r['rows']} rows" for r in rows if r["rows"] > ROWS_AT_MOST]


def main() -> int:
    """Measure and print; exits with 1 where a page grows with what lies behind it."""
    made: Any = parser(__doc__)
    made.add_argument("--store", choices=("azurite", "memory"), default="azurite")
    made.add_argument("--quick", action="store_true", help="10 and 1,000 cases alone")
    asked = made.parse_args()
    session = Session("pages", path=asked.json)

    async def run() -> list[Json]:
        async with storage(asked.store) as store:
            return await measure(store, SIZES[:2] if asked.quick else SIZES, session)

    try:
        rows = asyncio.run(run())
    except LabError as error:
        print(f"Not measured: {error}", file=sys.stderr)
        return NOT_MEASURED
    session.table("Each page by the cases behind it", rows)
    for grown in (bad := too_many(rows)):
        session.say(f"grows: {grown}")
    session.end()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
