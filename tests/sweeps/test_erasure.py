"""Nothing of an erased person is left, wherever a worker dies; the record still proves itself."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.mortal import Fuse, Killed, MortalStore
from lab.scenarios import Story, full_house
from lab.scenarios.two_victims import two_victims
from shared.errors import Refused
from shared.model import Case, CaseId, CaseStatus, Entry, Event
from shared.store.verbs import Drop, Put, Row
from shared.sweeps.export import Export
from shared.tasks import keys
from shared.tasks.chain import ERASED
from shared.tasks.ledger import CaseFile, Line
from shared.tasks.trail import Trail
from shared.tasks.undo import Undo
from tests.sweeps.erasing import BY, WHY, Eraser, Played, eraser, played
from tests.tasks.benches import Bench

STORIES = [full_house, two_victims]


@pytest.fixture(scope="module", autouse=True)
def _played_before_any_loop_runs() -> None:
    for story in STORIES:
        played(story)


@pytest.mark.parametrize("story", STORIES)
async def test_no_word_of_the_person_is_left_in_any_row_blob_or_message(story: Story) -> None:
    at = await eraser(played(story))
    before = at.places(at.story.words)
    assert len(before) > 30
    assert await at.faults() == []
    await at.ask()
    await at.go_on()
    assert at.places(at.story.words) == []
    assert await at.faults() == []


async def test_whom_other_peoples_cases_name_goes_out_of_them_and_they_stay() -> None:
    at = await eraser(played(two_victims))
    assert at.places(at.story.second_words)
    plan = await at.ask(at.story.second)
    assert (plan.cases, plan.others) == ((), 1)
    await at.go_on()
    assert at.places(at.story.second_words) == []
    assert await at.faults() == []
    (case,) = [Case.model_validate(r.body) for r in at.store.rows() if r.key == keys.CASE]
    assert (case.account.object_id, case.erased_at) == (at.story.account, None)


async def test_a_case_keeps_its_number_its_kinds_and_how_it_ended() -> None:
    at = await eraser(played(full_house))
    (before,) = [Case.model_validate(r.body) for r in at.store.rows() if r.key == keys.CASE]
    await at.ask()
    await at.go_on()
    (after,) = [Case.model_validate(r.body) for r in at.store.rows() if r.key == keys.CASE]
    same = {"id", "status", "kinds", "severity", "opened_at", "contained_at", "proven_at"}
    assert after.model_dump(include=same) == before.model_dump(include=same)
    assert after.erased_at == at.story.at
    (row,) = [r for r in at.store.rows() if r.partition == keys.cases(at.story.tenant)]
    assert (row.body["upn"], row.body["object_id"], row.body["status"]) == (
        ERASED, "erased", before.status,
    )  # fmt: skip


async def test_the_line_that_says_it_comes_first_and_names_who_and_why() -> None:
    at = await eraser(played(full_house))
    await at.ask()
    await at.go_on()
    verify = at.verify
    assert [fault async for fault in verify.run()] == []
    told = {one.where.partition("|")[2].partition("|")[0]: one for one in verify.erased.erasures}
    assert told.keys() == {"audit", "case"}
    assert {one.by for one in told.values()} == {BY.name}
    assert all(WHY in one.why for one in told.values())
    assert told["audit"].lines == 1
    assert told["case"].lines == told["case"].seq - 1
    marks = [mark async for mark in Trail(at.store, at.clock, at.story.tenant).lines()]
    assert [mark.actor for mark in marks[-3:]] == [ERASED, BY.name, BY.name]


@pytest.mark.parametrize("story", STORIES)
async def test_wherever_a_worker_dies_the_timer_finishes_and_nothing_looks_tampered(
    story: Story,
) -> None:
    """In the second story it is the other victim who is erased, out of the first one's case."""
    found, point, alive = played(story), -1, False
    sought, words = found.account, found.words
    if story is two_victims:
        sought, words = found.second, found.second_words
    reference = await eraser(found)
    await reference.ask(sought)
    await reference.go_on()
    ending = _shape(reference)
    while not alive:
        # After one step is before the next: every other point is enough.
        point += 2
        at = await eraser(found)
        await at.ask(sought)
        mortal = Eraser(at.story, at.store, through=MortalStore(at.store, Fuse(point)))
        try:
            await mortal.erasures.run()
            alive = True
        except Killed:
            pass
        assert await at.faults() == [], point
        at.now += timedelta(minutes=2)
        await at.go_on()
        assert at.places(words) == [], point
        assert await at.faults() == [], point
        assert _shape(at) == ending, point
    assert point > 40


def _shape(at: Eraser) -> list[tuple[str, str]]:
    """Which rows are there; a case or an order has no other number for a death."""
    rows = [(r.partition, r.key.rpartition(":")[0] or r.key) for r in at.store.rows()]
    return sorted(row for row in rows if not row[1].startswith("done"))


@settings(max_examples=30, deadline=None)
@given(st.data())
async def test_whoever_changes_an_erased_store_is_still_found(data: st.DataObject) -> None:
    at = await eraser(played(full_house))
    await at.ask()
    await at.go_on()
    rows = [r for r in at.store.rows() if _on_record(r)]
    row = data.draw(st.sampled_from(rows))
    if data.draw(st.booleans()):
        await at.store.write(Drop(row.partition, row.key))
    else:
        key = data.draw(st.sampled_from(sorted(row.body)))
        if (row.key.startswith("0"), key) == (True, "updated_at"):
            return
        changed = row.body | {key: "another" if row.body[key] != "another" else "one"}
        await at.store.write(Put(row.partition, row.key, changed, row.etag))
    assert await at.faults() != []


def _on_record(row: Row) -> bool:
    return any(part in row.partition for part in ("|case|", "|audit", "|cases"))


async def test_words_that_are_taken_out_without_an_erasure_are_found() -> None:
    """Whoever writes the erased form of a line cannot pass for an erasure."""
    at = await eraser(played(full_house))
    line = next(r for r in at.store.rows() if r.key == keys.journal_row(3))
    blank = {"text": ERASED, "actor": ERASED, "data": {}, "salt": ""}
    await at.store.write(Put(line.partition, line.key, line.body | blank, line.etag))
    assert [fault.where for fault in await at.faults()] == [f"{line.partition}/{line.key}"]


@pytest.mark.parametrize("status", [CaseStatus.OPEN, CaseStatus.WAITING, CaseStatus.NEEDS_PERSON])
async def test_nothing_is_erased_while_a_case_of_the_account_is_not_settled(
    status: CaseStatus,
) -> None:
    at = await eraser(played(full_house))
    file = await _file(at)
    await file.record(case=file.case.model_copy(update={"status": status}))
    before = at.store.rows()
    plan = await at.erasures.plan(at.story.account)
    assert str(file.id) in plan.obstacles[0]
    with pytest.raises(Refused, match="while this stands"):
        await at.erasures.ask(at.story.account, seen=plan.digest, reason=WHY, by=BY)
    assert at.store.rows() == before


async def test_a_case_that_was_opened_again_is_waited_for() -> None:
    at = await eraser(played(full_house))
    await at.ask()
    file = await _file(at)
    done = file.case.status
    await file.record(case=file.case.model_copy(update={"status": CaseStatus.OPEN}))
    await at.erasures.run()
    (order,) = await at.erasures.orders()
    assert "is open" in order.waits
    assert at.places(at.story.words)
    await file.record(case=file.case.model_copy(update={"status": done}))
    at.now += timedelta(hours=1)
    await at.go_on()
    assert at.places(at.story.words) == []


async def test_an_address_is_no_key_and_shows_whose_it_is() -> None:
    at = await eraser(played(full_house))
    with pytest.raises(Refused, match=f"object id.*{at.story.account}"):
        await at.erasures.plan("Nora.Lang@contoso.example")
    with pytest.raises(Refused, match="object id"):
        await at.erasures.plan("nobody@contoso.example")


async def test_an_address_that_two_accounts_had_is_taken_for_neithers() -> None:
    at = await eraser(played(full_house))
    home = keys.cases(at.story.tenant)
    (row,) = [r for r in at.store.rows() if r.partition == home and r.key[0] == keys.LISTED]
    other = row.body | {"id": "feedfeedfeedfeed", "object_id": "0" * 8}
    await at.store.write(Put(home, f"{row.key[:-16]}feedfeedfeedfeed", other))
    assert (await at.erasures.plan(at.story.account)).sought.addresses == frozenset()


async def test_a_reason_that_names_the_person_is_refused_because_it_stays() -> None:
    at = await eraser(played(full_house))
    plan = await at.erasures.plan(at.story.account)
    for reason in (
        "for Ms Lang",
        "NORA's wish",
        "nora.lang@contoso.example asked",
        f"{at.story.account}",
    ):
        with pytest.raises(Refused, match="does not name"):
            await at.erasures.ask(at.story.account, seen=plan.digest, reason=reason, by=BY)


async def test_what_was_not_shown_is_not_erased() -> None:
    at = await eraser(played(full_house))
    with pytest.raises(Refused, match="not what you were shown"):
        await at.erasures.ask(at.story.account, seen="0" * 32, reason=WHY, by=BY)


async def test_what_an_immutability_policy_holds_is_said_and_goes_when_it_lets_go() -> None:
    at = await eraser(played(full_house))
    at.store.held = ("evidence/",)
    kept = {name for name in at.store.blobs() if name.startswith("evidence/")}
    await at.ask()
    await at.go_on()
    held = await at.erasures.held.all()
    assert {one.name for one in held} == kept
    assert {one.of for one in held} == {(await _file(at)).id}
    assert {n for n in at.store.blobs() if not n.startswith("anchor/")} == kept
    assert await at.faults() == []
    assert await at.erasures.held.retry() == 0
    at.now += timedelta(days=1)
    assert await at.erasures.held.retry() == 0
    at.store.held = ()
    at.now += timedelta(days=1)
    assert await at.erasures.held.retry() == len(kept)
    assert await at.erasures.held.all() == []
    assert at.places(at.story.words) == []


async def test_an_export_marks_what_was_erased_and_its_chain_can_still_be_checked() -> None:
    at = await eraser(played(full_house))
    await at.ask()
    await at.go_on()
    lines = [line async for line in Export(at.store, at.clock, at.story.tenant).lines()]
    case = [line for line in lines if line.case]
    assert [line.erased for line in case] == [True] * (len(case) - 1) + [False]
    assert {(line.text, line.account) for line in case if line.erased} == {(ERASED, "erased")}
    entries = [
        Entry.model_validate(line.model_dump(include=set(Entry.model_fields))) for line in case
    ]
    assert [e.hash for e in entries] == [e.hash for e in (await _file(at)).journal.entries]


async def _file(at: Eraser) -> CaseFile:
    (case,) = {r.body["id"] for r in at.store.rows() if r.key == keys.CASE}
    return await CaseFile.load(at.store, at.clock, at.story.tenant, CaseId(case))


def test_the_played_stories_name_the_person_everywhere_a_person_can_be_named() -> None:
    found: Played = played(full_house)
    homes = {
        row.partition.partition("|")[2].partition("|")[0]
        for row in found.rows
        if any(word.lower() in f"{row.partition} {row.body}".lower() for word in found.words)
    }
    assert homes >= {"account", "audit", "case", "cases", "findings", "inbox", "sweep", "sweeps"}


async def test_two_workers_at_once_erase_as_one_does() -> None:
    at = await eraser(played(full_house))
    await at.ask()
    other = Eraser(at.story, at.store)
    await asyncio.gather(at.erasures.run(), other.erasures.run())
    await at.go_on()
    assert at.places(at.story.words) == []
    assert await at.faults() == []
    assert len(await at.erasures.done()) == 1


async def test_a_sweep_that_reads_and_an_alert_that_is_read_are_waited_for() -> None:
    at = await eraser(played(full_house))
    await at.ask()
    run = next(r for r in at.store.rows() if r.key.startswith(keys.RUN))
    await at.store.write(Put(run.partition, run.key, run.body | {"state": "running"}, run.etag))
    await at.erasures.run()
    (order,) = await at.erasures.orders()
    assert "A sweep reads now" in order.waits
    assert at.places(at.story.words)
    idle = await at.store.read(run.partition, run.key)
    assert idle is not None
    await at.store.write(Put(run.partition, run.key, run.body, idle.etag))
    await at.go_on()
    assert at.places(at.story.words) == []


async def test_what_another_persons_case_can_no_longer_say_it_does_not_put_back() -> None:
    """A change that named the erased person: its words are gone, so undo says why it does not."""
    found = played(two_victims)
    at = await eraser(found)
    file = await _file(at)
    responder = next(iter(file.tasks))
    data = {"change": {"delegate": str(found.second)}}
    named = Line(event=Event.CHANGE, text="A delegate went", responder=responder, data=data)
    await file.record(named)
    await at.ask(found.second)
    await at.go_on()
    assert at.places(found.second_words) == []
    async with Bench(story=two_victims) as bench:
        undo = Undo(
            store=at.store,
            queue=at.queue,
            clock=at.clock,
            tenant=bench.world,
            catalogue=bench.app.catalogue,
            log=bench.app.log,
        )
        _, steps = await undo.plan(found.tenant, file.id, only=responder)
    assert [step.obstacle for step in steps] == [
        f"What {responder} changed was erased for another person's sake."
    ]
    assert await at.faults() == []
