"""How many calls a case takes, and what cases at once do under Microsoft's published limits.

What a limit would refuse is not sent but waits for its turn (docs/decisions/0019), so besides what
is late this counts what was refused all the same, which should be nothing.

One token thief alone and several whose alerts come in the same moment, on a simulated tenant that
enforces the limits that Microsoft publishes for Graph (Exchange's own interface has none), and on
one that enforces none. In one process and in virtual time: only waiting counts, for answers (120 ms
at the median) and for limits; what the processor takes does not.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.measuring import Session, parser, percentile
from lab.clock import Clock
from lab.scenarios import Scenario, token_thief
from lab.tenant import SimulatedTenant, TenantSettings
from lab.tenant.settings import Throttling
from lab.virtual_time import run
from lab.workbench import Workbench
from shared.model import Case, CaseStatus, Json
from shared.store.memory import MemoryStore

START: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)
WORKERS: Final = 16
"""Messages that one instance of the host deals with at once."""
SHIPPED: Final = Path(__file__).parents[1] / "policy.toml"
_UNGUARDED: Final = """
[guards.radius]
per_hour = 1000
per_day = 1000
[guards.burst]
cases = 1000
"""
"""So many cases at once would be held for a person, which is what those guards are for."""
_TOO_MANY: Final = 429
_FAILED: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Rush:
    """What became of some cases whose alerts came at once; times in seconds since then."""

    cases: int
    contained: int
    lost: int
    """Alerts without a case, and things of the owners' that are gone."""
    doors_shut: tuple[float, ...]
    """Until each intruder's last door was shut."""
    settled: tuple[float, ...]
    """Until each case was contained: everything proven, nothing left that goes on by itself."""
    calls: dict[str, int]
    refused: dict[str, int]
    """Answers of 429, by operation."""


def rush(cases: int, throttling: Throttling) -> Rush:
    """Play so many cases at once."""

    async def play(clock: Clock, policy: Path) -> Rush:
        settings = TenantSettings(throttling=throttling, page_size=100)
        tenant = SimulatedTenant(clock=clock, seed=11, settings=settings)
        scenarios = [token_thief(tenant) for _ in range(cases)]
        store = MemoryStore()
        async with Workbench(tenant, store=store, settings={"policy": policy}, log=Mute()) as bench:
            for scenario in scenarios:
                for alert in scenario.alerts:
                    await bench.post(alert.source, alert.body)
            await bench.work(workers=WORKERS)
        return _seen(tenant, scenarios, store)

    with TemporaryDirectory() as folder:
        policy = Path(folder) / "policy.toml"
        policy.write_text(SHIPPED.read_text(encoding="utf-8") + _UNGUARDED, encoding="utf-8")
        return run(lambda clock: play(clock, policy), start=START)


class Mute:
    """Takes the log's lines and says nothing."""

    def info(self, event: str, /, **facts: Any) -> None:
        """Drop it."""

    warning = error = info


def _seen(tenant: SimulatedTenant, scenarios: list[Scenario], store: MemoryStore) -> Rush:
    found = [Case.model_validate(row.body) for row in store.rows() if row.key == "case"]
    contained = [case for case in found if case.status is CaseStatus.CONTAINED]
    shut = [scenario.intruder.doors_shut_at for scenario in scenarios]
    losses = [thing for scenario in scenarios for thing in scenario.losses()]
    services = Counter("Graph" if c.path.startswith("/") else "Exchange" for c in tenant.calls)
    return Rush(
        cases=len(scenarios),
        contained=len(contained),
        lost=len(scenarios) - len(found) + len(losses),
        doors_shut=_since(shut),
        settled=_since(case.contained_at for case in contained),
        calls=dict(services),
        refused=dict(Counter(c.name for c in tenant.calls if c.status == _TOO_MANY)),
    )


def _since(moments: Iterable[datetime | None]) -> tuple[float, ...]:
    return tuple(sorted((at - START).total_seconds() for at in moments if at is not None))


def row(name: str, seen: Rush) -> Json:
    """Make a line of the table; a time is missing where not every case came so far."""
    return {
        "played": name,
        "contained": f"{seen.contained}/{seen.cases}",
        "lost": seen.lost,
        "Graph": seen.calls["Graph"] / seen.cases,
        "Exchange": seen.calls["Exchange"] / seen.cases,
        "429s": sum(seen.refused.values()),
        **_times("doors", seen.doors_shut, seen.cases),
        **_times("settled", seen.settled, seen.cases),
    }


def _times(what: str, values: tuple[float, ...], cases: int) -> Json:
    whole = len(values) == cases
    return {
        f"{what} p50": percentile(values, 0.5) if whole else None,
        f"{what} max": values[-1] if whole else None,
    }


def main() -> int:
    """Play one case and many, with and without limits; exits with 1 where one was not contained."""
    made = parser(__doc__)
    made.add_argument("--cases", type=int, default=50, metavar="N", help="default 50")
    asked = made.parse_args()
    session = Session("load", path=asked.json)
    wanted = [
        ("one case", 1, Throttling.OFF),
        ("one case, limits", 1, Throttling.PUBLISHED),
        (f"{asked.cases} at once", asked.cases, Throttling.OFF),
        (f"{asked.cases} at once, limits", asked.cases, Throttling.PUBLISHED),
    ]
    seen = {name: rush(cases, throttling) for name, cases, throttling in wanted}
    session.table(
        "Calls per case, and cases at once; virtual time, seconds",
        [row(name, one) for name, one in seen.items()],
    )
    refused = Counter[str]()
    for one in seen.values():
        refused.update(one.refused)
    for name, times in refused.most_common():
        session.say(f"  429: {times:5d}  {name}")
    session.keep(refused=dict(refused))
    session.end()
    bad = [name for name, one in seen.items() if one.contained < one.cases or one.lost]
    return _FAILED if bad else 0


if __name__ == "__main__":
    sys.exit(main())
