from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from lab.scenarios import admin, spammer
from lab.stage import to_folder
from lab.tenant import SimulatedTenant
from lab.tenant.faults import When
from lab.tenant.population import Population
from lab.tenant.records import Write
from lab.tenant.state import Rule
from lab.tenant.transport import TenantTransport
from lab.workbench import lab_tenant
from responders import catalogue
from shared.clients import graph
from shared.clients.tenant import Tenant
from shared.model import (
    Actor,
    Case,
    CaseId,
    CaseStatus,
    Event,
    Mode,
    ObjectId,
    Phase,
    ResponderName,
    TaskState,
    TenantId,
)
from shared.responder import Change, Impact, Responder
from shared.store.verbs import Put
from shared.tasks import keys
from shared.tasks.lock import Lock
from shared.tasks.looks import LOOKS
from shared.tasks.queue import WorkMessage, encode
from shared.tasks.runner import BUSY
from shared.tasks.steps import MAX_ATTEMPTS
from tests.tasks.benches import SIX, Bench, policy

EVIL: Mapping[str, Any] = {
    "conditions": {"subjectContains": ["invoice", "payment"]},
    "actions": {**to_folder("RSS Feeds"), "markAsRead": True},
}


def only(mode: str, *responders: str, more: str = "") -> str:
    """A policy with one rule for everything: these responders in this mode."""
    lines = "\n".join(f'{name} = "{mode}"' for name in responders)
    kinds = '["risky_sign_in", "admin_request", "outbound_spam", "suspicious_forwarding"]'
    return (
        f'{more}\n[[rule]]\nname = "all"\nkinds = {kinds}\nirreversible = true\n'
        f"[rule.responders]\n{lines}\n"
    )


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with Bench() as made:
        yield made


class Nothing(Change):
    """A change that changes nothing."""

    def summary(self) -> str:
        """Say so."""
        return "Change nothing"


class Broken(Responder[Nothing]):
    """A responder with a bug in it."""

    phase = Phase.CONTAIN
    impact = Impact.NONE

    def __init__(self, where: str) -> None:
        self._where = where

    @property
    def name(self) -> ResponderName:
        """Not that of its module, which is a test."""
        return ResponderName("broken")

    async def plan(self, case: Case, tenant: Tenant) -> Nothing | None:
        """Plan, unless the bug is here."""
        if self._where == "plan":
            raise ZeroDivisionError("a secret that must not be shown")
        return Nothing(who=case.account.who)

    async def apply(self, change: Nothing, tenant: Tenant) -> None:
        """Apply, unless the bug is here."""
        if self._where == "apply":
            raise KeyError("a secret that must not be shown")


class TestModes:
    async def test_enforce_does_it_and_proves_it(self, bench: Bench) -> None:
        await bench.tell()
        await bench.settle()
        assert bench.states() == {"verified"}
        assert bench.the_case().status is CaseStatus.CONTAINED
        assert bench.scenario.intruder.open_doors() == []
        assert bench.scenario.losses() == []
        assert bench.events("disable_sign_in") == ["change", "applied", "verified"]
        assert bench.unfinished() == []

    async def test_observe_reports_the_change_and_makes_none(self, tmp_path: Path) -> None:
        text = only("observe", *SIX)
        async with Bench(settings={"policy": policy(tmp_path, text)}) as bench:
            before = bench.tenant.snapshot()
            await bench.tell()
            await bench.settle()
            assert bench.states() == {"observed"}
            assert all(task.change for task in bench.tasks().values())
            assert bench.the_case().status is CaseStatus.OBSERVED
            assert (bench.tenant.snapshot(), bench.written()) == (before, [])

    async def test_approve_waits_with_the_change_and_its_fingerprint(self, tmp_path: Path) -> None:
        text = only("approve", *SIX)
        async with Bench(settings={"policy": policy(tmp_path, text)}) as bench:
            before = bench.tenant.snapshot()
            await bench.tell()
            await bench.settle()
            assert bench.the_case().status is CaseStatus.WAITING
            for task in bench.tasks().values():
                change = bench.app.catalogue[task.responder].revive(task.change or {})
                assert task.state is TaskState.WAITING
                assert task.fingerprint == change.fingerprint()
                assert (task.summary, task.finished_at) == (change.summary(), None)
            assert (bench.tenant.snapshot(), bench.written()) == (before, [])
            assert bench.unfinished() == []
            await bench.app.reconcile()
            [later] = bench.messages.messages()
            assert later.visible_at - bench.clock.now() > timedelta(minutes=29)

    async def test_guards_are_asked_again_when_a_task_runs(
        self, bench: Bench, tmp_path: Path
    ) -> None:
        """The account was put under protection after the case had been decided."""
        before = bench.tenant.snapshot()
        await bench.tell()
        await bench.step()
        assert {task.mode for task in bench.tasks().values()} == {Mode.ENFORCE}
        protected = f'[protected]\naccounts = ["{bench.oid}"]'
        bench.app = bench.under(policy(tmp_path, only("enforce", *SIX, more=protected)))
        await bench.settle()
        assert bench.states() == {"observed"}
        assert (bench.tenant.snapshot(), bench.written()) == (before, [])

    async def test_only_the_named_tasks_run(self, bench: Bench) -> None:
        await bench.tell()
        await bench.step()
        chosen = bench.tasks()["revoke_sessions"]
        message = WorkMessage(tenant=chosen.tenant, case=chosen.case, tasks=(chosen.id,))
        await bench.app.work(encode(message))
        assert bench.written() == ["sessions revoked"]
        await bench.settle()
        assert bench.states() == {"verified"}


async def test_a_change_stands_in_the_journal_before_it_is_made(bench: Bench) -> None:
    """At the moment of every write, its responder has begun in what is stored."""
    unannounced: list[str] = []
    writes: list[str] = []

    def look(write: Write) -> None:
        if write.actor == bench.tenant.own_object_id:
            entries = bench.journal().entries
            begun = {str(e.responder) for e in entries if e.event is Event.CHANGE}
            writes.append(write.what)
            if _whose(write) not in begun:
                unannounced.append(write.what)

    bench.tenant.on_write(look)
    await bench.tell()
    await bench.settle()
    assert len(writes) == 7
    assert unannounced == []


def _whose(write: Write) -> str:
    signs = {
        "risk:": "confirm_compromised",
        "accountEnabled:": "disable_sign_in",
        "password:": "reset_password",
        "sessions revoked": "revoke_sessions",
        "rule ": "disable_inbox_rules",
        "mailbox:": "stop_forwarding",
    }
    (found,) = (name for sign, name in signs.items() if write.what.startswith(sign))
    return found


class TestErrors:
    async def test_a_throttled_call_comes_back_not_before_it_may(self, bench: Bench) -> None:
        bench.tenant.fail(match="POST */revokeSignInSessions", status=429, retry_after=44)
        await bench.tell()
        await bench.step()
        await bench.step()
        delayed = bench.tasks()["revoke_sessions"]
        assert delayed.state is TaskState.QUEUED
        assert delayed.not_before == bench.clock.now() + timedelta(seconds=44)
        assert bench.tasks()["disable_sign_in"].state is TaskState.VERIFIED
        started = bench.clock.now()
        await bench.settle()
        asked = [c.at for c in bench.tenant.calls if c.path.endswith("/revokeSignInSessions")]
        assert asked[1] - started == timedelta(seconds=44)
        assert bench.states() == {"verified"}

    async def test_a_task_is_given_up_after_many_tries_and_says_why(self, bench: Bench) -> None:
        bench.tenant.fail(match="POST */revokeSignInSessions", times=10_000)
        await bench.tell()
        await bench.settle(within=timedelta(days=1))
        failed = bench.tasks()["revoke_sessions"]
        assert failed.state is TaskState.FAILED
        assert failed.attempts == MAX_ATTEMPTS
        assert f"gave up after {MAX_ATTEMPTS} tries" in failed.reason
        assert bench.the_case().status is CaseStatus.NEEDS_PERSON
        assert bench.tenant.users[bench.oid].enabled is False
        assert bench.unfinished() == []

    async def test_a_service_that_is_away_for_hours_causes_no_flood(self, bench: Bench) -> None:
        bench.tenant.fail(match="POST */revokeSignInSessions", times=10_000)
        await bench.tell()
        messages = 0
        while await bench.step():
            messages += 1
            assert len(bench.messages.messages()) <= 1
        assert messages <= MAX_ATTEMPTS + 2 + len(LOOKS)

    async def test_a_proof_that_cannot_be_read_backs_off_as_well(self, bench: Bench) -> None:
        """All is done, and then the service is away: the proof waits longer and longer."""

        def away(write: Write) -> None:
            if write.path == "Set-Mailbox":
                bench.tenant.fail(times=10_000)

        bench.tenant.on_write(away)
        await bench.tell()
        await bench.step()
        started = bench.clock.now()
        while bench.clock.now() - started < timedelta(minutes=10) and await bench.step():
            pass
        assert TaskState.APPLIED in {task.state for task in bench.tasks().values()}
        assert bench.events("stop_forwarding").count("delayed") < 15
        bench.tenant.faults.clear()
        await bench.settle()
        assert bench.states() == {"verified"}

    async def test_a_missing_permission_ends_the_task_and_is_named(self, bench: Bench) -> None:
        bench.tenant.fail(match="POST */revokeSignInSessions", status=403)
        await bench.tell()
        await bench.settle()
        failed = bench.tasks()["revoke_sessions"]
        assert (failed.state, failed.attempts) == (TaskState.FAILED, 1)
        assert graph.USER_REVOKE_SESSIONS_ALL in failed.reason
        assert bench.states() == {"verified", "failed"}
        assert bench.the_case().status is CaseStatus.NEEDS_PERSON

    async def test_a_denied_administrator_names_the_role(self, tmp_path: Path) -> None:
        text = only("enforce", "disable_sign_in", more='[guards]\nprivileged = "enforce"')
        async with Bench(story=admin, settings={"policy": policy(tmp_path, text)}) as bench:
            await bench.tell()
            await bench.settle()
            assert "Privileged Authentication Administrator" in (
                bench.tasks()["disable_sign_in"].reason
            )

    @pytest.mark.parametrize("where", ["plan", "apply"])
    async def test_a_defect_in_a_responder_fails_that_task_only(
        self, where: str, tmp_path: Path
    ) -> None:
        text = only("enforce", "broken", "disable_sign_in", "stop_forwarding")
        async with Bench() as bench:
            broken = {**catalogue(), ResponderName("broken"): Broken(where)}
            bench.app = bench.under(policy(tmp_path, text), catalogue=broken)
            await bench.tell()
            await bench.settle()
            states = {name: task.state.value for name, task in bench.tasks().items()}
            assert states == {
                "broken": "failed",
                "disable_sign_in": "verified",
                "stop_forwarding": "verified",
            }
            assert "defect in broken" in bench.tasks()["broken"].reason
            stored = " ".join(str(row.body) for row in bench.store.rows())
            assert "a secret that must not be shown" not in stored

    async def test_a_responder_that_this_version_lacks_fails_its_task_only(
        self, tmp_path: Path
    ) -> None:
        async with Bench() as bench:
            text = policy(tmp_path, only("enforce", "broken", "disable_sign_in"))
            broken = {**catalogue(), ResponderName("broken"): Broken("nowhere")}
            bench.app = bench.under(text, catalogue=broken)
            await bench.tell()
            await bench.step()
            after = policy(tmp_path, only("enforce", "disable_sign_in"))
            bench.app = bench.under(after, catalogue=catalogue())
            await bench.settle()
            assert bench.tasks()["broken"].state is TaskState.FAILED
            assert "this version does not have it" in bench.tasks()["broken"].reason
            assert bench.tasks()["disable_sign_in"].state is TaskState.VERIFIED

    async def test_a_stored_change_that_cannot_be_read_fails_its_task_only(
        self, bench: Bench
    ) -> None:
        """An older version planned it, in a shape that this one does not know."""
        await bench.tell()
        await bench.step()
        case = bench.the_case()
        at = keys.case(case.tenant, case.id)
        row = await bench.store.read(at, keys.task_row(ResponderName("revoke_sessions")))
        assert row is not None
        body = row.body | {"resume": True, "change": {"an older": "shape"}}
        await bench.store.write(Put(at, row.key, body, row.etag))
        await bench.settle()
        assert bench.tasks()["revoke_sessions"].state is TaskState.FAILED
        assert bench.states() == {"verified", "failed"}

    async def test_what_only_a_person_can_do_is_said_after_the_rest_is_done(self) -> None:
        """Graph may not change a read-only rule: the proof of the others must not hide it."""
        async with Bench(story=spammer) as bench:
            Population(bench.tenant).rule(bench.oid, "...", read_only=True, **EVIL)
            await bench.tell()
            await bench.settle()
            task = bench.tasks()["disable_inbox_rules"]
            assert task.state is TaskState.REFUSED
            assert any("“...”" in step for step in task.steps)
            assert "applied" in bench.events("disable_inbox_rules")
            assert bench.the_case().status is CaseStatus.NEEDS_PERSON
            assert bench.scenario.losses() == []

    async def test_an_account_deleted_meanwhile_leaves_nothing_to_do(self, bench: Bench) -> None:
        await bench.tell()
        await bench.step()
        bench.tenant.state.users.drop(bench.oid, at=bench.clock.now())
        bench.tenant.state.mailboxes.pop(bench.oid)
        await bench.settle()
        left = {name: task.state.value for name, task in bench.tasks().items()}
        assert {left[name] for name in left if name != "confirm_compromised"} == {"skipped"}
        assert bench.unfinished() == []


class TestProof:
    async def test_a_lagging_directory_is_waited_for_and_nothing_is_written_twice(self) -> None:
        async with Bench(tenant={"directory_lag": 10.0}) as bench:
            await bench.tell()
            await bench.settle()
            assert bench.states() == {"verified"}
            assert bench.written("/users/{id}").count("accountEnabled: False") == 1
            assert bench.written("/users/{id}").count("password: set") == 1
            assert bench.written("/revokeSignInSessions") == ["sessions revoked"]
            assert bench.events("disable_sign_in")[:3] == ["change", "applied", "delayed"]
            assert "reappeared" not in bench.events("revoke_sessions")

    async def test_a_foothold_that_comes_back_before_the_proof_is_removed_again(
        self, bench: Bench
    ) -> None:
        planted: list[Rule] = []

        def plant(write: Write) -> None:
            if write.path.endswith("/messageRules/{rid}") and not planted:
                planted.append(Population(bench.tenant).rule(bench.oid, "..", **EVIL))

        bench.tenant.on_write(plant)
        await bench.tell()
        await bench.settle()
        assert planted
        on = {rule.id for rule in bench.tenant.mailboxes[bench.oid].rules if rule.enabled}
        assert planted[0].id not in on
        assert "reappeared" in bench.events("disable_inbox_rules")
        assert bench.events("disable_inbox_rules").count("change") == 2
        assert bench.states() == {"verified"}

    async def test_what_came_back_after_a_throttled_write_is_planned_anew(
        self, bench: Bench
    ) -> None:
        """A write made again without a plan must not be made again for ever."""
        planted: list[Rule] = []

        def plant(write: Write) -> None:
            if write.path.endswith("/messageRules/{rid}") and not planted:
                planted.append(Population(bench.tenant).rule(bench.oid, "..", **EVIL))

        bench.tenant.on_write(plant)
        bench.tenant.fail(match="PATCH */messageRules/{rid}", status=429, retry_after=2)
        await bench.tell()
        await bench.settle()
        on = {rule.id for rule in bench.tenant.mailboxes[bench.oid].rules if rule.enabled}
        assert planted[0].id not in on
        assert bench.tasks()["disable_inbox_rules"].state is TaskState.VERIFIED
        assert bench.tasks()["disable_inbox_rules"].attempts <= 4

    async def test_a_foothold_that_always_comes_back_is_handed_to_a_person(
        self, bench: Bench
    ) -> None:
        def plant(write: Write) -> None:
            if write.path.endswith("/messageRules/{rid}"):
                Population(bench.tenant).rule(bench.oid, "..", **EVIL)

        bench.tenant.on_write(plant)
        await bench.tell()
        await bench.settle()
        failed = bench.tasks()["disable_inbox_rules"]
        assert failed.state is TaskState.FAILED
        assert "still there" in failed.reason

    async def test_a_write_whose_answer_was_lost_is_read_back_and_not_repeated(
        self, bench: Bench
    ) -> None:
        bench.tenant.drop(match="POST */revokeSignInSessions", when=When.AFTER_EFFECT)
        await bench.tell()
        await bench.settle()
        assert bench.states() == {"verified"}
        assert bench.written("/revokeSignInSessions") == ["sessions revoked"]

    async def test_nothing_found_is_skipped_and_said(self, bench: Bench) -> None:
        await bench.detect(1, oid=bench.scenario.bystanders[0])
        await bench.settle()
        assert bench.tasks()["disable_inbox_rules"].state is TaskState.SKIPPED
        assert bench.events("disable_inbox_rules") == ["skipped"]

    async def test_after_an_undo_a_later_look_finds_nothing_of_ours_to_prove(
        self, bench: Bench
    ) -> None:
        """What was put back is not ours any more: a new alert is answered from the start."""
        await bench.tell()
        await bench.settle()
        case = bench.the_case()
        undo = bench.app._undo
        only = ResponderName("stop_forwarding")
        await undo.ask(case.tenant, case.id, actor=Actor(id="operator", name="Nia"), only=only)
        await bench.settle()
        assert bench.tasks()["stop_forwarding"].state is TaskState.UNDONE
        bench.tenant.change_mailbox(bench.oid, forwarding_smtp=None)
        bench.clock.advance(60)
        await bench.ask()
        await bench.settle()
        assert bench.tasks()["stop_forwarding"].state is TaskState.SKIPPED


class Slow(TenantTransport):
    """A way to the tenant that stops once before the first write, until it is let go on."""

    def __init__(self, tenant: SimulatedTenant) -> None:
        super().__init__(tenant)
        self.reached, self.opened = asyncio.Event(), asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.reached.set()
        await self.opened.wait()
        return await super().handle_async_request(request)


class SeenLock(Lock):
    """A lock that tells the test when its holder has noticed that it is lost."""

    lost: asyncio.Event

    @asynccontextmanager
    async def hold(
        self, tenant: TenantId, oid: ObjectId, owner: str
    ) -> AsyncIterator[asyncio.Event | None]:
        async with super().hold(tenant, oid, owner) as lost:
            if lost is not None:
                self.lost = lost
            yield lost


class TestWorkers:
    async def test_a_message_comes_back_while_another_worker_holds_the_account(
        self, bench: Bench
    ) -> None:
        await bench.tell()
        await bench.step()
        (message,) = bench.messages.messages()
        case = bench.the_case()
        lock = Lock(bench.store, bench.clock.now)
        async with lock.hold(case.tenant, ObjectId(bench.oid), "somebody else") as lost:
            assert lost is not None
            await bench.step()
            (again,) = bench.messages.messages()
            assert again.text == message.text
            assert (again.visible_at - bench.clock.now()).total_seconds() == BUSY
            assert bench.written() == []
        await bench.settle()
        assert bench.states() == {"verified"}

    async def test_two_workers_on_one_case_write_everything_once(self, bench: Bench) -> None:
        await bench.tell()
        await bench.step()
        (message,) = bench.messages.messages()
        workers = [bench.under(bench.app.settings.policy) for _ in range(2)]
        await asyncio.gather(*(worker.work(message.text) for worker in workers))
        await bench.settle()
        assert len(bench.written()) == len(set(bench.written())) == 7
        assert bench.states() == {"verified"}
        assert bench.journal().broken_at() is None

    async def test_a_worker_that_lost_its_lock_stops_before_it_writes(self, bench: Bench) -> None:
        """It hung while it planned; its lease ran out and another worker did the work."""
        await bench.tell()
        await bench.step()
        message = await bench.messages.receive()
        assert message is not None
        way = Slow(bench.tenant)
        async with httpx.AsyncClient(transport=way) as client:
            world = lab_tenant(bench.tenant, client)
            hanging = bench.under(bench.app.settings.policy, world=world)
            working = asyncio.ensure_future(hanging.work(message.text))
            await way.reached.wait()
            bench.clock.advance(31)
            await bench.app.work(message.text)
            done = bench.written()
            assert len(done) == 7
            way.opened.set()
            await working
            assert bench.written() == done
        await bench.messages.delete(message)
        await bench.settle()
        assert bench.states() == {"verified"}
        assert bench.written() == done
        assert bench.journal().broken_at() is None

    async def test_a_worker_whose_lock_is_taken_while_it_plans_does_not_write(
        self, bench: Bench
    ) -> None:
        """The rows have not moved yet; the lost lock alone stops it, after the change is noted."""
        await bench.tell()
        await bench.step()
        message = await bench.messages.receive()
        assert message is not None
        way = Slow(bench.tenant)
        async with httpx.AsyncClient(transport=way) as client:
            world = lab_tenant(bench.tenant, client)
            hanging = bench.under(bench.app.settings.policy, world=world)
            lock = SeenLock(bench.store, bench.clock.now, lease=timedelta(seconds=0.03))
            hanging._runner._lock = lock
            working = asyncio.ensure_future(hanging.work(message.text))
            await way.reached.wait()
            at = keys.account(bench.the_case().tenant, ObjectId(bench.oid))
            row = await bench.store.read(at, keys.LOCK)
            assert row is not None
            until = (bench.clock.now() + timedelta(seconds=30)).isoformat()
            await bench.store.write(Put(at, row.key, {"owner": "b", "until": until}, row.etag))
            async with asyncio.timeout(30):
                await lock.lost.wait()
            way.opened.set()
            await working
        assert bench.written() == []
        await bench.messages.delete(message)
        bench.clock.advance(31)
        await bench.settle()
        assert bench.states() == {"verified"}
        assert len(bench.written()) == 7

    async def test_a_guard_that_refuses_when_a_task_runs_ends_it_with_its_reason(
        self, bench: Bench
    ) -> None:
        """Who we are became known only after the case had been decided."""
        await bench.tell()
        await bench.step()
        ourselves = bench.app.settings.model_copy(update={"own_object_id": bench.oid})
        bench.app = bench.under(bench.app.settings.policy, settings=ourselves)
        await bench.settle()
        assert bench.states() == {"refused"}
        assert all("acts with" in task.reason for task in bench.tasks().values())
        assert bench.written() == []

    async def test_a_case_nobody_opened_is_no_reason_to_fail(self, bench: Bench) -> None:
        message = WorkMessage(tenant=bench.app.settings.tenant, case=CaseId("0123456789abcdef"))
        await bench.app.work(encode(message))
        assert bench.store.rows() == ()
