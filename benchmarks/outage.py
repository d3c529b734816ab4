"""Outages: storage away for a minute under load, Graph away for ten, the worker killed each second.

What has to hold each time, when everything is back and no person has done anything: every alert
that was acknowledged is in a case, every account has one case, every task is proven, no door of an
intruder is open, no change was made twice, and `firebreak audit verify` names no row.

Storage and killing: the real local stack, in real time, a sender that posts until it is
acknowledged. Storage is cut off by a gate before the emulator: killing that would lose what it had
acknowledged, which Azure Storage does not. Graph: in one process, on the lab's clock, which jumps.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

from benchmarks.load import Mute
from benchmarks.measuring import NOT_MEASURED, Session, parser
from lab.carrier_alerts import CarrierAlert, risk_detection
from lab.clock import Clock
from lab.errors import LabError
from lab.gate import Gate
from lab.scenarios import Scenario, token_thief
from lab.stack import Stack, StackSettings
from lab.tenant import SimulatedTenant, TenantSettings
from lab.workbench import SECRET, Workbench, app_settings
from shared.alerts.authenticate import HmacAuth, sign
from shared.model import Alert, AlertState, Case, Json, Task, TaskState, TenantId, now
from shared.store.account import Account, StorageConnection
from shared.store.azure import AzureStore
from shared.store.verbs import Store
from shared.sweeps.verify import Verify
from shared.tasks import keys
from shared.tasks.ledger import CaseFile

START: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)
_PER_ACCOUNT: Final = 4
_ENDED: Final = frozenset({TaskState.VERIFIED, TaskState.SKIPPED, TaskState.OBSERVED})


@dataclass(slots=True, kw_only=True)
class Outage:
    """What became of one."""

    what: str
    accounts: int = 0
    acknowledged: int = 0
    refused: int = 0
    """Deliveries that were not acknowledged, and sent again."""
    away: float = 0.0
    kills: int = 0
    back: float = 0.0
    """Seconds from the end of the outage until all cases had ended."""
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)

    @property
    def row(self) -> Json:
        """Make the row of the table."""
        return {
            "outage": self.what,
            "accounts": self.accounts,
            "alerts": self.acknowledged,
            "sent again": self.refused,
            "away s": self.away,
            "kills": self.kills,
            "settled after s": self.back,
            "lost": len(self.lost),
            "doubled": len(self.doubled),
        }


class Scene:
    """Some accounts that were broken into, and alerts about them."""

    def __init__(self, clock: Clock, accounts: int) -> None:
        self.tenant = SimulatedTenant(clock=clock, seed=5, settings=TenantSettings.instant())
        self.stories: list[Scenario] = [token_thief(self.tenant) for _ in range(accounts)]

    def alerts(self) -> list[CarrierAlert]:
        """Compose some alerts about each, in turns."""
        again = range(_PER_ACCOUNT - 1)
        more = [self._alert(story) for _ in again for story in self.stories]
        return [*(alert for story in self.stories for alert in story.alerts), *more]

    def _alert(self, story: Scenario) -> CarrierAlert:
        user = self.tenant.users[story.oid]
        at = self.tenant.now() - timedelta(minutes=5)
        return risk_detection(self.tenant, user, at=at, kind="unfamiliarFeatures")

    async def judge(self, store: Store, clock: Callable[[], datetime], found: Outage) -> None:
        """Look at everything; adds to what was lost and what was doubled."""
        tenant = TenantId(self.tenant.tenant_id)
        files = await all_cases(store, clock, tenant)
        joined = Counter(alert for file in files for alert in file.case.alerts)
        async for row in store.scan(keys.inbox(tenant), prefix=keys.ALERT):
            alert = Alert.model_validate(row.body)
            if alert.state is not AlertState.TRIAGED or alert.id not in joined:
                found.lost.append(f"alert {alert.id} is {alert.state}")
        found.lost += [
            f"{task.responder} of {file.id} is {task.state}: {task.reason}"
            for file in files
            for task in file.tasks.values()
            if task.state not in _ENDED
        ]
        doors = (door for story in self.stories for door in story.intruder.open_doors())
        found.lost += [f"open: {door.label}" for door in doors if door.killable]
        walk = Verify(store, clock, tenant)
        found.lost += [f"{fault.where}: {fault.what}" async for fault in walk.run()]
        held = Counter(file.case.account.object_id for file in files)
        found.doubled += [f"{n} cases of one account" for n in held.values() if n > 1]
        found.doubled += [f"alert {alert} joined twice" for alert, n in joined.items() if n > 1]
        found.doubled += self._written_twice()

    def _written_twice(self) -> list[str]:
        """Name what was written again that nobody needs twice; a lost answer may cost a repeat."""
        own = self.tenant.own_object_id
        writes = Counter((w.oid, w.what) for w in self.tenant.writes if w.actor == own)
        return [f"{what} {n} times" for (_, what), n in writes.items() if n > 1]


async def all_cases(
    store: Store, clock: Callable[[], datetime], tenant: TenantId
) -> list[CaseFile]:
    """Read every case."""
    lines = [row async for row in store.scan(keys.cases(tenant), prefix=keys.LISTED)]
    return [await CaseFile.load(store, clock, tenant, line.body["id"]) for line in lines]


async def graph_away(*, accounts: int, minutes: float) -> Outage:
    """Take Graph and Exchange away while cases come in, on a clock that jumps."""
    found = Outage(what="Graph and Exchange away", accounts=accounts, away=minutes * 60)
    clock = Clock.frozen(START)
    scene = Scene(clock, accounts)
    async with Workbench(scene.tenant, log=Mute()) as bench:
        order = scene.tenant.fail(status=503, times=sys.maxsize)
        for alert in scene.alerts():
            reply = await bench.post(alert.source, alert.body)
            found.acknowledged += reply.status == httpx.codes.ACCEPTED
            clock.advance(minutes * 60 / (accounts * _PER_ACCOUNT))
            await bench.settle(within=timedelta(seconds=0))
        order.times = 0
        scene.tenant.faults.clear()
        back = clock.now()
        while await _unended(bench.store, clock.now, scene, found.acknowledged):
            await bench.settle(within=timedelta(seconds=5))
            clock.advance(5)
            await bench.app.reconcile()
            if clock.now() - back > timedelta(hours=3):
                break
        found.back = (clock.now() - back).total_seconds()
        await scene.judge(bench.store, clock.now, found)
    return found


class _Gated(Stack):
    """The stack with a gate before its storage."""

    def __init__(self, gate: Gate, tenant: SimulatedTenant, settings: StackSettings) -> None:
        super().__init__(tenant, settings)
        self._gate = gate

    async def start_host(self) -> None:
        self.through = await self._gate.before(self.connection_string)
        await super().start_host()

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "AzureWebJobsStorage": self.through}


@asynccontextmanager
async def gated(scene: Scene) -> AsyncIterator[tuple[_Gated, Gate, Store]]:
    """Start the stack behind a gate; the store is seen from this side of it."""
    wishes = StackSettings(
        tenant_id=scene.tenant.tenant_id,
        environment=app_settings(scene.tenant.own_object_id),
        invisible=10.0,
    )
    async with AsyncExitStack() as stack:
        gate = await stack.enter_async_context(Gate())
        host = await stack.enter_async_context(_Gated(gate, scene.tenant, wishes))
        store = AzureStore(Account(StorageConnection(connection_string=host.connection_string)))
        stack.push_async_callback(store.aclose)
        yield host, gate, store


async def storage_away(*, accounts: int, seconds: float, patience: float) -> Outage:
    """Cut storage off in the middle of the load, and let it come back."""
    found = Outage(what="storage away under load", accounts=accounts, away=seconds)

    async def trouble(_: _Gated, gate: Gate) -> None:
        await asyncio.sleep(2)
        gate.shut()
        await asyncio.sleep(seconds)
        gate.open = True

    return await _on_the_stack(found, trouble, patience=patience)


async def killed(*, accounts: int, kills: int, patience: float) -> Outage:
    """Kill the host a second after it is ready, again and again."""
    found = Outage(what="worker killed every second", accounts=accounts, kills=kills)

    async def trouble(host: _Gated, _: Gate) -> None:
        begin = time.monotonic()
        for _again in range(kills):
            await asyncio.sleep(1)
            host.kill_host()
            await host.start_host()
        found.away = time.monotonic() - begin

    return await _on_the_stack(found, trouble, patience=patience)


async def _on_the_stack(
    found: Outage, trouble: Callable[[_Gated, Gate], Coroutine[Any, Any, None]], *, patience: float
) -> Outage:
    scene = Scene(Clock(), found.accounts)
    async with gated(scene) as (host, gate, store):
        during = asyncio.create_task(trouble(host, gate))
        pause = 1.0
        async with httpx.AsyncClient(base_url=host.url, timeout=30, trust_env=False) as http:
            for alert in scene.alerts():
                await _deliver(http, alert, found)
                await asyncio.sleep(pause)
        await during
        back = time.monotonic()
        while await _unended(store, now, scene, found.acknowledged):
            if time.monotonic() - back > patience:
                break
            await asyncio.sleep(1)
        found.back = time.monotonic() - back
        await scene.judge(store, now, found)
    return found


async def _deliver(http: httpx.AsyncClient, alert: CarrierAlert, found: Outage) -> None:
    """Send an alert until it is acknowledged, as every carrier does for minutes at least."""
    auth = HmacAuth.model_validate({"secrets": [SECRET]})
    while True:
        headers = {**alert.headers, **sign(auth, body=alert.body, now=now())}
        try:
            answer = await http.post(alert.path, headers=headers, content=alert.body)
        except httpx.HTTPError:
            answer = None
        if answer is not None and answer.status_code == httpx.codes.ACCEPTED:
            found.acknowledged += 1
            return
        found.refused += 1
        await asyncio.sleep(1)


async def _unended(
    store: Store, clock: Callable[[], datetime], scene: Scene, acknowledged: int
) -> bool:
    files = await all_cases(store, clock, TenantId(scene.tenant.tenant_id))
    joined = sum(len(file.case.alerts) for file in files)
    going = any(_goes_on(task) for file in files for task in file.tasks.values())
    cases: list[Case] = [file.case for file in files]
    return joined < acknowledged or going or any(case.contained_at is None for case in cases)


def _goes_on(task: Task) -> bool:
    return task.state not in _ENDED | {TaskState.FAILED, TaskState.REFUSED, TaskState.WAITING}


async def run(*, quick: bool, minutes: float) -> list[Outage]:
    """Play all three; raises `TimeoutError` beyond so many minutes."""
    accounts, patience = (2, 150.0) if quick else (8, 300.0)
    async with asyncio.timeout(minutes * 60):
        return [
            await graph_away(accounts=accounts, minutes=10),
            await storage_away(accounts=accounts, seconds=5 if quick else 60, patience=patience),
            await killed(accounts=accounts, kills=3 if quick else 20, patience=patience),
        ]


def main() -> int:
    """Play them and print; exits with 1 where something was lost or doubled."""
    made: Any = parser(__doc__)
    made.add_argument("--quick", action="store_true", help="two accounts, 5 s, 3 kills")
    made.add_argument("--minutes", type=float, default=20, metavar="N", help="give up after")
    asked = made.parse_args()
    session = Session("outage", path=asked.json)
    try:
        found = asyncio.run(run(quick=asked.quick, minutes=asked.minutes))
    except (LabError, TimeoutError) as error:
        print(f"Not measured: {error or 'it took too long'}", file=sys.stderr)
        return NOT_MEASURED
    session.table("Outages", [outage.row for outage in found])
    session.keep(details={o.what: {"lost": o.lost, "doubled": o.doubled} for o in found})
    for outage in found:
        for said in (*outage.lost, *outage.doubled):
            session.say(f"{outage.what}: {said}")
    session.end()
    return 1 if any(outage.lost or outage.doubled for outage in found) else 0


if __name__ == "__main__":
    sys.exit(main())
