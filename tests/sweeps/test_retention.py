"""Evidence goes when its time is over, of settled cases only; the record still proves itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from lab.mortal import Fuse, Killed, MortalStore
from shared.model import CaseId, CaseStatus, Event
from shared.policy.limits import Retention
from shared.store.verbs import Drop, Put, Store
from shared.sweeps.held_back import HeldBack
from shared.sweeps.raw_retention import Bodies
from shared.sweeps.retention import Keeping
from shared.sweeps.verify import Verify
from shared.tasks import keys
from shared.tasks.ledger import CaseFile
from shared.tasks.sealed import Seal, open_all
from tests.tasks.benches import Bench


async def file_of(bench: Bench) -> CaseFile:
    tenant = bench.app.settings.tenant
    rows = [r async for r in bench.store.scan(keys.cases(tenant), prefix=keys.LISTED)]
    return await CaseFile.load(bench.store, bench.clock.now, tenant, CaseId(rows[0].body["id"]))


async def settled(bench: Bench, status: CaseStatus = CaseStatus.CONTAINED) -> None:
    """Play a case whose looks are all over; what a person left open is taken for done."""
    await bench.tell()
    await bench.settle()
    file = await file_of(bench)
    done = file.case.model_copy(update={"status": status, "looks": 5})
    await file.record(case=done)
    tenant = bench.app.settings.tenant
    home, key = keys.cases(tenant), keys.list_row(done)
    row = await bench.store.read(home, key)
    assert row is not None
    listed = Put(home, key, row.body | {"status": status}, row.etag)
    await bench.store.write(listed, Drop(home, keys.todo_row(done.id)))


def keeping(bench: Bench, days: int = 180, store: Store | None = None) -> Keeping:
    terms = Retention(evidence_days=days, case_days=0)
    return Keeping(
        store or bench.store, bench.messages, bench.clock.now, bench.app.settings.tenant, terms
    )


def evidence(bench: Bench) -> set[str]:
    return {name for name in bench.store.blobs() if name.startswith("evidence/")}


async def faults(bench: Bench) -> list[str]:
    walk = Verify(bench.store, bench.clock.now, bench.app.settings.tenant)
    return [fault.where async for fault in walk.run()]


def wait(bench: Bench, days: int) -> None:
    bench.clock.advance(timedelta(days=days).total_seconds())


async def test_evidence_is_erased_when_its_time_is_over_and_the_record_still_proves_itself() -> (
    None
):
    async with Bench() as bench:
        await settled(bench)
        assert evidence(bench)
        wait(bench, 179)
        assert not await keeping(bench).run()
        assert evidence(bench)
        wait(bench, 2)
        assert (await keeping(bench).run()).evidence == 1
        assert not evidence(bench)
        assert await faults(bench) == []
        file = await file_of(bench)
        assert file.journal.entries[-1].event is Event.ERASED
        given = await open_all(file.journal, bench.store)
        assert given.intact
        assert {piece.seal for piece in given.pieces} == {Seal.ERASED}


async def test_erasing_twice_is_erasing_once() -> None:
    async with Bench() as bench:
        await settled(bench)
        wait(bench, 181)
        await keeping(bench).run()
        rows = bench.store.rows()
        assert not await keeping(bench).run()
        assert bench.store.rows() == rows


@pytest.mark.parametrize("status", [CaseStatus.OPEN, CaseStatus.WAITING, CaseStatus.NEEDS_PERSON])
async def test_nothing_is_erased_of_what_is_not_settled(status: CaseStatus) -> None:
    async with Bench() as bench:
        await settled(bench, status)
        kept = evidence(bench)
        wait(bench, 900)
        assert not await keeping(bench).run()
        assert kept
        assert evidence(bench) == kept


async def test_nothing_is_erased_of_a_case_that_is_still_looked_at() -> None:
    async with Bench() as bench:
        await settled(bench)
        file = await file_of(bench)
        await file.record(case=file.case.model_copy(update={"looks": 4}))
        assert file.case.contained_at is not None
        wait(bench, 900)
        assert not await keeping(bench).run()
        assert evidence(bench)


async def test_zero_days_keep_evidence_for_good() -> None:
    async with Bench() as bench:
        await settled(bench)
        wait(bench, 3000)
        assert not await keeping(bench, days=0).run()
        assert evidence(bench)


async def dying_everywhere(
    days: int, sweep: Callable[..., Keeping | Bodies], left: Callable[[Bench], set[str]]
) -> int:
    """Kill the worker at each of its writes, and let the next one heal it; tell how many."""
    point, ended = 0, False
    while not ended:
        point += 1
        async with Bench() as bench:
            await settled(bench)
            wait(bench, days)
            try:
                await sweep(bench, store=MortalStore(bench.store, Fuse(point))).run()
                ended = True
            except Killed:
                pass
            assert await faults(bench) == []
            await sweep(bench).run()
            assert not left(bench)
            assert await faults(bench) == []
    return point


async def test_wherever_a_worker_dies_the_next_round_heals_it_and_nothing_looks_tampered() -> None:
    assert await dying_everywhere(181, keeping, evidence) > 6


async def test_evidence_that_somebody_removes_is_still_found() -> None:
    async with Bench() as bench:
        await settled(bench)
        name = min(evidence(bench))
        await bench.store.erase(name)
        assert await faults(bench) == [name]


async def test_of_a_case_whose_chain_is_broken_nothing_is_erased() -> None:
    async with Bench() as bench:
        await settled(bench)
        home = keys.case(bench.app.settings.tenant, (await file_of(bench)).id)
        row = await bench.store.read(home, keys.journal_row(1))
        assert row is not None
        await bench.store.write(Put(home, row.key, row.body | {"text": "x"}, row.etag))
        wait(bench, 181)
        assert not await keeping(bench).run()
        assert evidence(bench)


async def test_all_that_a_case_says_goes_when_its_time_is_over_and_the_record_stays_whole() -> None:
    async with Bench() as bench:
        await settled(bench)
        account = bench.the_case().account
        terms = Retention(evidence_days=30, case_days=90)
        clock, tenant = bench.clock.now, bench.app.settings.tenant
        keeper = Keeping(bench.store, bench.messages, clock, tenant, terms)
        wait(bench, 31)
        assert (await keeper.run()).evidence == 1
        wait(bench, 58)
        assert not await keeper.run()
        wait(bench, 2)
        assert (await keeper.run()).cases == 1
        assert bench.the_case().erased_at == clock()
        names = (account.object_id, account.upn, account.display_name)
        rows = [row for row in bench.store.rows() if "|account|" not in row.partition]
        assert not [row for row in rows for name in names if name in f"{row.key}{row.body}"]
        assert {name.partition("/")[0] for name in bench.store.blobs()} == set()
        assert await faults(bench) == []
        assert bench.journal().entries[-1].actor == "firebreak"
        wait(bench, 2)
        assert not await keeper.run()


async def test_a_case_that_is_not_settled_keeps_all_it_says() -> None:
    async with Bench() as bench:
        await settled(bench, CaseStatus.NEEDS_PERSON)
        before = bench.store.rows()
        wait(bench, 3000)
        terms = Retention(case_days=90)
        keeper = Keeping(
            bench.store, bench.messages, bench.clock.now, bench.app.settings.tenant, terms
        )
        assert not await keeper.run()
        assert bench.store.rows() == before


async def test_evidence_that_may_not_be_erased_yet_is_not_counted_and_goes_later() -> None:
    async with Bench() as bench:
        await settled(bench)
        bench.store.held = ("evidence/",)
        kept = evidence(bench)
        wait(bench, 181)
        assert not await keeping(bench).run()
        assert evidence(bench) == kept
        held = HeldBack(bench.store, bench.clock.now, bench.app.settings.tenant)
        assert {one.name for one in await held.all()} == kept
        bench.store.held = ()
        wait(bench, 1)
        assert await held.retry() == len(kept)
        assert not evidence(bench)


def bodies(bench: Bench, days: int = 90, store: Store | None = None) -> Bodies:
    terms = Retention(raw_days=days)
    return Bodies(store or bench.store, bench.clock.now, bench.app.settings.tenant, terms)


def raw(bench: Bench) -> set[str]:
    return {name for name in bench.store.blobs() if name.startswith("raw/")}


async def test_the_body_of_an_alert_goes_when_its_time_is_over_and_the_trail_says_so_once() -> None:
    async with Bench() as bench:
        await settled(bench)
        wait(bench, 89)
        assert await bodies(bench).run() == 0
        wait(bench, 2)
        keeper = bodies(bench)
        assert await keeper.run() == 1
        assert not raw(bench)
        assert await faults(bench) == []
        (alert,) = bench.alerts()
        assert alert.body_erased
        wait(bench, 1)
        assert await keeper.run() == 0
        marks = [row.body for row in bench.store.rows() if row.key.startswith(keys.LINE)]
        assert [mark["event"] for mark in marks] == ["erased"]


async def test_the_body_of_an_alert_stays_while_its_case_is_not_settled() -> None:
    async with Bench() as bench:
        await settled(bench, CaseStatus.NEEDS_PERSON)
        wait(bench, 900)
        assert await bodies(bench).run() == 0
        assert raw(bench)


async def test_an_alert_that_opened_no_case_goes_with_its_body() -> None:
    async with Bench() as bench:
        await bench.post("operator", b'{"not": "a request"}')
        assert [alert.case for alert in bench.alerts()] == [None]
        wait(bench, 91)
        assert await bodies(bench).run() == 1
        assert (bench.alerts(), raw(bench), bench.rows(keys.SHOWN)) == ([], set(), [])
        assert await faults(bench) == []


async def test_a_body_that_goes_early_or_that_only_its_alert_calls_erased_is_found() -> None:
    async with Bench() as bench:
        await settled(bench)
        wait(bench, 91)
        await bodies(bench).run()
        await bench.detect(7, oid=bench.scenario.bystanders[0])
        await bench.settle()
        (young,) = raw(bench)
        await bench.store.erase(young)
        (row,) = [r for r in bench.store.rows() if r.body.get("raw") == young]
        marked = Put(row.partition, row.key, row.body | {"body_erased": True}, row.etag)
        await bench.store.write(marked)
        assert set(await faults(bench)) == {f"{row.partition}/{row.key}", young}


async def test_wherever_the_eraser_of_bodies_dies_the_next_pass_heals_it() -> None:
    assert await dying_everywhere(91, bodies, raw) > 6
