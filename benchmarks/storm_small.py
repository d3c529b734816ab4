"""A storm in this process, small enough for a test, and the judge of what became of any storm.

App, clients and simulated tenant are the real ones; the clock stands and goes from message to
message, so nothing of it says how long anything takes.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from benchmarks.load import Mute
from lab.carrier_alerts import CarrierAlert, risk_detection
from lab.clock import Clock
from lab.scenarios import token_thief
from lab.tenant import SimulatedTenant, TenantSettings
from lab.tenant.population import Population
from lab.workbench import Workbench
from shared.model import Alert, AlertState, Case, Json, TenantId
from shared.store.verbs import Store
from shared.sweeps.verify import Verify
from shared.tasks import keys

START: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)
PER_HOUR: Final = 20
"""The blast radius that the policy gives where it says nothing else."""
TWICE: Final = 0.1
"""The share of alerts that are delivered twice."""
_BATCH: Final = 50


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
    waiting: int = 0
    """Alerts that triage had not answered when the time was up."""

    @property
    def holds(self) -> bool:
        """Whether everything held that has to."""
        bad = self.lost + self.doubled + self.faults + self.waiting
        return self.alerts == self.distinct and self.acted_on <= PER_HOUR and not bad


def accounts_in(lab: SimulatedTenant, accounts: int) -> list[str]:
    """Make a tenant's accounts, of which one in fifty was broken into; returns their ids."""
    people = Population(lab)
    oids = [token_thief(lab).oid for _ in range(max(accounts // 50, 1))]
    oids += [people.person(f"Person {number}") for number in range(accounts - len(oids))]
    return oids


def alerts_about(
    lab: SimulatedTenant, oids: list[str], alerts: int, chance: random.Random
) -> list[CarrierAlert]:
    """Compose so many alerts, all of them high, and shuffle them."""
    users = [lab.users[oids[number % len(oids)]] for number in range(alerts)]
    made = [risk_detection(lab, user, at=lab.now(), kind="unfamiliarFeatures") for user in users]
    chance.shuffle(made)
    return made


async def storm(store: Store, *, alerts: int, accounts: int, settings: Json | None = None) -> Seen:
    """Send so many alerts about so many accounts within virtual minutes, and work them off."""
    lab = SimulatedTenant(
        clock=Clock.frozen(START), seed=5, settings=TenantSettings.instant(page_size=100)
    )
    chance, seen = random.Random(7), Seen(distinct=alerts)
    oids = accounts_in(lab, accounts)
    async with Workbench(lab, store=store, settings=settings, log=Mute()) as bench:
        composed = alerts_about(lab, oids, alerts, chance)
        for first in range(0, alerts, _BATCH):
            await _deliver(bench, composed[first : first + _BATCH], chance, seen)
            await bench.settle(within=timedelta(seconds=1))
        await bench.settle(within=timedelta(minutes=3))
        await judge(store, bench.app.settings.tenant, lab, seen)
    return seen


async def _deliver(
    bench: Workbench, batch: list[CarrierAlert], chance: random.Random, seen: Seen
) -> None:
    twice = [alert for alert in batch if chance.random() < TWICE]
    replies = await asyncio.gather(
        *(bench.post(alert.source, alert.body) for alert in (*batch, *twice))
    )
    seen.sent += len(replies)
    seen.answers.update(reply.status for reply in replies)


async def judge(store: Store, tenant: TenantId, lab: SimulatedTenant, seen: Seen) -> None:
    """Look in the store and in the tenant what became of every alert, and whether chains hold."""
    own = lab.own_object_id
    seen.acted_on = len({write.oid for write in lab.writes if write.actor == own})
    cases: list[Case] = []
    async for row in store.scan(keys.cases(tenant), prefix=keys.LISTED):
        found = await store.read(keys.case(tenant, row.body["id"]), keys.CASE)
        cases += [Case.model_validate(found.body)] if found else []
    joined = Counter(alert for case in cases for alert in case.alerts)
    held = Counter(case.account.object_id for case in cases)
    seen.cases = len(cases)
    seen.doubled = sum(n - 1 for n in (*joined.values(), *held.values()))
    async for row in store.scan(keys.inbox(tenant), prefix=keys.ALERT):
        alert = Alert.model_validate(row.body)
        seen.alerts += 1
        if alert.state is AlertState.RECEIVED:
            seen.waiting += 1
        else:
            seen.lost += alert.state is not AlertState.TRIAGED or alert.id not in joined
    walk = Verify(store, lab.clock.now, tenant)
    seen.faults = len([fault async for fault in walk.run()])
