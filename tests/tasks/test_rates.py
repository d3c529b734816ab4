"""A source that sends too much is told when to come again, and what it then sends is not lost."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from lab.workbench import sources
from shared.model import AlertState
from shared.tasks.rates import Bucket
from tests.tasks.benches import NOON, Bench


def limited(per_minute: int) -> dict[str, object]:
    return {"sources": tuple({**source, "per_minute": per_minute} for source in sources())}


async def test_what_was_refused_is_taken_when_it_comes_again_and_becomes_a_case() -> None:
    async with Bench(settings=limited(2)) as bench:
        for number in (1, 2):
            assert (await bench.detect(number)).status == 202
        refused = await bench.detect(3, oid=bench.scenario.bystanders[0])
        assert refused.status == 429
        assert "send it again" in refused.body["error"]
        assert refused.retry_after is not None
        bench.clock.advance(refused.retry_after)
        assert (await bench.detect(3, oid=bench.scenario.bystanders[0])).status == 202
        await bench.settle()
        assert len(bench.all_cases()) == 2


async def test_refusals_are_counted_and_shown_to_people() -> None:
    async with Bench(settings=limited(1)) as bench:
        await bench.detect(1)
        for number in range(2, 9):
            await bench.detect(number)
        bench.clock.advance(11)
        for number in range(9, 12):
            await bench.detect(number)
        (shown,) = [a for a in bench.alerts() if a.state is AlertState.UNRESOLVED]
        assert "At least 8 deliveries were turned away" in shown.reason
        page = await bench.app.page("alerts", {"accept": "text/html"})
        assert "turned away" in page.body


async def test_a_flood_of_refusals_writes_no_flood() -> None:
    async with Bench(settings=limited(1)) as bench:
        await bench.detect(1)
        before = len(bench.store.rows())
        for number in range(2, 200):
            await bench.detect(number)
        assert len(bench.store.rows()) == before + 3


async def test_a_stranger_does_not_use_up_what_a_sender_may_send() -> None:
    async with Bench(settings=limited(1)) as bench:
        for _ in range(20):
            reply = await bench.post("defender", b"{}", **{"X-Firebreak-Signature": "0" * 64})
            assert reply.status == 401
        assert (await bench.post("defender", b"{}")).status != 429


async def test_one_source_does_not_use_up_what_another_may_send() -> None:
    async with Bench(settings=limited(1)) as bench:
        assert (await bench.detect(1)).status == 202
        assert (await bench.detect(2)).status == 429
        assert (await bench.ask()).status == 202


@given(
    most=st.integers(1, 50),
    steps=st.lists(st.floats(0, 30, allow_nan=False), max_size=200),
)
def test_no_minute_and_no_hour_lets_through_more_than_the_rate_and_one_filling(
    most: int, steps: list[float]
) -> None:
    bucket, now, taken = Bucket(most, float(most), NOON), NOON, 0
    for step in steps:
        now += timedelta(seconds=step)
        wait = bucket.take(now)
        taken += not wait
        assert wait >= 0
    assert taken <= most + (now - NOON).total_seconds() * most / 60 + 1e-6


@given(most=st.integers(1, 5000))
def test_whoever_waits_as_long_as_told_is_let_through(most: int) -> None:
    bucket = Bucket(most, 0.0, NOON)
    wait = bucket.take(NOON)
    assert wait > 0
    assert bucket.take(NOON + timedelta(seconds=wait + 1e-3)) == 0
