"""Time to contain: from an alert's arrival over HTTP until the intruder's last door is shut.

The real local stack, a simulated tenant whose answers take 120 ms at the median with a long tail,
and one token thief after another, each alert posted when the queue's poller has long been idle.
Microsoft's own lags (continuous access evaluation, sessions, protocols, roles, searches of the
audit log) are set to 0: what is left is ours. The policy is the shipped one, with all responders.
Access tokens that nobody evaluates again run out by themselves and are not counted.

The same cases once more in one process, on storage in memory and with a worker that waits on the
queue: the difference is what queue, storage and host cost.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, Final

from benchmarks.measuring import NOT_MEASURED, Session, parser, percentile
from benchmarks.watching import GLANCE, PATIENCE, Passed, Watch
from cli.remote import Remote
from lab.clock import Clock
from lab.errors import LabError
from lab.stack import Stack, StackSettings
from lab.tenant import SimulatedTenant, TenantSettings
from lab.workbench import SECRET, Workbench, app_settings
from shared.model import Json

LATENCY: Final = 0.120
IDLE: Final = 2.3
"""Seconds in which the poller backs off to its maximum: 0.1, 0.2, 0.3, 0.5, 0.9 and then 1."""
POLL: Final = 1.0
"""Longest pause between two polls (host.json): the alert arrives anywhere within it."""
AIM_SECONDS: Final = 3.0
AIM_TRIPS: Final = 2
QUICK: Final = 4
"""Cases that show whether it runs; they prove nothing."""
_SETTINGS: Final = TenantSettings(
    latency=LATENCY,
    cae_lag=0.0,
    session_lag=0.0,
    protocol_lag=0.0,
    role_lag=0.0,
    audit_search=0.0,
    purge_delay=0.0,
)
"""Pages hold two items, as everywhere in the lab: lists take more round trips than in reality."""


async def on_the_stack(
    settings: TenantSettings, cases: int, say: Callable[[str], None]
) -> list[Passed]:
    """Play the cases one after another on the whole local stack."""
    tenant = SimulatedTenant(clock=Clock(), seed=11, settings=settings)
    wishes = StackSettings(
        tenant_id=tenant.tenant_id,
        environment=app_settings(tenant.own_object_id),
    )
    dice = random.Random(5)
    found = []
    async with Stack(tenant, wishes, say=say) as stack, Remote(stack.url, secret=SECRET) as app:
        await _posted(tenant, app)  # this one pays for imports and connections
        for number in range(cases):
            await asyncio.sleep(IDLE + dice.random() * POLL)
            found.append(await _posted(tenant, app))
            say(f"stack, case {number + 1} of {cases}: {found[-1].doors_shut:.2f} s")
    return found


async def _posted(tenant: SimulatedTenant, app: Remote) -> Passed:
    async with Watch(tenant).intruder_at_work() as watch:
        (alert,) = watch.scenario.alerts
        answer = await app.post_alert(alert.source, alert.body)
        watch.answered = watch.after()
        await watch.until_shut()
        case = await app.case_of(answer["alerts"][0]["id"], within=PATIENCE)
        # The next case must find an empty queue and an idle poller.
        async for view in app.watch(case, within=PATIENCE):
            opened = _opened(view)
    return watch.passed(opened, settled=watch.after())


async def in_process(
    settings: TenantSettings, cases: int, say: Callable[[str], None]
) -> list[Passed]:
    """Play the cases in this process: same tenant and latency, no host, no storage, no polling."""
    tenant = SimulatedTenant(clock=Clock(), seed=11, settings=settings)
    found = []
    async with Workbench(tenant, log=_Mute()) as bench:
        await _worked(tenant, bench)
        for number in range(cases):
            found.append(await _worked(tenant, bench))
            say(f"in process, case {number + 1} of {cases}: {found[-1].doors_shut:.2f} s")
    return found


async def _worked(tenant: SimulatedTenant, bench: Workbench) -> Passed:
    async with Watch(tenant).intruder_at_work() as watch:
        (alert,) = watch.scenario.alerts
        reply = await bench.post(alert.source, alert.body)
        watch.answered = watch.after()
        async with asyncio.timeout(PATIENCE):
            while watch.open:
                await _work_off(bench)
        await asyncio.sleep(2 * GLANCE)
    for message in bench.messages.messages():
        await bench.messages.delete(message)  # Identity Protection's turn, which shuts no door
    page = await bench.app.page(
        f"alert/{reply.body['alerts'][0]['id']}", {"accept": "application/json"}
    )
    return watch.passed(_opened(await bench.case(json.loads(page.body)["case"])))


async def _work_off(bench: Workbench) -> None:
    message = await bench.messages.receive()
    if message is None:
        await asyncio.sleep(0.001)
        return
    await bench.app.work(message.text)
    await bench.messages.delete(message)


class _Mute:
    """Takes the log's lines and says nothing."""

    def info(self, event: str, /, **facts: Any) -> None:
        """Drop it."""

    warning = error = info


def _opened(view: Json) -> datetime:
    return next(
        datetime.fromisoformat(item["at"]) for item in view["happened"] if item["event"] == "opened"
    )


type Take = Callable[[Passed], float]

_STEPS: Final[dict[str, Take]] = {
    "alert stored and answered": lambda p: p.answered,
    "waiting for the worker": lambda p: p.found - p.answered,
    "triage, until the case is open": lambda p: p.opened - p.found,
    "waiting for the worker again": lambda p: p.begun - p.opened,
    "contain, until its last write": lambda p: p.contained - p.begun,
    "evict, until its last write": lambda p: p.evicted - p.contained,
    "time to contain: last door shut": lambda p: p.doors_shut,
    "the intruder's last success": lambda p: p.last_success,
}


def breakdown(stack: Sequence[Passed], process: Sequence[Passed]) -> list[Json]:
    """Make the table's rows."""
    ways = {"stack": stack, "process": process}
    return [
        {"seconds": step}
        | {
            f"{way} {name}": percentile([take(passed) for passed in cases], share)
            for way, cases in ways.items()
            if cases
            for name, share in {"p50": 0.5, "p95": 0.95, "max": 1.0}.items()
        }
        for step, take in _STEPS.items()
    ]


def judge(session: Session, stack: Sequence[Passed]) -> None:
    """Hold the figures against the aims."""
    p95 = percentile([passed.doors_shut for passed in stack], 0.95)
    trips = [passed.trips for passed in stack]
    within = sum(count <= AIM_TRIPS for count in trips)
    session.say(
        f"\np95 {p95:.2f} s on the stack; aim below {AIM_SECONDS:.0f} s: "
        f"{'met' if p95 < AIM_SECONDS else 'missed'}"
    )
    session.say(
        f"sequential round trips inside contain: at most {AIM_TRIPS} in {within} of {len(trips)} "
        f"cases, {max(trips)} at worst; aim at most {AIM_TRIPS}: "
        f"{'met' if within == len(trips) else 'missed'}"
    )
    session.keep(p95=p95, trips=trips, cases=[asdict(passed) for passed in stack])


def main() -> int:
    """Measure both ways and print the breakdown."""
    made = parser(__doc__)
    made.add_argument("--cases", type=int, default=30, metavar="N", help="default 30, 4 minutes")
    made.add_argument("--quick", action="store_true", help=f"{QUICK} cases: does it run?")
    made.add_argument("--page-size", type=int, default=_SETTINGS.page_size, metavar="N")
    asked = made.parse_args()
    cases = QUICK if asked.quick else asked.cases
    settings = replace(_SETTINGS, page_size=asked.page_size)
    session = Session("contain", path=asked.json)
    try:
        stack = asyncio.run(on_the_stack(settings, cases, session.progress))
    except LabError as error:
        print(f"The local stack did not start: {error}", file=sys.stderr)
        return NOT_MEASURED
    process = asyncio.run(in_process(settings, cases, session.progress))
    session.table(
        f"Time to contain, {cases} cases, {LATENCY * 1000:.0f} ms median latency, "
        f"{asked.page_size} items a page",
        breakdown(stack, process),
    )
    judge(session, stack)
    session.end()
    return 0


if __name__ == "__main__":
    sys.exit(main())
