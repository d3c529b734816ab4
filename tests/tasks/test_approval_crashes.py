"""A person's yes, and a worker killed at each await: nothing lost, nothing made twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import cache

import pytest

from lab.mortal import Fuse, Killed, MortalBench
from shared.model import Actor, CaseId, Entry, ResponderName, Task
from shared.tasks.approvals import Yes
from shared.tasks.journal import Journal
from shared.tasks.overdue import GRACE
from tests.tasks.approving import Person
from tests.tasks.awaiting import on_their_way, rows, waiting
from tests.tasks.benches import POLICY

NIA = Actor(id="operator", name="Nia")
SHARES = 4
APPROVED = {
    "confirm_compromised",
    "disable_sign_in",
    "reset_password",
    "disable_inbox_rules",
    "stop_forwarding",
}


class Story:
    """One case whose changes wait, on a store, a queue and a tenant that outlive every worker."""

    def __init__(self) -> None:
        async def open_case() -> None:
            async with Person() as bench:
                await bench.asked()
                self.lab, self.store, self.queue = bench.tenant, bench.store, bench.messages
                self.case = bench.the_case()

        asyncio.run(open_case())

    def live(self, fuse: Fuse) -> None:
        with asyncio.Runner() as runner:
            runner.get_loop().set_exception_handler(lambda _loop, _context: None)
            bench = MortalBench(
                self.lab,
                store=self.store,
                messages=self.queue,
                fuse=fuse,
                settings={"policy": POLICY},
            )
            try:
                runner.run(self._answer(bench))
            except Killed:
                self.lab.clock.advance(GRACE.total_seconds() + 31)
        bench.bury()

    async def _answer(self, bench: MortalBench) -> None:
        async with bench:
            approvals = bench.app._approvals
            cards = await bench.app._waiting.of(self.case.tenant, CaseId(self.case.id))
            if cards:
                wishes = tuple(
                    Yes(responder=card.responder, fingerprint=card.fingerprint) for card in cards
                )
                await approvals.approve(
                    self.case.tenant, self.case.id, wishes, by=NIA, data={"reason": ""}
                )
            for _ in range(4):
                await bench.settle()
                self.lab.clock.advance(60)
                await bench.app.reconcile()

    def tasks(self) -> dict[str, Task]:
        rows = [r for r in self.store.rows() if r.key.startswith("task:")]
        return {task.responder: task for task in (Task.model_validate(r.body) for r in rows)}

    def journal(self) -> Journal:
        rows = [r for r in self.store.rows() if r.key.startswith("journal:")]
        return Journal(Entry.model_validate(row.body) for row in rows)


@cache
def points() -> int:
    fuse = Fuse()
    Story().live(fuse)
    return len(fuse.trail)


@pytest.mark.parametrize("share", range(SHARES))
def test_a_yes_cut_off_anywhere_is_heard_once_and_carried_out(share: int) -> None:
    assert points() > 60
    for at in range(1 + share, points() + 1, SHARES * 3):
        story = Story()
        fuse = Fuse(at)
        story.live(fuse)
        assert fuse.blown_at
        assert waiting(story.store).keys() <= rows(story.store).keys() | on_their_way(story.store)
        story.live(Fuse())
        assert rows(story.store) == {}, (at, fuse.blown_at)
        tasks, journal = story.tasks(), story.journal()
        assert {tasks[name].state.value for name in APPROVED} == {"verified"}, (at, fuse.blown_at)
        said = Counter((e.responder, e.event.value) for e in journal.entries)
        for name in map(ResponderName, APPROVED):
            assert said[name, "released"] == 1, (at, fuse.blown_at)
            assert said[name, "waiting"] == 1, (at, fuse.blown_at)
        assert journal.broken_at() is None
