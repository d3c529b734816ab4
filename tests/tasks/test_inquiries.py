from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from lab.audit_trail import AuditTrail
from lab.carrier_alerts import INTRUDER_IP
from lab.scenarios.two_victims import two_victims
from shared.model import Json
from shared.tasks.inquiries import PATIENCE
from tests.tasks.benches import Bench

SLOW = {"audit_search": 600.0}
"""Microsoft takes minutes; with this a search takes ten."""


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with Bench(story=two_victims, tenant=SLOW) as made:
        await made.tell()
        yield made


async def activity(bench: Bench) -> list[Json]:
    case = await bench.case(bench.the_case().id)
    found: list[Json] = case["findings"]["activity"]
    return found


def searches(bench: Bench) -> list[str]:
    return sorted(str(s.name) for s in bench.tenant.state.logbook.searches.values())


async def test_the_search_is_started_with_the_case_and_nobody_waits_for_it(bench: Bench) -> None:
    at = bench.clock.now()
    await bench.step()
    await bench.step()
    assert bench.clock.now() - at < timedelta(seconds=1)
    assert searches(bench) == [f"firebreak {bench.the_case().id} activity"]
    [search] = await activity(bench)
    assert (search["state"], search["summary"]) == ("running", None)
    page = await bench.app.page(f"cases/{bench.the_case().id}", {})
    assert "what it finds is collected later" in page.body


async def test_what_the_account_did_is_collected_later_counted_and_kept(bench: Bench) -> None:
    await bench.settle(within=timedelta(minutes=20))
    [search] = await activity(bench)
    assert search["state"] == "found"
    summary = search["summary"]
    counted = {k: summary[k] for k in ("records", "mail_items", "downloads", "rules", "consents")}
    assert counted == {"records": 5, "mail_items": 41, "downloads": 1, "rules": 2, "consents": 1}
    assert summary["addresses"] == [{"name": INTRUDER_IP, "count": 5}]
    page = await bench.app.page(f"cases/{bench.the_case().id}/evidence", {})
    pieces = json.loads(page.body)["pieces"]
    [kept] = [piece for piece in pieces if piece["sha256"] == search["sha256"]]
    assert kept["seal"] == "intact"
    assert {r["operation"] for r in kept["content"]["records"]} >= {"FileDownloaded"}


async def test_rows_that_come_a_day_late_are_found_by_a_later_search(bench: Bench) -> None:
    await bench.settle(within=timedelta(minutes=20))
    trail = AuditTrail(bench.tenant, bench.oid)
    since = bench.the_case().compromised_since
    trail.downloaded("Late.pdf", at=since + timedelta(minutes=1), ip=INTRUDER_IP)
    await bench.settle(within=timedelta(hours=23))
    assert len(await activity(bench)) == 1
    await bench.settle(within=timedelta(hours=26))
    first, late = await activity(bench)
    assert (first["summary"]["downloads"], late["summary"]["downloads"]) == (1, 2)
    assert late["question"] == "late activity"
    assert len(searches(bench)) == len(set(searches(bench))) == 4


async def test_a_case_never_has_two_searches_of_one_question(bench: Bench) -> None:
    """Whoever is woken too often, or dies before it wrote down that it asked, finds the first."""
    await bench.step()
    await bench.step()
    rows = [r for r in bench.store.rows() if r.key == "case"]
    assert rows[0].body["inquire_after"]
    for _ in range(5):
        bench.clock.advance(61)
        await bench.settle(within=timedelta(seconds=0))
    assert len(searches(bench)) == len(set(searches(bench)))


async def test_a_search_that_was_started_and_not_written_down_is_found_again() -> None:
    async with Bench(story=two_victims, tenant=SLOW) as bench:
        await bench.tell()
        await bench.step()
        case = bench.the_case()
        asking = bench.world.searches.collect(
            f"firebreak {case.id} activity",
            who=case.account.upn,
            operations=(),
            since=case.compromised_since,
        )
        await asyncio.gather(asking, return_exceptions=True)
        await bench.settle(within=timedelta(minutes=20))
        assert searches(bench).count(f"firebreak {case.id} activity") == 1
        assert [s["state"] for s in await activity(bench)] == ["found"]


async def test_what_may_not_be_asked_is_unknown_and_names_the_permission() -> None:
    async with Bench(story=two_victims) as bench:
        granted = bench.tenant.granted
        bench.tenant.granted = frozenset(r for r in granted if not r.startswith("AuditLogsQuery"))
        await bench.tell()
        await bench.settle()
        [search] = await activity(bench)
        assert search["state"] == "unknown"
        assert "AuditLogsQuery.Read.All" in search["unknown"][0]
        assert bench.the_case().status == "contained"


async def test_a_search_that_never_ends_is_given_up_and_said_to_be_unknown() -> None:
    async with Bench(story=two_victims, tenant={"audit_search": 1e6}) as bench:
        await bench.tell()
        await bench.settle(within=PATIENCE + timedelta(minutes=30))
        [search] = await activity(bench)
        assert search["state"] == "unknown"
        assert "No answer within" in search["unknown"][0]


async def test_nothing_is_asked_about_a_case_in_which_nothing_was_done() -> None:
    async with Bench(story=two_victims) as bench:
        await bench.ask(mode="dry_run")
        await bench.settle()
        assert searches(bench) == []
