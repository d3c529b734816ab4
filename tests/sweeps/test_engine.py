from __future__ import annotations

import json
from datetime import timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import Denied, Transient
from shared.posture import FindingState, RunState
from shared.sweeps.floor import LEASE
from shared.tasks.overdue import GRACE
from shared.tasks.queue import SweepMessage, decode
from tests.sweeps.towns import BUDGET, Door, Streets, Town, Visit

TEN = {f"house{number}": Door.SHUT for number in range(10)}

towns = st.dictionaries(
    st.from_regex(r"(bank|house)[a-z0-9]{1,6}", fullmatch=True), st.sampled_from(Door), max_size=12
)


def town(**doors: Door) -> Town:
    return Town(houses={**TEN, **doors})


async def test_what_is_wrong_on_any_page_is_found_and_what_is_right_is_not() -> None:
    visit = Visit(town(house0=Door.OPEN, house9=Door.OPEN))
    run = await visit.run()
    assert visit.held.keys() == {"house0", "house9"}
    assert (run.state, run.subjects, run.expected, run.pages) == (RunState.COMPLETE, 10, 10, 4)
    assert (run.counts.open, run.counts.new, run.tally) == (2, 2, {"open": 2})


async def test_the_heaviest_findings_are_named_first() -> None:
    visit = Visit(town(house1=Door.OPEN, bank1=Door.OPEN, house11=Door.OPEN))
    run = await visit.run()
    names = {held.id: name for name, held in visit.held.items()}
    assert [names[place[-1]] for place in run.worst] == ["bank1", "house11", "house1"]


async def test_a_finding_seen_again_keeps_when_it_was_first_seen() -> None:
    visit = Visit(town(house1=Door.OPEN))
    first = await visit.run()
    second = await visit.day()
    held = visit.held["house1"]
    assert (held.first_seen, held.last_seen) == (first.started_at, second.started_at)
    assert (second.counts.open, second.counts.new) == (1, 0)


async def test_what_is_gone_is_fixed_and_what_comes_back_is_said_to_be_back() -> None:
    visit = Visit(town(house1=Door.OPEN))
    await visit.run()
    visit.town.houses["house1"] = Door.SHUT
    fixed = await visit.day()
    assert visit.held["house1"].state(visit.clock.now()) is FindingState.FIXED
    assert (fixed.counts.open, fixed.counts.fixed) == (0, 1)
    visit.town.houses["house1"] = Door.OPEN
    back = await visit.day()
    assert visit.held["house1"].state(visit.clock.now()) is FindingState.OPEN
    assert (back.counts.open, back.counts.new, back.counts.returned) == (1, 0, 1)


async def test_what_could_not_be_looked_at_is_unknown_and_never_fixed() -> None:
    visit = Visit(town(house1=Door.OPEN))
    await visit.run()
    visit.town.houses["house1"] = Door.HIDDEN
    run = await visit.day()
    held = visit.held["house1"]
    assert held.state(visit.clock.now()) is FindingState.UNKNOWN
    assert held.finding.evidence == {"door": "open"}, "what was known last is kept"
    assert (run.counts.open, run.counts.unknown, run.counts.fixed) == (0, 1, 0)


async def test_a_run_with_a_gap_is_partial_and_calls_nothing_of_that_kind_fixed() -> None:
    visit = Visit(town(house1=Door.OPEN))
    await visit.run()
    visit.town.houses["house1"] = Door.SHUT
    visit.town.closed_streets = "The street is closed"
    run = await visit.day()
    assert (run.state, run.reason) == (RunState.PARTIAL, "The street is closed")
    assert visit.held["house1"].state(visit.clock.now()) is FindingState.UNKNOWN


async def test_a_run_that_may_not_read_on_is_given_up_and_calls_nothing_fixed() -> None:
    visit = Visit(town(house1=Door.OPEN))
    await visit.run()
    visit.town.houses["house1"] = Door.SHUT
    visit.town.errors = [Denied("Grant Town.Read.All")]
    run = await visit.day()
    assert (run.state, run.reason) == (RunState.FAILED, "Grant Town.Read.All")
    assert visit.held["house1"].state(visit.clock.now()) is FindingState.OPEN


async def test_a_far_side_that_is_away_for_a_while_only_delays() -> None:
    visit = Visit(town(house1=Door.OPEN))
    visit.town.errors = [Transient("busy", retry_after=100)] * 5
    run = await visit.run()
    assert (run.state, run.counts.open, run.setbacks) == (RunState.COMPLETE, 1, 0)


async def test_a_far_side_that_never_comes_back_ends_the_run() -> None:
    visit = Visit(town())
    visit.town.errors = [Transient("busy")] * 100
    run = await visit.run()
    assert run.state is RunState.FAILED
    assert "busy" in run.reason


async def test_a_mistake_of_ours_ends_in_poison_and_the_run_is_given_up() -> None:
    visit = Visit(town())
    visit.town.page_size = 0
    run = await visit.run()
    assert (run.state, run.reason) == (RunState.FAILED, "Its queue message failed too often")


@given(houses=towns, more=towns, kills=st.lists(st.integers(1, 120), max_size=4))
@settings(max_examples=40, deadline=None)
async def test_stopped_at_any_point_and_continued_the_result_is_the_same(
    houses: dict[str, Door], more: dict[str, Door], kills: list[int]
) -> None:
    whole, stopped = (Visit(Town(houses=dict(houses))) for _ in range(2))
    for visit in (whole, stopped):
        await visit.run()
        visit.town.houses = dict(more)
        visit.clock.advance(86_400)
        await visit.begin()
    await whole.go_on()
    await stopped.die_at(*kills)
    await stopped.go_on()
    assert stopped.last.started_at == whole.last.started_at
    assert stopped.outcome() == whole.outcome()


async def test_killed_at_each_point_in_turn_the_run_ends_the_same() -> None:
    houses = {**TEN, "house1": Door.OPEN, "house7": Door.HIDDEN}
    whole = Visit(Town(houses=houses))
    await whole.run()
    at = 0
    while True:
        at += 1
        stopped = Visit(Town(houses=houses))
        died = await stopped.die_at(at)
        await stopped.go_on()
        if not died:
            break
        if stopped.last.started_at == whole.last.started_at:
            assert stopped.outcome() == whole.outcome(), died
    assert at > 60, "a matrix without points proves nothing"


async def test_every_message_twice_changes_nothing() -> None:
    houses = {**TEN, "house1": Door.OPEN}
    whole, twice = (Visit(Town(houses=houses)) for _ in range(2))
    await whole.run()
    async with twice.bench() as bench:
        await bench.app.start_sweeps()
    for _ in range(50):
        for message in twice.messages.messages():
            await twice.messages.put(message.text)
        if not await twice.step():
            twice.clock.advance(30)
        if twice.last.state is not RunState.RUNNING:
            break
    assert twice.outcome() == whole.outcome()


async def test_the_budget_is_kept_in_every_window_whoever_dies() -> None:
    visit = Visit(Town(houses={f"house{n:03}": Door.SHUT for n in range(60)}))
    await visit.die_at(35, 60, 80)
    await visit.go_on()
    assert len(visit.town.calls) >= 20
    for start in visit.town.calls:
        end = start + timedelta(seconds=BUDGET.seconds)
        inside = [at for at in visit.town.calls if start <= at < end]
        assert len(inside) <= 2 * BUDGET.calls, "two windows touch, so half the limit is budgeted"


async def test_two_sweeps_of_a_tenant_share_the_budget_of_a_service() -> None:
    visit = Visit(Town(houses={f"house{n:03}": Door.SHUT for n in range(30)}))
    other = Streets(visit.town, visit.clock, name="other")
    visit.sweeps[other.name] = other
    run = await visit.run()
    assert run.state is RunState.COMPLETE
    assert len(visit.town.calls) == 20
    for first, fifth in zip(visit.town.calls, visit.town.calls[2 * BUDGET.calls :], strict=False):
        assert (fifth - first).total_seconds() >= BUDGET.seconds


async def test_one_worker_reads_for_a_tenant_at_a_time() -> None:
    visit = Visit(town())
    async with visit.bench() as bench:
        await bench.app.start_sweeps()
        message = decode(visit.messages.messages()[0].text)
        assert isinstance(message, SweepMessage)
        floor = bench.app._engine.floor
        assert await floor.claim(message) is not None
        assert await floor.claim(message) is None
        visit.clock.advance(LEASE.total_seconds())
        assert await floor.claim(message) is not None


async def test_a_run_whose_message_was_lost_is_found_by_reconcile() -> None:
    visit = Visit(town())
    async with visit.bench() as bench:
        await bench.app.start_sweeps()
    for message in visit.messages.messages():
        await visit.messages.delete(message)
    visit.clock.advance(GRACE.total_seconds() + 1)
    await visit.wake()
    assert (await visit.go_on()).state is RunState.COMPLETE


async def test_the_timer_starts_what_is_due_and_nothing_twice() -> None:
    visit = Visit(town())
    await visit.run()
    visit.clock.advance(3600)
    await visit.run()
    assert len(visit.history) == 1
    await visit.day()
    assert len(visit.history) == 2
    starts = [run.started_at for run in visit.history]
    assert all(newer > older for newer, older in pairwise(starts)), "newest first"


async def test_an_accepted_finding_is_not_open_until_its_day_and_stays_so_over_runs() -> None:
    visit = Visit(town(house1=Door.OPEN))
    await visit.run()
    until = visit.clock.now() + timedelta(days=3)
    finding = visit.held["house1"].id
    told = await visit.ask("accept", finding=finding, until=until.isoformat(), reason="we know")
    assert (told["status"], told["worst"][0]["state"]) == (200, "accepted")
    run = await visit.day()
    assert (run.counts.open, run.counts.accepted) == (0, 1)
    held = visit.held["house1"]
    assert held.accepted is not None
    assert (held.accepted.reason, held.accepted.until) == ("we know", until)
    for _ in range(3):
        run = await visit.day()
    assert (run.counts.open, run.counts.accepted) == (1, 0)


async def test_nobody_accepts_a_finding_for_ever() -> None:
    visit = Visit(town(house1=Door.OPEN))
    await visit.run()
    until = (visit.clock.now() + timedelta(days=367)).isoformat()
    finding = visit.held["house1"].id
    told = await visit.ask("accept", finding=finding, until=until, reason="no")
    assert told["error"] == "A finding is accepted until a day ahead, within a year"
    assert visit.held["house1"].accepted is None


async def test_a_run_asked_for_while_one_is_under_way_is_that_one() -> None:
    visit = Visit(town())
    first, second = await visit.ask("run"), await visit.ask("run")
    assert first["run"]["id"] == second["run"]["id"]
    assert first["run"]["asked_by"] == "Nia"
    assert len(visit.messages.messages()) == 1


async def test_a_run_that_is_not_over_is_shown_as_partial() -> None:
    visit = Visit(Town(houses={f"house{n:03}": Door.SHUT for n in range(60)}))
    async with visit.bench() as bench:
        await bench.app.start_sweeps()
        await visit.step()
        found = json.loads(
            (await bench.app.show_sweep("streets", {"accept": "application/json"})).body
        )
    assert found["run"]["headline"] == "Partial: still reading; 12 of about 60 looked at so far"
    assert found["run"]["counts"] is None


async def test_people_are_told_where_it_is_worse_than_before_and_a_first_run_is_no_news() -> None:
    visit = Visit(town(house1=Door.OPEN))

    def told() -> list[str]:
        rows = visit.store.rows()
        return [row.body["said"] for row in rows if row.partition.endswith("|outbox")]

    await visit.run()
    await visit.day()
    assert told() == []
    visit.town.houses["house2"] = Door.OPEN
    await visit.day()
    (said,) = told()
    assert "1 new and 0 returned; 2 are open" in said
