"""The pages about the app itself: the policy in force, and whether it is well."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from shared.desk import Page
from shared.model import Json
from shared.policy.document import ResponderTraits
from shared.policy.reading import load
from shared.store.memory import MemoryStore
from shared.store.verbs import Partition, Row
from shared.tasks import keys
from tests.shared.principals import principal
from tests.tasks.approving import AZURE
from tests.tasks.benches import Bench, policy

SHIPPED = Path(__file__).resolve().parents[2] / "policy.toml"
OURS = """
[protected]
accounts = ["{owner}", "gone@contoso.example"]
[guards]
privileged = "observe"
[[rule]]
name = "own"
kinds = ["risky_sign_in"]
severity = ["high", "medium"]
[rule.responders]
stop_forwarding = "approve"
disable_sign_in = "enforce"
"""
BROWSER = {"accept": "text/html"}
PROGRAM = {"accept": "application/json"}


async def seen(bench: Bench) -> Json:
    found: Json = json.loads((await bench.app.show_policy(PROGRAM)).body)
    return found


async def examined(bench: Bench) -> Page:
    """Open the page of health when a check-up has just been made."""
    await bench.app.examined(BROWSER)
    return await bench.app.health(BROWSER)


async def test_the_shipped_policy_is_shown_without_a_difference() -> None:
    async with Bench(settings={"policy": SHIPPED}) as bench:
        view = await seen(bench)
        rules = load(
            SHIPPED.read_text(encoding="utf-8"), responders=ResponderTraits.of(bench.app.catalogue)
        ).rules
        assert [rule["name"] for rule in view["rules"]] == [rule.name for rule in rules]
        assert view["difference"] == []
        assert not any(rule["changed"] for rule in view["rules"])
        assert "Different from" not in (await bench.app.show_policy(BROWSER)).body


async def test_each_line_named_on_the_page_is_the_line_of_the_file(tmp_path: Path) -> None:
    async with Bench() as bench:
        bench.app = bench.under(policy(tmp_path, OURS.replace("{owner}", bench.oid)))
        lines = bench.app.settings.policy.read_text(encoding="utf-8").splitlines()
        view = await seen(bench)
        (rule,) = view["rules"]
        assert lines[rule["line"] - 1] == 'name = "own"'
        assert [act["responder"] for act in rule["acts"]] == ["disable_sign_in", "stop_forwarding"]
        for act in rule["acts"]:
            assert lines[act["line"] - 1] == f'{act["responder"]} = "{act["mode"]}"'
            assert act["does"]
        (guard,) = [one for one in view["settings"] if one["name"] == "guards.privileged"]
        assert lines[guard["line"] - 1] == 'privileged = "observe"'
        assert guard["means"]
        (unwritten,) = [one for one in view["settings"] if one["name"] == "guards.stale_hours"]
        assert unwritten["line"] is None


async def test_where_it_differs_from_the_shipped_one_is_said(tmp_path: Path) -> None:
    async with Bench() as bench:
        bench.app = bench.under(policy(tmp_path, OURS.replace("{owner}", bench.oid)))
        view = await seen(bench)
        assert view["rules"][0]["changed"] == "not shipped: your own rule"
        assert "account-taken" in view["missing"]
        assert '+name = "own"' in view["difference"]
        assert '-privileged = "approve"' in view["difference"]
        page = (await bench.app.show_policy(BROWSER)).body
        assert "Different from the shipped policy" in page


async def test_a_protected_name_that_finds_nobody_is_shown_as_a_guard_that_is_absent(
    tmp_path: Path,
) -> None:
    async with Bench() as bench:
        bench.app = bench.under(policy(tmp_path, OURS.replace("{owner}", bench.oid)))
        page = await examined(bench)
        assert page.status == 200
        assert "Ada Brandt" in page.body
        assert "gone@contoso.example</bdi>: protects nobody" in page.body
        assert "Needs a person" in page.body


async def test_health_says_when_each_source_was_heard_and_what_waits() -> None:
    async with Bench() as bench:
        before = (await examined(bench)).body
        assert "was never heard" in before
        await bench.tell()
        bench.clock.advance(600)
        late = (await examined(bench)).body
        assert "Of the alerts 1 is due, and the oldest waits for 10 minutes" in late
        assert "Needs a person" in late
        await bench.settle()
        after = (await examined(bench)).body
        assert "Of the alerts 0 are due, and none waits too long" in after
        assert "Well" in after


class Stuck(MemoryStore):
    """Storage that does not tell what is unfinished until it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.let = asyncio.Event()

    async def scan(
        self, partition: Partition, *, prefix: str = "", after: str = "", most: int | None = None
    ) -> AsyncIterator[Row]:
        if prefix == keys.TODO:
            await self.let.wait()
        async for row in super().scan(partition, prefix=prefix, after=after, most=most):
            yield row


async def test_the_page_of_health_is_there_before_the_checks_are_and_calls_nothing_well() -> None:
    store = Stuck()
    async with Bench(store=store) as bench:
        page = await bench.app.health(BROWSER)
        assert page.status == 200
        assert "Being looked at" in page.body
        assert "checks are well" not in page.body
        assert 'data-refresh="3"' in page.body
        store.let.set()
        await bench.app.examined(BROWSER)
        assert "none waits too long" in (await bench.app.health(BROWSER)).body


async def test_while_the_checks_are_made_again_the_page_shows_the_last_ones_with_their_age() -> (
    None
):
    store = Stuck()
    store.let.set()
    async with Bench(store=store) as bench:
        await bench.app.examined(BROWSER)
        assert "being looked at again" not in (await bench.app.health(BROWSER)).body
        store.let.clear()
        bench.clock.advance(600)
        page = (await bench.app.health(BROWSER)).body
        assert "being looked at again" in page
        assert "(10 min ago)" in page
        assert "none waits too long" in page


async def test_a_probe_is_told_what_names_nobody_and_a_browser_has_to_sign_in() -> None:
    async with Bench(settings=AZURE) as bench:
        for accept in ({}, {"accept": "*/*"}, PROGRAM):
            page = await bench.app.health(accept)
            assert (page.status, page.media) == (200, "application/json")
            assert "protected" not in json.loads(page.body)
            assert "sources" not in json.loads(page.body)
        assert (await bench.app.health(BROWSER)).status == 403
        assert (await bench.app.show_policy(BROWSER)).status == 403
        reader: Mapping[str, str] = {**BROWSER, "x-ms-client-principal": principal("reader")}
        assert (await bench.app.health(reader)).status == 200
        assert (await bench.app.show_policy(reader)).status == 200
