"""Brakes and people under everything at once: a storm, several workers, deaths, two answers."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from shared.model import Entry, Event, Json, Mode
from shared.policy.counters import DAY, HOUR, cases, lately
from shared.tasks.journal import Journal
from tests.shared.test_guards_page import signed
from tests.tasks.braking import PER_DAY, PER_HOUR, WHO, WORKERS, Stand, Town
from tests.tasks.machines import Killed, Machine


class Braking(Machine):
    """Alerts come, people answer and steer, workers work and die."""

    def __init__(self) -> None:
        super().__init__()
        self.town = self.run(self._made())
        self.number = 0
        self.shown: list[Json] = []
        self.ceiling = Mode.ENFORCE
        self.before = self.town.stand()
        self.ever_placed = self.before.placed

    async def _made(self) -> Town:
        return Town()

    def teardown(self) -> None:
        self.run(self.town.client.aclose())
        super().teardown()

    @initialize()
    def a_working_day_begins(self) -> None:
        """The second sure alert has the rule held, so that something was done and much waits."""
        self.alerts_come([2, 4], "high", 1)
        self.before = self.town.stand()
        self.alerts_come([4], "high", 1)
        self.alerts_come([1, 3], "medium", 2)
        self.look()

    @rule(
        people=st.lists(st.integers(0, 6), min_size=1, max_size=4),
        level=st.sampled_from(["high", "high", "medium"]),
        workers=st.integers(0, WORKERS),
    )
    def alerts_come(self, people: list[int], level: str, workers: int) -> None:
        for person in people:
            self.number += 1
            self.run(self.town.detect(self.number, level=level, oid=self.town.who[person]))
        self.workers_work(workers)

    def workers_work(self, workers: int) -> None:
        """Let some workers take messages side by side until none is left."""
        crew = self.town.workers[:workers]

        async def at_once() -> None:
            while crew and self.town.due():
                await asyncio.gather(*(self.town.at_work(app) for app in crew))

        self.run(at_once())

    @rule(writes=st.integers(1, 2))
    def a_worker_dies(self, writes: int) -> None:
        self.town.tenant.crash_after_write(writes, Killed())
        try:
            self.workers_work(1)
        except Killed:
            self.town.clock.advance(700)
        finally:
            self.town.tenant.after_write.clear()

    @rule(minutes=st.sampled_from([1, 15, 61]), person=st.integers(2, 6))
    def time_passes_and_somebody_is_let_in_again(self, minutes: int, person: int) -> None:
        self.town.clock.advance(minutes * 60)
        oid = self.town.who[person]
        again = replace(self.town.tenant.users[oid], enabled=True)
        self.town.tenant.state.users.seed(oid, again)
        self.run(self.town.app.reconcile())

    @rule(
        how=st.sampled_from(
            [
                ("switch", "observe"),
                ("switch", "approve"),
                ("switch", "enforce"),
                ("release", "sure"),
            ]
        )
    )
    def an_administrator_steers(self, how: tuple[str, str]) -> None:
        what, to = how
        request = {"ceiling": to} if what == "switch" else {"rule": to}
        status, _ = self.run(signed(self.town, what, reason="drill", **request))
        assert status == 200 or what == "release"
        if what == "switch":
            self.ceiling = Mode(to)
        self.before = self.town.stand()

    def look(self) -> None:
        """Look at what waits; what was seen before is kept, and may be over by now."""
        found = self.run(self.town.cards_of_all())
        self.shown = (self.shown + found)[-12:]

    @rule(
        card=st.integers(0, 11),
        people=st.lists(st.sampled_from(WHO), min_size=1, max_size=3),
        looks=st.booleans(),
    )
    def people_approve_at_once(self, card: int, people: list[str], looks: bool) -> None:  # noqa: FBT001
        if looks or not self.shown:
            self.look()
        if not self.shown:
            return
        wanted = self.shown[card % len(self.shown)]

        async def at_once() -> None:
            await asyncio.gather(*(self.town.yes(wanted, who) for who in people))

        self.run(at_once())
        self.workers_work(2)

    @invariant()
    def every_brake_held(self) -> None:
        now, at = self.town.stand(), self.town.clock.now()
        self.ever_placed |= now.placed
        assert cases(lately(now.taken, HOUR, at)) <= PER_HOUR
        assert cases(lately(now.taken, DAY, at)) <= PER_DAY
        assert set(now.acted) <= self.ever_placed, "acted without a place"
        assert self.town.protected not in now.ours, "touched who is protected"
        self._braked_since(now)
        for case, entries in now.journals.items():
            assert Journal(entries).broken_at() is None
            owner = now.owners[case]
            _check_answers(entries, owner, two=owner == self.town.admin)
        self.before = now

    def _braked_since(self, now: Stand) -> None:
        if self.ceiling is not Mode.ENFORCE:
            assert now.acted == self.before.acted, "acted while paused"
        if self.ceiling is Mode.OBSERVE:
            assert now.ours == self.before.ours, "wrote while stopped"
        if self.before.held and now.held:
            assert now.placed <= self.before.placed, "took a place while its rule was held"


def _check_answers(entries: list[Entry], oid: str, *, two: bool) -> None:
    """See who released each change, and that no release was used or given twice."""
    said: dict[str, list[str]] = {}
    released: set[str] = set()
    for entry in entries:
        name = str(entry.responder)
        match entry.event:
            case Event.APPROVED | Event.RELEASED:
                said.setdefault(name, []).append(entry.data["by"]["id"])
                assert oid not in said[name]
                if entry.event is Event.RELEASED:
                    assert name not in released, "released twice"
                    assert not two or len({*said[name][-2:]} - {"operator"}) == 2
                    released.add(name)
            case Event.CHANGE:
                assert not two or name in released
            case Event.WAITING | Event.VERIFIED | Event.SKIPPED:
                released.discard(name)
                said.pop(name, None)


TestBraking = Braking.TestCase
TestBraking.settings = settings(
    max_examples=6,
    phases=(Phase.generate,),
    stateful_step_count=14,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
