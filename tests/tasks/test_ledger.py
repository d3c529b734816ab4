from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from lab.clock import Clock
from shared.errors import Conflict, Gone, Transient
from shared.model import CaseId, Event, ObjectId, Phase, TaskState, TenantId
from shared.store.memory import MemoryStore
from shared.store.rules import MAX_CHANGES, MAX_WRITE
from shared.store.verbs import Drop, Put
from shared.tasks import keys
from shared.tasks.ledger import CaseFile, Line, Superseded, in_order
from shared.tasks.lock import LEASE, Lock
from tests.tasks.benches import NOON, Bench

TENANT = TenantId("11111111-1111-4111-8111-111111111111")
OID = ObjectId("22222222-2222-4222-8222-222222222222")
CASE = CaseId("0123456789abcdef")
AT = keys.account(TENANT, OID)


class Hiccups(MemoryStore):
    """A store that fails now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.failures = 0
        self.writes = 0
        self.second = asyncio.Event()
        """The second write has begun."""

    async def write(self, *changes: Put | Drop) -> tuple[str, ...]:
        self.writes += 1
        if self.writes == 2:
            self.second.set()
        await asyncio.sleep(0)
        if self.failures:
            self.failures -= 1
            raise Transient("storage is away")
        return await super().write(*changes)


def line(text: str) -> Line:
    return Line(event=Event.STATUS, text=text)


async def load(store: MemoryStore) -> CaseFile:
    return await CaseFile.load(store, lambda: NOON, TENANT, CASE)


class TestCaseFile:
    async def test_what_was_recorded_is_read_back(self) -> None:
        async with Bench() as bench:
            await bench.tell()
            await bench.settle()
            case = bench.the_case()
            file = await CaseFile.load(bench.store, bench.clock.now, case.tenant, case.id)
            assert file.case == case
            assert dict(file.tasks) == bench.tasks()
            assert file.journal.entries == bench.journal().entries
            assert file.journal.broken_at() is None

    async def test_a_case_that_was_never_opened_is_gone(self) -> None:
        file = await load(MemoryStore())
        assert not file.exists
        with pytest.raises(Gone):
            _ = file.case

    async def test_the_second_of_two_who_read_the_same_is_superseded(self) -> None:
        store = MemoryStore()
        first, second = await load(store), await load(store)
        await first.record(line("first"))
        with pytest.raises(Superseded):
            await second.record(line("second"))
        assert [entry.text for entry in (await load(store)).journal.entries] == ["first"]

    async def test_nothing_of_a_record_is_kept_when_one_row_of_it_conflicts(self) -> None:
        async with Bench() as bench:
            await bench.tell()
            await bench.step()
            case = bench.the_case()
            stale = await CaseFile.load(bench.store, bench.clock.now, case.tenant, case.id)
            task = next(iter(stale.tasks.values()))
            fresh = await CaseFile.load(bench.store, bench.clock.now, case.tenant, case.id)
            await fresh.record(tasks=[task.model_copy(update={"attempts": 7})])
            before = bench.store.rows()
            failed = task.model_copy(update={"state": TaskState.FAILED})
            with pytest.raises(Superseded):
                await stale.record(line("never"), tasks=[failed])
            assert bench.store.rows() == before
            assert stale.tasks[task.responder] == task
            assert len(stale.journal.entries) == len(fresh.journal.entries)

    async def test_lines_recorded_side_by_side_are_one_chain(self) -> None:
        store = MemoryStore()
        file = await load(store)
        await asyncio.gather(*(file.record(line(str(number))) for number in range(30)))
        again = await load(store)
        assert [entry.seq for entry in again.journal.entries] == list(range(1, 31))
        assert again.journal.broken_at() is None
        assert again.journal.entries == file.journal.entries

    async def test_what_is_recorded_at_the_same_time_is_one_write(self) -> None:
        store = Hiccups()
        file = await load(store)
        await asyncio.gather(*(file.record(line(str(number))) for number in range(30)))
        assert store.writes == 2, "the first alone at once, the others together"

    async def test_more_than_one_write_takes_is_written_in_several(self) -> None:
        store = Hiccups()
        file = await load(store)
        long = "x" * (MAX_WRITE // 5)
        await asyncio.gather(*(file.record(line(f"{n} {long}")) for n in range(6)))
        await asyncio.gather(*(file.record(line(str(n))) for n in range(2 * MAX_CHANGES)))
        again = await load(store)
        assert [entry.seq for entry in again.journal.entries] == list(range(1, 207))
        assert again.journal.broken_at() is None

    async def test_whoever_waits_for_a_write_that_fails_hears_of_it(self) -> None:
        store = Hiccups()
        file = await load(store)
        store.failures = 2
        records = (file.record(line(str(number))) for number in range(5))
        ends = await asyncio.gather(*records, return_exceptions=True)
        assert {type(end) for end in ends} == {Transient}
        await file.record(line("after"))
        assert [entry.text for entry in (await load(store)).journal.entries] == ["after"]

    async def test_who_is_called_off_while_others_wait_costs_them_nothing(self) -> None:
        store = MemoryStore()
        file = await load(store)
        records = [asyncio.create_task(file.record(line(str(number)))) for number in range(4)]
        await asyncio.sleep(0)
        records[2].cancel()
        ends = await asyncio.gather(*records, return_exceptions=True)
        assert [type(end) for end in ends if end] == [asyncio.CancelledError]
        again = await load(store)
        assert [entry.text for entry in again.journal.entries] == ["0", "1", "3"]
        assert again.journal.broken_at() is None

    async def test_who_is_called_off_while_it_is_written_takes_nobody_along(self) -> None:
        store = Hiccups()
        file = await load(store)
        records = [asyncio.create_task(file.record(line(str(number)))) for number in range(4)]
        await store.second.wait()
        records[2].cancel()
        ends = await asyncio.gather(*records, return_exceptions=True)
        assert [type(end) for end in ends if end] == [asyncio.CancelledError]
        again = await load(store)
        assert [entry.text for entry in again.journal.entries] == ["0", "1", "2", "3"]
        assert again.journal.broken_at() is None

    async def test_a_line_that_could_not_be_stored_leaves_no_gap(self) -> None:
        store = Hiccups()
        file = await load(store)
        await file.record(line("one"))
        store.failures = 1
        with pytest.raises(Transient):
            await file.record(line("lost"))
        await file.record(line("two"))
        again = await load(store)
        assert [entry.text for entry in again.journal.entries] == ["one", "two"]
        assert again.journal.broken_at() is None

    async def test_a_row_that_somebody_changed_by_hand_breaks_the_chain(self) -> None:
        store = MemoryStore()
        file = await load(store)
        await file.record(line("one"), line("two"), line("three"))
        at = keys.case(TENANT, CASE)
        row = await store.read(at, keys.journal_row(2))
        assert row is not None
        await store.write(Put(at, row.key, row.body | {"text": "another"}, row.etag))
        assert (await load(store)).journal.broken_at() == 2


class TestLock:
    async def test_one_of_many_holds_it_and_the_others_are_told(self) -> None:
        lock = Lock(MemoryStore(), lambda: NOON)
        held = []

        async def work(owner: str) -> None:
            async with lock.hold(TENANT, OID, owner) as lost:
                held.append(lost is not None)
                await asyncio.sleep(0.01)

        await asyncio.gather(*(work(str(number)) for number in range(10)))
        assert sorted(held) == [False] * 9 + [True]

    async def test_it_is_free_again_at_once_when_the_work_is_done(self) -> None:
        lock = Lock(MemoryStore(), lambda: NOON)
        for owner in ("a", "b"):
            async with lock.hold(TENANT, OID, owner) as lost:
                assert lost is not None
                assert await lock.held(TENANT, OID)
            assert not await lock.held(TENANT, OID)

    async def test_it_is_free_again_when_the_work_failed(self) -> None:
        lock = Lock(MemoryStore(), lambda: NOON)
        with pytest.raises(ZeroDivisionError):
            async with lock.hold(TENANT, OID, "a"):
                raise ZeroDivisionError
        assert not await lock.held(TENANT, OID)

    async def test_another_account_is_another_lock(self) -> None:
        lock = Lock(MemoryStore(), lambda: NOON)
        async with lock.hold(TENANT, OID, "a"), lock.hold(TENANT, ObjectId("x"), "b") as lost:
            assert lost is not None

    @pytest.mark.parametrize(("after", "taken"), [(-1, False), (0, True), (1, True)])
    async def test_a_worker_that_is_gone_is_followed_when_its_lease_is_over(
        self, *, after: int, taken: bool
    ) -> None:
        clock = Clock.frozen(NOON)
        store = MemoryStore()
        until = {"owner": "gone", "until": (NOON + LEASE).isoformat()}
        await store.write(Put(AT, keys.LOCK, until))
        clock.advance(LEASE.total_seconds() + after)
        async with Lock(store, clock.now).hold(TENANT, OID, "next") as lost:
            assert (lost is not None) == taken

    async def test_only_one_of_many_follows_a_worker_that_is_gone(self) -> None:
        store = MemoryStore()
        await store.write(Put(AT, keys.LOCK, {"owner": "gone", "until": NOON.isoformat()}))
        lock = Lock(store, lambda: NOON)
        held = []

        async def work(owner: str) -> None:
            async with lock.hold(TENANT, OID, owner) as lost:
                held.append(lost is not None)
                await asyncio.sleep(0.01)

        await asyncio.gather(*(work(str(number)) for number in range(8)))
        assert held.count(True) == 1

    async def test_the_heartbeat_renews_the_lease(self) -> None:
        store, clock = MemoryStore(), Clock()
        lock = Lock(store, clock.now, lease=timedelta(seconds=0.12))
        async with lock.hold(TENANT, OID, "a") as lost:
            await asyncio.sleep(0.4)
            assert await lock.held(TENANT, OID)
            assert lost is not None
            assert not lost.is_set()
            async with lock.hold(TENANT, OID, "b") as other:
                assert other is None

    async def test_a_hiccup_of_storage_does_not_stop_the_heart(self) -> None:
        store, clock = Hiccups(), Clock()
        lock = Lock(store, clock.now, lease=timedelta(seconds=0.3))
        async with lock.hold(TENANT, OID, "a") as lost:
            store.failures = 1
            await asyncio.sleep(0.5)
            assert store.failures == 0
            assert await lock.held(TENANT, OID)
            assert lost is not None
            assert not lost.is_set()

    async def test_a_lock_that_was_taken_over_is_noticed_and_not_given_away(self) -> None:
        store, clock = MemoryStore(), Clock()
        lock = Lock(store, clock.now, lease=timedelta(seconds=0.06))
        async with lock.hold(TENANT, OID, "a") as lost:
            row = await store.read(AT, keys.LOCK)
            assert row is not None
            theirs = {"owner": "b", "until": (clock.now() + LEASE).isoformat()}
            await store.write(Put(AT, keys.LOCK, theirs, row.etag))
            assert lost is not None
            await asyncio.wait_for(lost.wait(), 1)
        row = await store.read(AT, keys.LOCK)
        assert row is not None
        assert row.body == theirs
        assert await lock.held(TENANT, OID)

    async def test_a_lock_taken_over_before_the_next_beat_is_not_given_away_either(self) -> None:
        store = MemoryStore()
        lock = Lock(store, lambda: NOON)
        theirs = {"owner": "b", "until": (NOON + LEASE).isoformat()}
        async with lock.hold(TENANT, OID, "a"):
            row = await store.read(AT, keys.LOCK)
            assert row is not None
            await store.write(Put(AT, keys.LOCK, theirs, row.etag))
        row = await store.read(AT, keys.LOCK)
        assert row is not None
        assert row.body == theirs

    async def test_no_heart_goes_on_beating(self) -> None:
        store, clock = Hiccups(), Clock()
        lock = Lock(store, clock.now, lease=timedelta(seconds=0.03))
        async with lock.hold(TENANT, OID, "a"):
            pass
        writes = store.writes
        await asyncio.sleep(0.1)
        assert store.writes == writes


def test_being_superseded_is_a_conflict_and_so_passes() -> None:
    assert issubclass(Superseded, Conflict)
    assert issubclass(Superseded, Transient)


async def test_tasks_are_in_the_order_in_which_doors_close() -> None:
    async with Bench() as bench:
        await bench.tell()
        await bench.step()
        ordered = in_order(reversed(list(bench.tasks().values())))
        phases = [task.phase for task in ordered]
        assert phases == [Phase.CONTAIN] * 4 + [Phase.EVICT] * 2
        names = [task.responder for task in ordered[:4]]
        assert names == sorted(names)
