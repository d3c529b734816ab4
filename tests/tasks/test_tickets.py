"""A case is one ticket, whoever tells of it first, and nothing that is told is lost or doubled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from lab import services
from lab.receivers import HANG, LOST, Receivers
from lab.services import Request
from shared.model import Json
from shared.tasks.delivery import TRIES
from tests.tasks.benches import Bench
from tests.tasks.telling import ask, contained, telling_bench, told

TICKETS = """
[[notify]]
channels = ["jira", "servicenow"]
"""
ISSUE = "/rest/api/3/issue"
BOTH = ["Case opened", "Contained"]


@pytest.fixture
async def far() -> AsyncIterator[Receivers]:
    async with Receivers() as made:
        # As the real one: what was opened a moment ago is not found yet.
        made.behind.add(services.JIRA)
        yield made


@pytest.fixture
async def bench(
    far: Receivers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Bench]:
    async with telling_bench(far, monkeypatch, tmp_path, notify=TICKETS) as made:
        yield made


def text_of(node: Json) -> str:
    return str(node.get("text", "")) + "".join(map(text_of, node.get("content", ())))


def opened(far: Receivers) -> list[str]:
    """The titles of all tickets that were opened, Jira's and then ServiceNow's."""
    issues = [call.json["fields"] for call in calls(far, services.JIRA, ISSUE)]
    records = [call.json for call in far.at(services.SERVICENOW) if call.method == "POST"]
    titles = [issue["summary"] for issue in issues]
    return [title.split(":")[0] for title in (*titles, *(r["short_description"] for r in records))]


def added(far: Receivers) -> list[str]:
    """What was written below them, in the same order."""
    notes = [text_of(call.json["body"]) for call in calls(far, services.JIRA, ISSUE, "/comment")]
    records = [call.json for call in far.at(services.SERVICENOW) if call.method == "PATCH"]
    said = (*notes, *(record["work_notes"] for record in records))
    return [text.split(":")[0] for text in said]


def calls(far: Receivers, host: str, path: str, end: str = "") -> Iterable[Request]:
    for call in far.at(host):
        if call.path == path if not end else call.path.endswith(end):
            yield call


async def on_the_way(bench: Bench) -> list[str]:
    """Address what is to be told, and take it off the queue: what goes to tickets, in order."""
    await contained(bench)
    await bench.app.reconcile()
    taken = []
    while message := await bench.messages.receive():
        await bench.messages.delete(message)
        if ":jira" in message.text or ":servicenow" in message.text:
            taken.append(message.text)
    assert len(taken) == 4
    return taken


@pytest.mark.parametrize("order", [1, -1], ids=["first_first", "last_first"])
async def test_workers_side_by_side_open_one_ticket_with_the_opening_and_write_the_rest_below(
    far: Receivers, bench: Bench, order: int
) -> None:
    messages = await on_the_way(bench)
    await asyncio.gather(*map(bench.app.work, messages[::order]))
    await bench.settle()
    assert (opened(far), added(far)) == ([BOTH[0]] * 2, [BOTH[1]] * 2)


async def test_what_comes_first_waits_for_the_opening_and_is_told_after_it(
    far: Receivers, bench: Bench
) -> None:
    messages = await on_the_way(bench)
    for message in reversed(messages):
        await bench.app.work(message)
    await bench.settle()
    assert (opened(far), added(far)) == ([BOTH[0]] * 2, [BOTH[1]] * 2)


async def test_behind_a_channel_that_is_down_nothing_is_lost_and_one_ticket_is_opened(
    far: Receivers, bench: Bench
) -> None:
    far.trouble[services.JIRA] = 503
    await contained(bench)
    await told(bench)
    await bench.settle(within=timedelta(hours=2))
    down = sum(1 for _ in calls(far, services.JIRA, "", "/search/jql"))
    assert down >= 2 * TRIES, "each of them is tried as often as any, and given up"
    del far.trouble[services.JIRA]
    assert (await ask(bench, "again", "jira"))[0] == 200
    await bench.settle()
    jira = [call for call in far.at(services.JIRA) if "search" not in call.path]
    assert [call.path for call in jira].count(ISSUE) == 1
    assert len(jira) == down // TRIES


async def test_a_refused_opening_holds_nobody_up_for_longer_than_its_first_tries(
    far: Receivers, bench: Bench
) -> None:
    far.trouble[f"{services.JIRA}{ISSUE}"] = 400
    await contained(bench)
    await told(bench)
    tried = [call.json["fields"]["summary"] for call in calls(far, services.JIRA, ISSUE)]
    assert any(title.startswith("Contained") for title in tried)
    assert tried[0].startswith("Case opened")


async def test_a_ticket_whose_opening_was_not_answered_is_looked_for_before_another_is_opened(
    far: Receivers, bench: Bench
) -> None:
    far.trouble[f"{services.JIRA}{ISSUE}"] = LOST
    await contained(bench)
    await bench.app.reconcile()
    await bench.settle(within=timedelta(seconds=30))
    assert opened(far).count("Case opened") == 2
    far.trouble.clear()
    far.behind.clear()
    await bench.settle()
    assert opened(far) == [BOTH[0]] * 2
    assert set(added(far)) == set(BOTH)


async def test_a_worker_that_dies_while_it_opens_a_ticket_holds_nobody_up_for_long(
    far: Receivers, bench: Bench
) -> None:
    far.trouble[services.JIRA] = HANG
    messages = await on_the_way(bench)
    dying = asyncio.gather(*map(bench.app.work, messages))
    await far.until_heard(services.JIRA)
    dying.cancel()
    with suppress(asyncio.CancelledError):
        await dying
    far.trouble.clear()
    bench.clock.advance(120)
    # As the host does: a message whose worker died is given to another one.
    await asyncio.gather(*map(bench.app.work, messages))
    await bench.settle()
    assert (opened(far), added(far)) == ([BOTH[0]] * 2, [BOTH[1]] * 2)


async def test_a_ticket_that_was_deleted_over_there_is_opened_again(
    far: Receivers, bench: Bench
) -> None:
    await contained(bench)
    await told(bench)
    far.lose_tickets(services.JIRA)
    far.lose_tickets(services.SERVICENOW)
    await bench.settle(within=timedelta(hours=2))
    await told(bench)
    assert bench.the_case().proven_at
    assert opened(far) == ["Case opened", "Proven"] * 2


QUIET = """
[[notify]]
channels = ["jira"]
pages = ["contained"]
quiet = { after = 08:00:00, before = 18:00:00 }
"""


async def test_what_is_sent_at_any_hour_opens_the_ticket_while_the_opening_waits_for_morning(
    far: Receivers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with telling_bench(far, monkeypatch, tmp_path, notify=QUIET) as bench:
        await contained(bench)
        await told(bench)
        assert opened(far) == ["Contained"]
        bench.clock.advance(6 * 3600)
        await told(bench)
        assert (opened(far), added(far)) == (["Contained"], ["Case opened"])


async def test_what_is_known_of_a_ticket_goes_with_what_was_told(
    far: Receivers, bench: Bench
) -> None:
    await contained(bench)
    await told(bench)
    assert len(bench.rows("ticket:")) == 2
    bench.clock.advance(9 * 86_400)
    await told(bench)
    assert bench.rows("ticket:") == []
