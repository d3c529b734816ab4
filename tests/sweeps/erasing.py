"""A store in which somebody is named wherever somebody can be, to be erased again and again."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache

from lab.scenarios import Story
from lab.scenarios.two_victims import SECOND
from shared.model import (
    Actor,
    Alert,
    AlertId,
    AlertKind,
    AlertState,
    CaseId,
    ObjectId,
    Severity,
    TenantId,
    digest,
)
from shared.policy.notify import Told
from shared.posture import Finding, Run, RunId, RunState, SweepName
from shared.store.memory import MemoryQueue, MemoryStore
from shared.store.verbs import Put, Store
from shared.sweeps.erasure import Erasures
from shared.sweeps.erasure_plan import Plan
from shared.sweeps.findings import Findings
from shared.sweeps.floor import Floor
from shared.sweeps.tampering import Tampered
from shared.sweeps.verify import Verify
from shared.tasks import delivery, keys
from shared.tasks.conclusion import Conclusion
from shared.tasks.ledger import CaseFile
from shared.tasks.outbox import Notice, announce_case
from shared.tasks.trail import Noted, Trail
from tests.sweeps.recorded import Recorded
from tests.tasks.benches import NOON, Bench

BY = Actor(id="11111111-aaaa-4aaa-8aaa-000000000001", name="Nia Okafor")
WHY = "Request 17 of 2026"
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_SWEEP = SweepName("mail_forwarding")


class Played(Recorded):
    """One story played to its end, nine days on: cases settled, nobody looks any more."""

    def __init__(self) -> None:
        super().__init__()
        self.tenant = TenantId("")
        self.account = ObjectId("")
        self.second = ObjectId("")
        self.words: frozenset[str] = frozenset()
        self.second_words: frozenset[str] = frozenset()
        self.at = NOON

    async def play(self, story: Story) -> Played:
        async with Bench(story=story) as bench:
            self.tenant = bench.app.settings.tenant
            await bench.tell()
            await bench.settle()
            for _ in range(9):
                bench.clock.advance(timedelta(days=1).total_seconds())
                await bench.app.reconcile()
                await bench.settle()
            case = bench.all_cases()[0]
            self.account, upn = case.account.object_id, case.account.upn
            if found := bench.tenant.state.where("upn", SECOND):
                self.second = ObjectId(found[0])
                name = bench.tenant.users[found[0]].display_name
                self.second_words = frozenset({SECOND, str(self.second), name})
            said = [json.dumps(row.body, ensure_ascii=False) for row in bench.store.rows()]
            said += [data.decode() for data in bench.store.blobs().values()]
            named = {one for text in said for one in _ADDRESS.findall(text)}
            texts = {entry.text for entry in bench.journal().entries}
            own = {upn, case.account.display_name, str(self.account), case.title}
            self.words = frozenset(word for word in own | named | texts if word)
            await self._furnish(bench, upn)
            self.at = bench.clock.now()
            self.record(bench.store)
        return self

    async def _furnish(self, bench: Bench, upn: str) -> None:
        """Name the account where the story has not: notices, sweeps, loose alerts, the trail."""
        now, store, case = bench.clock.now(), bench.store, bench.all_cases()[0]
        await announce_case(store, case, Told.CONTAINED, now, occasion="again")
        notice = Notice(what=Told.CONTAINED, at=now, tenant=self.tenant, case=case.id)
        await delivery.enter(store, delivery.Delivery(notice=notice, channel="team", due=now))
        run = Run(
            id=RunId("r1"), tenant=self.tenant, sweep=_SWEEP, asked_by="timer", started_at=now,
            state=RunState.COMPLETE, due=now, cursor={"left": [upn]},
        )  # fmt: skip
        at = keys.sweeps(self.tenant)
        await store.write(Put(at, keys.run_row(_SWEEP), run.model_dump(mode="json")))
        await Floor(store, bench.clock.now, self.tenant).remember(run)
        seen = Finding(
            kind="forwarding", subject=self.account, account=self.account, severity=Severity.HIGH,
            title=f"{upn} forwards all mail", evidence={"account": upn},
        )  # fmt: skip
        await Findings(store, self.tenant, _SWEEP).see([seen], run)
        kept = keys.sweep(self.tenant, _SWEEP)
        await store.write(Put(kept, f"{keys.KEPT}watch:1", {"upn": upn}))
        body = f"about {upn}".encode()
        raw = f"raw/{self.tenant}/{digest(body.hex(), length=64)}"
        await store.keep(raw, body)
        loose = Alert(
            id=AlertId("feed" * 8), tenant=self.tenant, source="siem", carrier="generic",
            native_id="1", kind=AlertKind.RISKY_USER, title=f"{upn} is risky", occurred_at=now,
            severity=Severity.LOW, received_at=now, raw=raw,
            state=AlertState.IGNORED, reason="no rule",
        )  # fmt: skip
        inbox = keys.inbox(self.tenant)
        await store.write(
            Put(inbox, keys.alert_row(loose.id), loose.model_dump(mode="json")),
            Put(inbox, keys.shown_row(now, loose.id), {"alert": loose.id, "state": loose.state}),
        )
        trail = Trail(store, bench.clock.now, self.tenant)
        await trail.note(Noted.SWITCHED, f"Paused: too much about {upn}", actor=BY)
        await trail.note(Noted.SWITCHED, "Resumed", actor=BY)


@cache
def played(story: Story) -> Played:
    """Play in a loop of its own, once for all tests of a worker."""
    return asyncio.run(Played().play(story))


class Eraser:
    """Erases out of one copy of a played story, on a clock of its own."""

    def __init__(self, story: Played, store: MemoryStore, *, through: Store | None = None) -> None:
        self.story = story
        self.store = store
        self.now = story.at
        self.queue = MemoryQueue(self.clock)
        self.erasures = Erasures(through or store, self.queue, self.clock, story.tenant)

    def clock(self) -> datetime:
        return self.now

    async def ask(self, account: ObjectId | None = None) -> Plan:
        plan = await self.erasures.plan(account or self.story.account)
        await self.erasures.ask(plan.sought.object_id, seen=plan.digest, reason=WHY, by=BY)
        return plan

    async def go_on(self) -> None:
        """Let the timer come by until nothing is under way."""
        for _ in range(20):
            await self._woken()
            await self.erasures.run()
            if not await self.erasures.orders():
                return
            self.now += timedelta(days=1)
        raise AssertionError(f"It waits: {await self.erasures.orders()}")

    async def _woken(self) -> None:
        """Do what a worker does whom reconcile wakes: draw the conclusion of each such case."""
        home = keys.cases(self.story.tenant)
        for row in [row async for row in self.store.scan(home, prefix=keys.TODO)]:
            case = CaseId(row.key.removeprefix(keys.TODO))
            file = await CaseFile.load(self.store, self.clock, self.story.tenant, case)
            await Conclusion(self.store, self.queue, self.clock).draw(file)

    async def faults(self) -> list[Tampered]:
        return [fault async for fault in self.verify.run()]

    @property
    def verify(self) -> Verify:
        return Verify(self.store, self.clock, self.story.tenant)

    def places(self, words: frozenset[str]) -> list[str]:
        """Where one of these words stands."""
        return [where for where, text in self._everything() for w in words if w.lower() in text]

    def _everything(self) -> Iterator[tuple[str, str]]:
        for row in self.store.rows():
            where = f"{row.partition}/{row.key}"
            yield where, f"{where} {json.dumps(row.body, ensure_ascii=False)}".lower()
        for name, data in self.store.blobs().items():
            yield name, f"{name} {data.decode(errors='replace')}".lower()
        for message in self.queue.messages():
            yield "queue", message.text.lower()


async def eraser(story: Played) -> Eraser:
    return Eraser(story, await story.copied())
