"""In a storm a worker keeps room: for what acts now, beside the plans that wait for people."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from lab.tenant.population import Population
from shared.model import CaseStatus
from shared.policy.notify import Told
from shared.store.memory import MemoryStore
from shared.store.verbs import Drop, Partition, Put, Row
from shared.tasks import keys
from shared.tasks.runner import PLANS_AT_ONCE
from shared.tasks.triage import AT_ONCE
from tests.tasks.benches import Bench


class Slow(MemoryStore):
    """A store that takes its time for some rows, until it is let go."""

    def __init__(self, slow: Callable[[str, str], bool]) -> None:
        super().__init__()
        self.stopped = 0
        self.gone_on = asyncio.Event()
        self._slow = slow

    async def read(self, partition: Partition, key: str) -> Row | None:
        if self._slow("read", key):
            await self._wait()
        return await super().read(partition, key)

    async def write(self, *changes: Put | Drop) -> tuple[str, ...]:
        puts = (change for change in changes if isinstance(change, Put))
        if any(self._slow("write", str(put.body.get("what"))) for put in puts):
            await self._wait()
        return await super().write(*changes)

    async def _wait(self) -> None:
        self.stopped += 1
        await self.gone_on.wait()


async def work_off(bench: Bench) -> list[asyncio.Task[None]]:
    """Take every message that is to be seen and work on all of them at once, for a while."""
    begun = []
    while (message := await bench.messages.receive()) is not None:
        await bench.messages.delete(message)
        begun.append(asyncio.create_task(bench.app.work(message.text)))
    for _ in range(2_000):
        await asyncio.sleep(0)
    return begun


async def test_a_worker_answers_only_so_many_alerts_side_by_side() -> None:
    store = Slow(lambda verb, key: verb == "read" and key.startswith(keys.ALERT))
    async with Bench(store=store) as bench:
        for number in range(AT_ONCE + 4):
            await bench.detect(number)
        triages = await work_off(bench)
        assert store.stopped == AT_ONCE
        store.gone_on.set()
        await asyncio.gather(*triages)
        await bench.settle()
        assert {alert.state for alert in bench.alerts()} == {"triaged"}


async def test_what_acts_is_not_kept_waiting_by_plans_for_people() -> None:
    store = Slow(lambda verb, what: verb == "write" and what == Told.APPROVAL_WANTED)
    async with Bench(store=store) as bench:
        people = Population(bench.tenant)
        for number in range(PLANS_AT_ONCE):
            oid = people.person(f"Person {number}")
            await bench.detect(number, level="medium", oid=oid)
        await asyncio.gather(*await work_off(bench))
        plans = await work_off(bench)
        assert store.stopped == PLANS_AT_ONCE
        await bench.tell()
        await asyncio.gather(*await work_off(bench))
        await asyncio.gather(*await work_off(bench))
        (acted,) = [case for case in bench.all_cases() if case.account.object_id == bench.oid]
        assert acted.status is CaseStatus.CONTAINED
        assert store.stopped == PLANS_AT_ONCE
        store.gone_on.set()
        await asyncio.gather(*plans)
        assert store.stopped > PLANS_AT_ONCE
