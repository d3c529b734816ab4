"""Limits that all workers of a tenant keep together: what would be refused is not sent."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.clock import Clock
from lab.tenant.catalogue import operations
from lab.tenant.limits import Service
from shared.clients.allowances import PUBLISHED, Allowance, Allowances, Turns, take
from shared.clients.gangway import Gangway
from shared.clients.precedence import Rank, calls_are
from shared.errors import Throttled
from shared.model import TenantId
from shared.store.memory import MemoryStore
from tests.clients.far_side import ADA, FarSide, clients, page

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
LIMIT = Allowance(most=2, seconds=10, said="Two in ten seconds")
LOGS = "/auditLogs/signIns"


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(Rank)), min_size=1, max_size=30))
def test_nobody_who_waits_for_the_turn_given_is_ever_refused(
    asks: list[tuple[int, Rank]],
) -> None:
    turns, sent, waiting, at = Turns(), [], {}, NOON
    for number, (pause, rank) in enumerate(asks):
        at += timedelta(seconds=pause)
        waiting[f"request {number}"] = (at, rank)
    while waiting:
        key, (at, rank) = min(waiting.items(), key=lambda one: one[1][0])
        turns, due = take(turns, LIMIT, key=key, rank=rank, at=at)
        if due > at:
            waiting[key] = (due, rank)
        else:
            sent.append(at)
            del waiting[key]
    assert len(sent) == len(asks)
    seconds = timedelta(seconds=LIMIT.seconds)
    assert all(later - first >= seconds for first, later in zip(sent, sent[2:], strict=False))


def test_a_door_goes_before_evidence_that_has_waited_longer() -> None:
    turns = Turns(spent=(NOON, NOON))
    for key in ("log 1", "log 2"):
        turns, _ = take(turns, LIMIT, key=key, rank=Rank.EVIDENCE, at=NOON)
    turns, door = take(turns, LIMIT, key="door", rank=Rank.CONTAIN, at=NOON)
    assert door == NOON + timedelta(seconds=10)
    turns, due = take(turns, LIMIT, key="log 2", rank=Rank.EVIDENCE, at=NOON)
    assert due == NOON + timedelta(seconds=20)


def test_a_message_that_comes_twice_takes_one_place_and_one_that_never_comes_keeps_none() -> None:
    turns = Turns(spent=(NOON, NOON))
    for _ in range(3):
        turns, due = take(turns, LIMIT, key="once", rank=Rank.EVICT, at=NOON)
    assert len(turns.waiting) == 1
    late = due + timedelta(seconds=6)
    turns, due = take(turns, LIMIT, key="another", rank=Rank.LATER, at=late)
    assert due == late


async def test_two_workers_share_one_limit_and_the_refused_one_is_told_when() -> None:
    clock, store = Clock.frozen(NOON), MemoryStore()
    workers = [Allowances(store, TenantId("tenant"), clock.now) for _ in range(2)]
    asked = [
        worker.take("GET", LOGS, f"https://graph.microsoft.com{LOGS}?{worker_no}-{number}")
        for worker_no, worker in enumerate(workers)
        for number in range(5)
    ]
    ended = await asyncio.gather(*asked, return_exceptions=True)
    held = [error for error in ended if isinstance(error, Throttled)]
    assert len(held) == len(ended) - PUBLISHED["/auditLogs/"].most
    assert all(error.retry_after == pytest.approx(10.5) for error in held)
    await workers[0].take("GET", "/users/1", "https://graph.microsoft.com/users/1")


async def test_the_gangway_lets_doors_past_and_evidence_never_fills_it() -> None:
    way, order, most = Gangway(2, kept=1), list[Rank](), 0

    async def cross(rank: Rank) -> None:
        nonlocal most
        with calls_are(rank, "case"):
            async with way.crossing():
                order.append(rank)
                most = max(most, way.inside)
                await asyncio.sleep(0)

    ranks = [Rank.EVIDENCE, Rank.EVIDENCE, Rank.EVICT, Rank.CONTAIN]
    await asyncio.gather(*map(cross, ranks))
    assert order == [Rank.EVIDENCE, Rank.EVICT, Rank.CONTAIN, Rank.EVIDENCE]
    assert most == 2


async def test_who_is_cancelled_on_the_gangway_leaves_the_place_to_the_next() -> None:
    way = Gangway(1)
    async with way.crossing():
        waiting = [asyncio.create_task(_cross(way)) for _ in range(2)]
        await asyncio.sleep(0)
        waiting[0].cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert waiting[0].cancelled()
    assert waiting[1].result() is None
    assert way.inside == 0


async def _cross(way: Gangway) -> None:
    async with way.crossing():
        await asyncio.sleep(0)


async def test_a_case_that_needs_three_logs_gets_them_all_however_few_turns_there_are() -> None:
    clock, far = Clock.frozen(NOON), FarSide(page())
    limits = {"/auditLogs/": Allowance(most=1, seconds=60, said="One in a minute")}
    world = clients(far, limits=limits, clock=clock.now)

    async def plan() -> None:
        with calls_are(Rank.EVICT, "case"):
            view = world.remembering().audit
            await view.changes_by(ADA, since=NOON)
            await view.changes_to(ADA, since=NOON)
            await view.sign_ins(ADA, since=NOON)

    for _ in range(2):
        with pytest.raises(Throttled) as held:
            await plan()
        assert held.value.retry_after
        clock.advance(held.value.retry_after)
    await plan()
    assert len(far.requests) == 3
    with pytest.raises(Throttled), calls_are(Rank.EVICT, "another case"):
        await world.audit.changes_by(ADA, since=NOON)


async def test_the_logs_and_the_reports_are_one_limit() -> None:
    clock = Clock.frozen(NOON)
    kept = Allowances(MemoryStore(), TenantId("t"), clock.now)
    for number in range(5):
        await kept.take("GET", LOGS, f"{LOGS}?{number}")
    with pytest.raises(Throttled, match="reports"):
        await kept.take("GET", "/reports/authenticationMethods/userRegistrationDetails", "one")


@pytest.mark.parametrize(
    "service",
    [Service.REPORTS, Service.IDENTITY_PROTECTION, Service.SECURITY, Service.TRACING],
)
def test_whatever_graph_limits_tightly_is_in_the_table(service: Service) -> None:
    paths = [op.template for op in operations() if op.service is service]
    assert paths
    assert [path for path in paths if not path.startswith(tuple(PUBLISHED))] == []


@pytest.mark.parametrize(("away", "asked"), [(2, 1), (61, 2)])
async def test_a_write_that_waits_for_its_turn_keeps_what_was_read_for_it_a_minute(
    away: float, asked: int
) -> None:
    clock, far = Clock.frozen(NOON), FarSide(answered)
    limits = {"/identityProtection/": Allowance(most=1, seconds=1.25, said="One a second")}
    world = clients(far, limits=limits, clock=clock.now)

    async def put_back() -> None:
        with calls_are(Rank.AFTER, "case"):
            await world.risk.of(ADA)
            await world.risk.dismiss(ADA)

    with pytest.raises(Throttled):
        await put_back()
    clock.advance(away)
    with suppress(Throttled):
        await put_back()
    assert [request.method for request in far.requests].count("GET") == asked
    assert ("POST" in {request.method for request in far.requests}) is (asked == 1)
    with calls_are(Rank.AFTER, "case"):
        clock.advance(62)
        await world.risk.of(ADA)
    assert [request.method for request in far.requests].count("GET") == asked + 1


def answered(request: httpx.Request) -> httpx.Response:
    if request.method == "POST":
        return httpx.Response(204)
    return httpx.Response(200, json={"id": ADA, "riskState": "atRisk", "riskLevel": "high"})
