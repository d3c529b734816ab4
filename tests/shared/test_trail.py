"""What is no case's is on record as well: brakes, the policy in force, what people were refused."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

from shared.model import Json, Mode
from shared.principal import Role
from shared.settings import PageAccess
from shared.sweeps.verify import Verify
from shared.tasks.trail import Mark, Noted, Trail
from tests.shared.principals import NIA, principal
from tests.tasks.benches import Bench, policy

AZURE = {"pages": PageAccess.SIGNED_IN, "website": "1", "website_auth": "true"}
FORM = {
    "sec-fetch-site": "same-origin",
    "content-type": "application/x-www-form-urlencoded",
    "accept": "text/html",
}
RULE = """
[[rule]]
name = "all"
[rule.responders]
disable_sign_in = "observe"
"""


def azure(bench: Bench) -> Bench:
    settings = bench.app.settings.model_copy(update=AZURE)
    bench.app = bench.under(settings.policy, settings=settings)
    return bench


def by(role: Role) -> dict[str, str]:
    return {**FORM, "x-ms-client-principal": principal(role)}


async def marks(bench: Bench) -> list[Mark]:
    trail = Trail(bench.store, bench.clock.now, bench.app.settings.tenant)
    return [mark async for mark in trail.lines()]


async def intact(bench: Bench) -> bool:
    walk = Verify(bench.store, bench.clock.now, bench.app.settings.tenant)
    return [fault async for fault in walk.run()] == []


async def test_whoever_sets_the_kill_switch_is_on_record_by_id_with_the_reason() -> None:
    async with Bench() as bench:
        azure(bench)
        body = urlencode({"ceiling": Mode.APPROVE, "reason": "a storm"}).encode()
        await bench.app.move_guard("switch", by(Role.ADMINISTRATOR), body)
        (mark,) = await marks(bench)
        assert (mark.event, mark.actor) == (Noted.SWITCHED, "Nia Okafor")
        assert mark.data == {"ceiling": "approve", "actor": NIA}
        assert "a storm" in mark.text
        assert await intact(bench)


async def test_a_refusal_to_somebody_signed_in_is_on_record_and_a_strangers_knocking_is_not() -> (
    None
):
    async with Bench() as bench:
        azure(bench)
        body = urlencode({"ceiling": Mode.ENFORCE, "reason": "let it run"}).encode()
        page = await bench.app.move_guard("switch", by(Role.READER), body)
        assert page.status == 403
        assert (await bench.app.approve("0123456789abcdef", FORM, body)).status == 403
        nobody = {**FORM, "x-ms-client-principal-id": NIA}
        assert (await bench.app.approve("0123456789abcdef", nobody, body)).status == 403
        first, second = await marks(bench)
        assert (first.event, first.data["actor"]) == (Noted.REFUSED, NIA)
        assert second.data["actor"] == NIA


async def test_whoever_asks_for_work_that_changes_no_account_is_on_record_as_well() -> None:
    async with Bench() as bench:
        azure(bench)
        await bench.post("identity-protection", {"value": [{"odd": True}]})
        (alert,) = bench.alerts()
        asked = {
            f"Alert {alert.id} is to be read again": bench.app.read_again(
                alert.id, by(Role.RESPONDER), b""
            ),
            "Channel pager is to be tried": bench.app.notify(
                "test", by(Role.ADMINISTRATOR), b"channel=pager"
            ),
            "What channel pager did not take is to be sent again": bench.app.notify(
                "again", by(Role.ADMINISTRATOR), b"channel=pager"
            ),
            "Sweep inbox_rules is to run": bench.app.move_sweep(
                "inbox_rules", "run", by(Role.RESPONDER), b""
            ),
        }
        for said, answer in asked.items():
            assert (await answer).status < 500
            mark = (await marks(bench))[-1]
            assert (mark.event, mark.text, mark.data["actor"]) == (Noted.ASKED, said, NIA)
        assert await intact(bench)


async def test_whoever_knocks_without_end_does_not_fill_the_record() -> None:
    async with Bench() as bench:
        azure(bench)
        for _ in range(100):
            await bench.app.move_guard("switch", by(Role.READER), b"ceiling=enforce&reason=x")
        assert len(await marks(bench)) == 20


async def test_a_policy_and_settings_are_on_record_when_they_change_and_without_secrets(
    tmp_path: Path,
) -> None:
    async with Bench() as bench:
        await bench.app.reconcile()
        await bench.under(bench.app.settings.policy).reconcile()
        await bench.under(policy(tmp_path, RULE)).reconcile()
        seen = [mark for mark in await marks(bench) if mark.event is Noted.IN_FORCE]
        assert len(seen) == 2
        assert seen[0].data["policy"] != seen[1].data["policy"]
        told: Json = seen[0].data
        assert {source["name"] for source in told["sources"]} >= {"operator", "defender"}
        assert "lab-only-secret" not in json.dumps(told)


async def test_each_day_that_has_ended_is_anchored_once_by_whichever_worker_comes_first() -> None:
    async with Bench() as bench:
        other = bench.under(bench.app.settings.policy)
        await bench.tell()
        await bench.settle()
        for _ in range(3):
            for worker in (bench.app, other, bench.app):
                await worker.reconcile()
            bench.clock.advance(timedelta(days=1).total_seconds())
        anchors = bench.rows("anchor:")
        assert [row["day"] for row in anchors] == ["2026-11-22", "2026-11-23", "2026-11-24"]
        assert [row["before"] for row in anchors[1:]] == [row["sha256"] for row in anchors[:-1]]
        assert all(row["cases"] == 1 for row in anchors)
        assert await intact(bench)


async def test_days_on_which_nothing_ran_leave_no_gap_in_the_chain() -> None:
    async with Bench() as bench:
        await bench.app.reconcile()
        bench.clock.advance(timedelta(days=5).total_seconds())
        await bench.app.reconcile()
        first, second = bench.rows("anchor:")
        assert second["before"] == first["sha256"]
        assert await intact(bench)
