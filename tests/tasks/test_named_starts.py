"""A start of the compromise that a person names lies within what can still be looked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from cli.approvals import since
from cli.exits import CommandError, Exit
from cli.remote import Remote
from shared.model import AlertState, TaskState
from shared.tasks.starts import FURTHEST
from tests.tasks.approving import AZURE, Person, signed_in
from tests.tasks.benches import NOON

FIRST = "0001-01-01T00:00:00+00:00"
EPOCH = "1970-01-01T00:00:00+00:00"
OLD = (FIRST, EPOCH, (NOON - FURTHEST - timedelta(seconds=1)).isoformat())


@pytest.fixture
async def bench() -> AsyncIterator[Person]:
    async with Person() as made:
        yield made


@pytest.mark.parametrize("start", OLD)
async def test_a_start_before_anything_that_is_still_kept_changes_nothing(
    bench: Person, start: str
) -> None:
    await bench.asked()
    before = (bench.the_case(), bench.tasks())
    status, answer = await bench.send("since", since=start)
    assert status == 409
    assert "366 days ago: no log that says what the intruder did goes back" in answer["error"]
    assert (bench.the_case(), bench.tasks()) == before


async def test_a_start_that_is_just_still_kept_is_planned_from(bench: Person) -> None:
    await bench.asked()
    start = bench.clock.now() - FURTHEST + timedelta(minutes=5)
    assert (await bench.send("since", since=start.isoformat()))[0] == 202
    await bench.settle()
    assert bench.the_case().compromised_since == start


async def test_a_year_mistyped_on_the_page_changes_nothing_and_says_why() -> None:
    async with Person(settings=AZURE) as bench:
        nia = signed_in("approver")
        await bench.asked(as_=nia)
        before = bench.the_case()
        page = await bench.form("since", nia, since="0026-11-23T08:00")
        assert (page.status, bench.the_case()) == (409, before)
        assert "366 days ago" in page.body


async def test_a_start_that_is_no_moment_in_utc_is_refused_as_such(bench: Person) -> None:
    await bench.asked()
    status, answer = await bench.send("since", since="0001-01-01T00:00:00+05:00")
    assert status == 409
    assert "outside the years 1 to 9999" in answer["error"]
    with pytest.raises(CommandError, match="outside the years 1 to 9999") as refused:
        await since(
            Remote("http://127.0.0.1:1", secret="s"),
            "a" * 16,
            "0001-01-01T00:00:00+05:00",
            again=False,
            as_json=False,
        )
    assert refused.value.code is Exit.USAGE


@pytest.mark.parametrize("start", OLD)
async def test_a_request_that_names_a_start_before_all_that_is_kept_opens_no_case_and_says_why(
    bench: Person, start: str
) -> None:
    await bench.ask(since=start)
    await bench.settle()
    [alert] = bench.alerts()
    assert alert.state is AlertState.UNRESOLVED
    assert "366 days ago" in alert.reason
    assert bench.all_cases() == []


async def test_a_request_that_names_a_start_of_last_year_is_answered(bench: Person) -> None:
    await bench.ask(since=(NOON - FURTHEST).isoformat())
    await bench.settle()
    assert {t.state for t in bench.tasks().values()} == {TaskState.VERIFIED}
