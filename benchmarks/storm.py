"""A storm: thousands of alerts about hundreds of accounts in minutes, nearly all of them false.

Every alert says "high", one in ten is delivered twice, and a few accounts really were broken into.
What has to hold: no more accounts are acted on without a person than the blast radius says, no
alert is lost, none counts twice, every chain is intact afterwards, and the pages stay quick.

It plays on the whole local stack: the app in the Functions host's process, the storage emulator on
disk, and the simulated tenant, which shares this process with the senders. It ends in bounded time:
half of it is for sending, and what was not sent by then is left out and said. While it rages, one
page after the other is fetched, each in turns with a bare read of a row, which is slow on a busy
machine as well. Storage operations are the emulator's own count of requests, host and pages
included; memory is the largest the host's process ever held.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import httpx

from benchmarks.counting import Counting
from benchmarks.measuring import NOT_MEASURED, Session, median, parser, percentile
from benchmarks.storm_small import TWICE, Seen, accounts_in, alerts_about, judge
from benchmarks.webhook import closed
from lab.carrier_alerts import CarrierAlert
from lab.clock import Clock
from lab.errors import LabError
from lab.ports import silent
from lab.stack import Stack, StackSettings
from lab.tenant import SimulatedTenant, TenantSettings
from lab.workbench import SECRET, app_settings
from shared.alerts.authenticate import HmacAuth, sign
from shared.model import CaseStatus, Json, TenantId
from shared.store.account import StorageConnection
from shared.store.azure import AzureStore
from shared.tasks import keys

AIM_MS: Final = 300
_SENDERS: Final = 8
_SENDING: Final = 0.5
_WORKING: Final = 0.85
"""Shares of the time that is given: until all is sent, and until it is judged."""
_PAGES: Final = ("cases", "approvals", "alerts", "guards", "health")
_SAID_EVERY: Final = 15.0
_NEVER: Final = 86_400.0
"""Seconds: the emulator writes to disk when it is stopped, so that it never stands still before."""
_REQUEST: Final = re.compile(r'"(GET|PUT|POST|DELETE|MERGE|PATCH|HEAD) (/[^ ]*) HTTP')

_TABLE: Final = re.compile(r"/devstoreaccount1/(\$batch|Tables|firebreak([(?]|$))")


@dataclass(slots=True, kw_only=True)
class Cost:
    """What the storm took."""

    began: float = 0.0
    ended: float = 0.0
    pages: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    floor: list[float] = field(default_factory=list)
    """Milliseconds of the bare reads beside the pages."""
    requests: Counter[str] = field(default_factory=Counter)
    peak_mib: float | None = None


class Raging:
    """One storm on a running stack."""

    def __init__(self, stack: Stack, lab: SimulatedTenant, store: Counting, minutes: float) -> None:
        self._stack = stack
        self._lab = lab
        self._store = store
        self._tenant = TenantId(lab.tenant_id)
        self._seconds = minutes * 60
        self._chance = random.Random(7)
        self._auth = HmacAuth.model_validate({"secrets": [SECRET]})
        self.seen, self.cost = Seen(), Cost()

    async def play(self, alerts: int, accounts: int) -> None:
        """Send, wait until all is answered or the time is up, and judge."""
        made = alerts_about(self._lab, accounts_in(self._lab, accounts), alerts, self._chance)
        limits = httpx.Limits(max_connections=_SENDERS + 2)
        async with httpx.AsyncClient(
            base_url=self._stack.url, limits=limits, timeout=120, trust_env=False
        ) as http:
            self.cost.began = time.monotonic()
            watching = [
                asyncio.create_task(self._watch_pages(http)),
                asyncio.create_task(self._tell(alerts)),
            ]
            try:
                left = iter(made)
                await asyncio.gather(*(self._send(http, left) for _ in range(_SENDERS)))
                _say(f"{self.seen.sent} deliveries after {self._passed():.0f} s; working them off")
                await self._work_off()
            finally:
                self.cost.ended = time.monotonic()
                for task in watching:
                    task.cancel()
                await asyncio.gather(*watching, return_exceptions=True)
        await self._stop()

    async def _send(self, http: httpx.AsyncClient, left: Iterator[CarrierAlert]) -> None:
        for alert in left:
            self.seen.distinct += 1
            for _ in range(2 if self._chance.random() < TWICE else 1):
                await self._deliver(http, alert)
            if self._passed() > self._seconds * _SENDING:
                return

    async def _deliver(self, http: httpx.AsyncClient, alert: CarrierAlert) -> None:
        """Post an alert as its carrier does: what is turned away is sent again when it says."""
        body = alert.body if isinstance(alert.body, bytes) else json.dumps(alert.body).encode()
        while True:
            signed = sign(self._auth, body=body, now=self._lab.clock.now())
            headers = {"Content-Type": "application/json", **signed}
            answer = await http.post(f"/api/alerts/{alert.source}", content=body, headers=headers)
            self.seen.answers[answer.status_code] += 1
            if answer.status_code == HTTPStatus.ACCEPTED:
                self.seen.sent += 1
                return
            await asyncio.sleep(float(answer.headers.get("retry-after", 1)))

    async def _work_off(self) -> None:
        while self._passed() < self._seconds * _WORKING:
            if not await self._waiting(most=1) and not await self._running():
                return
            await asyncio.sleep(2)

    async def _waiting(self, *, most: int) -> int:
        todo = self._store.scan(keys.inbox(self._tenant), prefix=keys.TODO, most=most)
        return len([row async for row in todo])

    async def _running(self) -> bool:
        at = keys.cases(self._tenant)
        rows = [row async for row in self._store.scan(at, prefix=keys.OPEN)]
        return any(row.body["status"] == CaseStatus.OPEN for row in rows)

    async def _watch_pages(self, http: httpx.AsyncClient) -> None:
        alone = keys.cases(self._tenant)
        for page in cycle(_PAGES):
            begin = time.perf_counter()
            await self._store.read(alone, "nothing")
            between = time.perf_counter()
            answer = await http.get(f"/api/{page}", headers={"accept": "text/html"})
            spent = (time.perf_counter() - between) * 1000
            if answer.is_success:
                self.cost.floor.append((between - begin) * 1000)
                self.cost.pages[page].append(spent)
            await asyncio.sleep(0.5)

    async def _tell(self, alerts: int) -> None:
        while True:
            await asyncio.sleep(_SAID_EVERY)
            waiting = await self._waiting(most=1000)
            least = "at least " if waiting == 1000 else ""  # noqa: PLR2004 - as just counted
            _say(
                f"{self._passed():5.0f} s: {self.seen.distinct} of {alerts} alerts sent, "
                f"{least}{waiting} wait for triage"
            )

    async def _stop(self) -> None:
        """Stop the host, count what it took, and judge."""
        self.cost.peak_mib = _peak_mib(self._stack.host_pid)
        await self._stack.stop_host()
        self.cost.requests = _requests(self._stack.storage_log)
        self.cost.requests["ours"] = -sum(self._store.calls.values())
        _say("judging")
        await judge(self._store, self._tenant, self._lab, self.seen)

    def _passed(self) -> float:
        return time.monotonic() - self.cost.began


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _peak_mib(pid: int | None) -> float | None:
    """Read how much memory a process held at most, where the system says so."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return None
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="utf-8"))
    return int(found[1]) / 1024 if found else None


def _requests(log: Path) -> Counter[str]:
    """Count the emulator's requests by service."""
    found = Counter[str]()
    with log.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if request := _REQUEST.search(line):
                found[_service(request[2])] += 1
    return found


def _service(path: str) -> str:
    if "/messages" in path:
        return "queue"
    return "table" if _TABLE.match(path) else "blob"


async def measure(alerts: int, accounts: int, minutes: float) -> Raging:
    """Play the storm on the local stack."""
    lab = SimulatedTenant(clock=Clock(), seed=5, settings=TenantSettings.instant(page_size=100))
    wishes = StackSettings(
        tenant_id=lab.tenant_id,
        accesses=True,
        saves_every=_NEVER,
        environment=app_settings(lab.own_object_id),
    )
    async with (
        Stack(lab, wishes, say=silent) as stack,
        closed(StorageConnection(connection_string=stack.connection_string)) as account,
    ):
        raging = Raging(stack, lab, Counting(AzureStore(account)), minutes)
        await raging.play(alerts, accounts)
        return raging


def outcome(seen: Seen) -> Json:
    """Make the row that says what became of it."""
    return {
        "sent": seen.sent,
        "alerts": seen.alerts,
        "cases": seen.cases,
        "acted on": seen.acted_on,
        "unanswered": seen.waiting,
        "lost": seen.lost,
        "doubled": seen.doubled,
        "faults": seen.faults,
    }


def took(seen: Seen, cost: Cost) -> Json:
    """Make the row that says what it took."""
    seconds = cost.ended - cost.began
    return {
        "s": seconds,
        "alerts/s": (seen.alerts - seen.waiting) / seconds,
        "requests/alert": sum(cost.requests.values()) / max(seen.alerts, 1),
        "MiB at most": cost.peak_mib,
        "bare read p50 ms": median(cost.floor),
        "p99 ms": percentile(cost.floor, 0.99),
    }


def quickness(cost: Cost) -> list[Json]:
    """Make a row for each page: milliseconds, and multiples of the bare read beside it."""
    every = [one for spent in cost.pages.values() for one in spent]
    return [
        {
            "page": page,
            "visits": len(spent),
            "p50 ms": median(spent),
            "p99 ms": percentile(spent, 0.99),
            "p50 in reads": median(spent) / median(cost.floor),
            "p99 in reads' p99": percentile(spent, 0.99) / percentile(cost.floor, 0.99),
        }
        for page, spent in [*cost.pages.items(), ("all", every)]
    ]


def main() -> int:
    """Play it and print; exits with 1 where something did not hold."""
    made: Any = parser(__doc__)
    made.add_argument("--alerts", type=int, default=10_000, metavar="N")
    made.add_argument("--accounts", type=int, default=500, metavar="N")
    made.add_argument("--minutes", type=float, default=20, metavar="N", help="in all")
    made.add_argument("--quick", action="store_true", help="300 alerts about 30 accounts")
    asked = made.parse_args()
    alerts, accounts = (300, 30) if asked.quick else (asked.alerts, asked.accounts)
    session = Session("storm", path=asked.json)
    try:
        raged = asyncio.run(measure(alerts, accounts, asked.minutes))
    except LabError as error:
        print(f"Not measured: {error}", file=sys.stderr)
        return NOT_MEASURED
    seen, cost = raged.seen, raged.cost
    session.table("A storm, most of it false", [outcome(seen)])
    session.table("What it took", [took(seen, cost)])
    session.table("Pages meanwhile", (pages := quickness(cost)))
    session.keep(requests=dict(cost.requests), answers={str(k): n for k, n in seen.answers.items()})
    session.say(f"\nrequests to storage: {dict(cost.requests)}; answers: {dict(seen.answers)}")
    if seen.distinct < alerts:
        session.say(f"{alerts - seen.distinct} alerts were not sent: the time for it was over")
    met = "met" if pages[-1]["p99 ms"] < AIM_MS else "missed"
    session.say(f"pages under {AIM_MS} ms at p99: {met}")
    session.end()
    return 0 if seen.holds else 1


if __name__ == "__main__":
    sys.exit(main())
