"""The webhook: how long an alert waits for its 202, beside what storage alone takes for it.

Four ways take turns on one emulator (Azurite, on disk) in one run, so that a noisy machine is noisy
for all of them; every alert is a new one.

floor    the storage operations that intake makes for an alert (blob and rows side by side, then the
         queue message), recorded beforehand and played back on the bare Azure clients: nothing is
         read, checked or put together
intake   Intake.receive in this process: authenticate, parse, store, enqueue, answer
host     the same over HTTP through the local Functions host, whose queue functions are off
hop      over HTTP to a source that does not exist: what HTTP, host and worker library take for
         nothing
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from itertools import islice
from typing import Final

import aiohttp

from benchmarks.floor import BareClients, Recorded, intake_into, record
from benchmarks.measuring import NOT_MEASURED, Session, parser, percentile
from lab.clock import Clock
from lab.errors import LabError
from lab.stack import Stack, StackSettings
from lab.tenant import SimulatedTenant, TenantSettings
from lab.workbench import sources
from shared.alerts.call import Call
from shared.model import Json
from shared.store.account import Account, StorageConnection
from shared.store.azure import AzureStore
from shared.store.queues import StorageQueue
from shared.tasks.intake import Intake
from shared.tasks.queue import QUEUE_NAME

AIM: Final = 1.5
AT_ONCE: Final = (1, 8)
_STORING: Final = ("floor", "intake", "host")
_WARM: Final = 24
_OFF: Final = ("remediate", "poison", "reconcile")

type Send = Callable[[Recorded], Awaitable[None]]


@dataclass(slots=True)
class Figures:
    """What was seen of one way at one concurrency, over all rounds."""

    waits: list[float] = field(default_factory=list)
    """Milliseconds, one for each alert."""
    seconds: float = 0.0
    cpu: float = 0.0
    """Seconds of this process alone."""

    @property
    def rate(self) -> float:
        """Alerts a second."""
        return len(self.waits) / self.seconds


async def measure(send: Send, alerts: Sequence[Recorded], *, at_once: int, into: Figures) -> None:
    """Send the alerts, so many at a time."""
    left = iter(alerts)

    async def work() -> None:
        for alert in left:
            begin = time.perf_counter()
            await send(alert)
            into.waits.append((time.perf_counter() - begin) * 1000)

    begin, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(work() for _ in range(at_once)))
    into.seconds += time.perf_counter() - begin
    into.cpu += time.process_time() - cpu


async def compare(
    ways: dict[str, Send], alerts: Iterator[Recorded], *, rounds: int, times: int
) -> dict[tuple[str, int], Figures]:
    """Let the ways take turns, in an order shuffled anew in each round."""
    turns = [(way, at_once) for way in ways for at_once in AT_ONCE]
    for send in ways.values():
        await measure(send, _take(alerts, _WARM), at_once=max(AT_ONCE), into=Figures())
    found = {turn: Figures() for turn in turns}
    for _ in range(rounds):
        random.shuffle(turns)
        for way, at_once in turns:
            batch = _take(alerts, times)
            await measure(ways[way], batch, at_once=at_once, into=found[way, at_once])
    return found


def _take(alerts: Iterable[Recorded], count: int) -> list[Recorded]:
    return list(islice(alerts, count))


@asynccontextmanager
async def every_way(
    tenant: SimulatedTenant, say: Callable[[str], None]
) -> AsyncIterator[dict[str, Send]]:
    """Start the stack and open every way into its storage."""
    environment = {f"AzureWebJobs.{name}.Disabled": "true" for name in _OFF}
    environment["FIREBREAK_SOURCES"] = json.dumps(sources())
    settings = StackSettings(tenant_id=tenant.tenant_id, environment=environment)
    async with (
        Stack(tenant, settings, say=say) as stack,
        BareClients.opened(stack.connection_string) as bare,
        aiohttp.ClientSession(stack.url, trust_env=False) as http,
        closed(StorageConnection(connection_string=stack.connection_string)) as account,
    ):
        queue = StorageQueue(account, name=QUEUE_NAME)
        intake = intake_into(AzureStore(account), queue, tenant=tenant)
        yield {
            "floor": bare.play,
            "intake": partial(_received, intake),
            "host": partial(_posted, http),
            "hop": partial(_bounced, http),
        }


@asynccontextmanager
async def closed(connection: StorageConnection) -> AsyncIterator[Account]:
    """Open a storage account and close it."""
    account = Account(connection)
    try:
        yield account
    finally:
        await account.aclose()


async def _received(intake: Intake, alert: Recorded) -> None:
    reply = await intake.receive(alert.source, Call(headers=alert.headers, body=alert.body))
    _expect(reply.status, HTTPStatus.ACCEPTED)


async def _posted(http: aiohttp.ClientSession, alert: Recorded) -> None:
    path = f"/api/alerts/{alert.source}"
    async with http.post(path, data=alert.body, headers=alert.headers) as answer:
        await answer.read()
        _expect(answer.status, HTTPStatus.ACCEPTED)


async def _bounced(http: aiohttp.ClientSession, alert: Recorded) -> None:
    async with http.post("/api/alerts/nobody", data=alert.body, headers=alert.headers) as answer:
        await answer.read()
        _expect(answer.status, HTTPStatus.NOT_FOUND)


def _expect(status: int, wanted: int) -> None:
    if status != wanted:
        raise RuntimeError(f"an alert was answered with {status}: nothing to time")


def rows(found: dict[tuple[str, int], Figures]) -> list[Json]:
    """Make the table's rows, slowest last."""
    return [_row(found, way, at_once) for at_once in AT_ONCE for way in ("hop", *_STORING)]


def _row(found: dict[tuple[str, int], Figures], way: str, at_once: int) -> Json:
    seen, floor = found[way, at_once], found["floor", at_once]
    p50, p99 = percentile(seen.waits, 0.5), percentile(seen.waits, 0.99)
    stores = way in _STORING
    return {
        "way": way,
        "at once": at_once,
        "alerts/s": seen.rate,
        "p50 ms": p50,
        "p99 ms": p99,
        "cpu ms here": seen.cpu / len(seen.waits) * 1000,
        "p50 x floor": p50 / percentile(floor.waits, 0.5) if stores else None,
        "p99 x floor": p99 / percentile(floor.waits, 0.99) if stores else None,
        "rate x floor": floor.rate / seen.rate if stores else None,
    }


def judge(session: Session, table: Sequence[Json]) -> None:
    """Hold the median's multiple of the floor against the aim."""
    session.say("")
    for row in table:
        if row["way"] in {"intake", "host"}:
            times = row["p50 x floor"]
            session.say(
                f"{row['way']}, {row['at once']} at once: {times:.2f} times the floor; "
                f"aim at most {AIM}: {'met' if times <= AIM else 'missed'}"
            )


def main() -> int:
    """Measure and print."""
    made = parser(__doc__)
    made.add_argument("--rounds", type=int, default=8, metavar="N")
    made.add_argument("--times", type=int, default=40, metavar="N", help="alerts a turn")
    asked = made.parse_args()
    session = Session("webhook", path=asked.json)
    try:
        found = asyncio.run(run(session, rounds=asked.rounds, times=asked.times))
    except LabError as error:
        print(f"The local stack did not start: {error}", file=sys.stderr)
        return NOT_MEASURED
    table = rows(found)
    session.table("An alert on its way in", table)
    judge(session, table)
    session.end()
    return 0


async def run(session: Session, *, rounds: int, times: int) -> dict[tuple[str, int], Figures]:
    """Compose the alerts, start the stack, compare."""
    tenant = SimulatedTenant(clock=Clock(), settings=TenantSettings.instant())
    needed = len(("hop", *_STORING)) * (_WARM + rounds * times * len(AT_ONCE))
    session.progress(f"composing {needed} alerts")
    alerts = iter(await record(tenant, needed))
    async with every_way(tenant, session.progress) as ways:
        session.progress("measuring")
        return await compare(ways, alerts, rounds=rounds, times=times)


if __name__ == "__main__":
    sys.exit(main())
