"""Approvals under everything at once: people, workers, deaths and a tenant that moves."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from shared.model import CaseStatus, Event, Json, TaskState
from tests.tasks.approving import Person
from tests.tasks.awaiting import on_their_way, rows, waiting
from tests.tasks.machines import Killed, Machine

NAMES = ("disable_sign_in", "disable_inbox_rules", "stop_forwarding", "confirm_compromised")


class Approving(Machine):
    """Two people answer by what they were shown, two workers work, and any of them may die."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = self.run(self._made())
        self.shown: dict[str, Json] = self.run(self.bench.asked())
        self.heard = 0
        self.moves = 0
        self.died = False

    async def _made(self) -> Person:
        return Person()

    def teardown(self) -> None:
        self.run(self._settled())
        for task in self.bench.tasks().values():
            assert task.state not in {TaskState.QUEUED, TaskState.CLAIMED, TaskState.APPLIED}
        self.died = False
        self.what_waits_stands_where_people_look_for_it()
        if self.bench.the_case().false_alarm:
            # What was begun may have to ask again: half of a change is for a person to judge.
            waits = "waiting" in self.bench.states()
            wanted = CaseStatus.WAITING if waits else CaseStatus.CLOSED
            assert self.bench.the_case().status is wanted
        self.run(self.bench.client.aclose())
        super().teardown()

    async def _settled(self) -> None:
        for _ in range(4):
            self.bench.clock.advance(700)
            await self.bench.app.reconcile()
            await self.bench.settle()

    @rule()
    def look(self) -> None:
        self.shown.update(self.run(self.bench.cards()))

    @rule(name=st.sampled_from(NAMES), people=st.integers(1, 3))
    def approve(self, name: str, people: int) -> None:
        card = self.shown[name]

        async def at_once() -> list[tuple[int, Json]]:
            return await asyncio.gather(*(self.bench.approve(card) for _ in range(people)))

        assert [status for status, _ in self.run(at_once())].count(202) <= 1

    @rule(name=st.sampled_from(NAMES))
    def approve_and_decline_at_once(self, name: str) -> None:
        card = self.shown[name]

        async def at_once() -> list[tuple[int, Json]]:
            return list(
                await asyncio.gather(
                    self.bench.approve(card), self.bench.decline(card, "the owner's")
                )
            )

        assert [status for status, _ in self.run(at_once())].count(202) <= 1

    @rule()
    def choose_one_rule(self) -> None:
        card = self.shown["disable_inbox_rules"]
        self.run(self.bench.approve(card, only=[card["choices"][0]["key"]]))

    @rule(people=st.integers(1, 2))
    def call_it_a_false_alarm(self, people: int) -> None:
        case = self.bench.the_case().id

        async def at_once() -> list[tuple[int, Json]]:
            said = {"cases": [case], "reason": "the owner travels"}
            both = (self.bench.send("false-alarm", **said) for _ in range(people))
            return list(await asyncio.gather(*both))

        was = self.bench.the_case().false_alarm
        assert [status for status, _ in self.run(at_once())].count(202) == int(not was)
        assert self.bench.the_case().false_alarm

    @rule()
    def take_it_back(self) -> None:
        was = self.bench.the_case().false_alarm
        said = {"cases": [self.bench.the_case().id], "reason": "no journey"}
        status, _ = self.run(self.bench.send("take-back", **said))
        assert (status == 202) == was

    @precondition(lambda self: self.moves < 3)
    @rule()
    def the_tenant_moves(self) -> None:
        self.moves += 1
        self.bench.forward(f"collector{self.moves}@mallory.example")

    @rule()
    def two_workers_work(self) -> None:
        async def at_once() -> None:
            await asyncio.gather(self.bench.step(), self.bench.step())

        if self._due():
            self.run(at_once())

    @rule(writes=st.integers(1, 3))
    def a_worker_dies(self, writes: int) -> None:
        self.bench.tenant.crash_after_write(writes, Killed())
        try:
            if self._due():
                self.run(self.bench.step())
        except Killed:
            self.died = True
            self.bench.clock.advance(61)
        finally:
            self.bench.tenant.after_write.clear()

    @rule()
    def the_timer_runs(self) -> None:
        self.bench.clock.advance(31)
        self.run(self.bench.app.reconcile())

    def _due(self) -> bool:
        soon = self.bench.clock.now() + timedelta(minutes=10)
        return any(message.visible_at < soon for message in self.bench.messages.messages())

    @invariant()
    def nothing_is_changed_but_what_was_released_last(self) -> None:
        """Each change of a task that asks is the last release's, or what is left of it."""
        entries = self.bench.journal().entries
        for name in NAMES:
            responder = self.bench.app.catalogue[name]  # type: ignore[index]
            free = None
            for entry in (e for e in entries if e.responder in {name, None}):
                if name in entry.data.get("let_be", ()):
                    free = None
                elif entry.event is Event.RELEASED:
                    assert free is None, "released twice"
                    free = responder.revive(entry.data["change"])
                elif entry.event in {Event.WAITING, Event.VERIFIED, Event.SKIPPED}:
                    free = None
                elif entry.event is Event.CHANGE:
                    assert free is not None, "changed without a release"
                    assert free.covers(responder.revive(entry.data["change"]))

    @invariant()
    def what_waits_stands_where_people_look_for_it(self) -> None:
        """Exactly that; where a worker died before it wrote so, another is on its way."""
        wait = {case: len(tasks) for case, tasks in waiting(self.bench.store).items()}
        if not self.died:
            assert rows(self.bench.store) == wait
        assert wait.keys() <= rows(self.bench.store).keys() | on_their_way(self.bench.store)

    @invariant()
    def the_journal_is_one_chain(self) -> None:
        assert self.bench.journal().broken_at() is None


TestApproving = Approving.TestCase
TestApproving.settings = settings(
    max_examples=12,
    stateful_step_count=14,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
