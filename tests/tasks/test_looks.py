from __future__ import annotations

import hashlib
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli import show
from lab.carrier_alerts import risk_detection
from lab.clock import Clock
from lab.scenarios import synced_user, token_thief
from lab.stage import sent_to
from lab.tenant import SimulatedTenant, TenantSettings
from lab.tenant.population import Population
from lab.workbench import Workbench
from shared.model import Json
from shared.pages.times import minute
from shared.tasks.watch import IN_VAIN

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Place:
    def __init__(self) -> None:
        self.lab = SimulatedTenant(clock=Clock.frozen(NOON), settings=TenantSettings.instant())
        self.scenario = token_thief(self.lab)
        self.bench = Workbench(self.lab)

    async def contained(self) -> Json:
        for alert in self.scenario.alerts:
            await self.bench.post(alert.source, alert.body)
        self.lab.clock.advance(2)
        await self.bench.settle()
        return await self.case()

    async def case(self) -> Json:
        [case] = await self.bench.cases()
        return case

    async def looks(self) -> list[str]:
        return [e["text"] for e in (await self.case())["happened"] if e["event"] == "looked"]


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    made = Place()
    async with made.bench:
        yield made


async def test_a_case_is_proven_only_after_the_last_token_has_run_out(place: Place) -> None:
    case = await place.contained()
    assert "proven" not in case["answer"]["word"]
    await place.bench.settle(within=timedelta(minutes=40))
    assert len(await place.looks()) == 2
    assert "proven" not in (await place.case())["answer"]["word"]
    await place.bench.settle(within=timedelta(minutes=40))
    assert "Contained, proven at" in (await place.case())["answer"]["word"]
    intruder = place.scenario.intruder
    place.lab.clock.advance(1)
    assert intruder.living() == []


async def test_looks_end_after_a_week_and_change_nothing(place: Place) -> None:
    await place.contained()
    before, writes = place.lab.snapshot(), len(place.lab.writes)
    await place.bench.settle(within=timedelta(days=8))
    assert [text.partition(" after containment")[0] for text in await place.looks()] == [
        "Looked again 15 minutes",
        "Looked again 35 minutes",
        "Looked again 65 minutes",
        "Looked again 24 hours",
        "Looked again 7 days",
    ]
    assert (place.lab.snapshot(), len(place.lab.writes)) == (before, writes)
    assert place.bench.messages.messages() == ()


async def test_a_foothold_that_comes_back_is_removed_again_and_proof_starts_over(
    place: Place,
) -> None:
    await place.contained()
    await place.bench.settle(within=timedelta(minutes=20))
    people = Population(place.lab)
    people.rule(
        place.scenario.oid, "...", hidden=True, actions={"redirectTo": sent_to("x@evil.example")}
    )
    await place.bench.settle(within=timedelta(minutes=21))
    rule = place.lab.mailboxes[place.scenario.oid].rules[-1]
    assert not rule.enabled
    assert any("found again" in text for text in await place.looks())
    case = await place.case()
    assert case["status"] == "contained"
    assert "proven" not in case["answer"]["word"]


async def test_what_the_directory_sync_enables_again_is_blocked_again() -> None:
    place = Place()
    place.scenario = synced_user(place.lab)
    async with place.bench:
        await place.contained()
        assert (await place.case())["status"] == "needs_person"
        place.lab.sync_directory()
        await place.bench.settle(within=timedelta(minutes=40))
        assert not place.lab.users[place.scenario.oid].enabled


async def test_a_look_that_cannot_be_made_is_made_later_and_proves_nothing(place: Place) -> None:
    await place.contained()
    place.lab.fail(times=500)
    await place.bench.settle(within=timedelta(minutes=30))
    assert await place.looks() == []
    place.lab.faults.clear()
    await place.bench.settle(within=timedelta(minutes=30))
    assert "nothing came back" in (await place.looks())[0]


async def test_evidence_is_kept_before_anything_is_evicted_and_the_journal_vouches_for_it(
    place: Place,
) -> None:
    case = await place.contained()
    happened = [(e["event"], e["responder"]) for e in case["happened"]]
    first_eviction = happened.index(("change", "disable_inbox_rules"))
    assert happened.index(("evidence", None)) < first_eviction
    [(name, data)] = [
        (name, data)
        for name, data in place.bench.store.blobs().items()  # type: ignore[attr-defined]
        if name.startswith("evidence/") and b'"sections"' in data
    ]
    assert name.endswith(hashlib.sha256(data).hexdigest())
    sections = json.loads(data)["sections"]
    rules = {rule["name"]: rule["enabled"] for rule in sections["all_inbox_rules"]["data"]}
    assert rules["sync"]
    assert rules["."]
    assert sections["forwarding"]["data"]["to_smtp"]


async def test_what_cannot_be_read_is_unknown_in_the_evidence_and_not_empty(place: Place) -> None:
    place.lab.granted -= {"AuditLog.Read.All"}
    await place.contained()
    [data] = [
        data
        for name, data in place.bench.store.blobs().items()  # type: ignore[attr-defined]
        if name.startswith("evidence/") and b'"sections"' in data
    ]
    section = json.loads(data)["sections"]["sign_ins"]
    assert section["data"] is None
    assert section["unknown"]


async def test_a_foothold_that_came_back_is_said_loudly_until_that_is_proven_over(
    place: Place,
) -> None:
    await place.contained()
    Population(place.lab).rule(
        place.scenario.oid, "...", hidden=True, actions={"redirectTo": sent_to("x@evil.example")}
    )
    await place.bench.settle(within=timedelta(minutes=16))
    answer = (await place.case())["answer"]
    assert answer["word"] == "A foothold came back: contained"
    assert answer["tone"] == "person"
    assert "put it back" in answer["sentence"]
    await place.bench.settle(within=timedelta(minutes=90))
    assert (await place.case())["answer"]["word"].startswith("Contained, proven at")


async def test_a_door_that_was_open_again_opens_its_phase_and_ends_sessions_anew(
    place: Place,
) -> None:
    case = await place.contained()
    ended = place.lab.users[place.scenario.oid].sessions_valid_from
    place.lab.change_user(place.scenario.oid, enabled=True)
    await place.bench.settle(within=timedelta(minutes=16))
    user, after = place.lab.users[place.scenario.oid], await place.case()
    assert not user.enabled
    assert user.sessions_valid_from > ended
    assert after["status"] == "contained"
    assert after["clock"]["latest_until"] > case["clock"]["latest_until"]


async def test_the_time_until_the_intruder_can_act_is_in_page_json_and_terminal(
    place: Place,
) -> None:
    case = await place.contained()
    page = await place.bench.app.page(f"cases/{case['id']}", {})
    last = datetime.fromisoformat(case["clock"]["latest_until"])
    said = f"until {minute(last, datetime.fromisoformat(case['at']))}"
    assert said in re.sub(r"<[^>]+>", "", page.body)
    assert show.until(case).startswith(said)
    place.lab.clock.advance(70 * 60)
    assert show.until(await place.case()) in {"no more", "perhaps; not with a token any more"}


FOR_GOOD = """\
version = 1
[[rule]]
name = "everything"
irreversible = true
[rule.responders]
disable_sign_in = "enforce"
revoke_sessions = "enforce"
"""


def synced(folder: Path, text: str) -> Place:
    """A synced account under a policy of one's own."""
    policy = folder / "policy.toml"
    policy.write_text(text)
    place = Place()
    place.scenario = synced_user(place.lab)
    place.bench = Workbench(place.lab, settings={"policy": policy})
    return place


@pytest.mark.parametrize("also", ["", 'block_by_group = "enforce"\n'], ids=["alone", "by group"])
async def test_what_the_sync_undoes_is_never_called_proven_unless_something_holds(
    also: str, tmp_path: Path
) -> None:
    place = synced(tmp_path, FOR_GOOD + also)
    async with place.bench:
        case = await place.contained()
        told = [task for task in case["tasks"] if task["responder"] == "disable_sign_in"]
        assert "until the next directory sync" in told[0]["reason"]
        assert case["status"] == ("contained" if also else "needs_person")
        for _ in range(4):
            place.lab.sync_directory()
            await place.bench.settle(within=timedelta(minutes=31))
        case = await place.case()
        sync = [door.number for door in place.scenario.intruder.living() if door.number == 21]
        assert ("proven" in case["answer"]["word"]) == bool(also)
        if also:
            assert sync == []
        else:
            assert case["status"] == "needs_person"
            [left] = case["open"]
            assert "Disable-ADAccount" in left["steps"][0]


async def test_what_the_sync_enables_again_is_blocked_again_at_every_look(
    tmp_path: Path,
) -> None:
    place = synced(tmp_path, FOR_GOOD)
    async with place.bench:
        await place.contained()
        for _ in range(2):
            place.lab.sync_directory()
            assert place.lab.users[place.scenario.oid].enabled
            await place.bench.settle(within=timedelta(minutes=36))
            assert not place.lab.users[place.scenario.oid].enabled


async def test_what_is_undone_at_every_look_is_given_up_and_said_to_be_not_contained(
    tmp_path: Path,
) -> None:
    place = synced(tmp_path, FOR_GOOD)
    async with place.bench:
        await place.contained()
        for _ in range(IN_VAIN + 3):
            place.lab.sync_directory()
            await place.bench.settle(within=timedelta(minutes=36))
        disabled = [w for w in place.lab.writes if w.what == "accountEnabled: False"]
        assert len(disabled) == 1 + IN_VAIN
        await place.bench.settle(within=timedelta(days=8))
        case = await place.case()
        assert place.lab.users[place.scenario.oid].enabled
        assert case["status"] == "needs_person"
        assert "not contained" in case["answer"]["word"].lower()
        assert "proven" not in case["answer"]["word"]
        [left] = case["open"]
        assert f"{IN_VAIN} times" in left["reason"]
        assert "Disable-ADAccount" in left["steps"][0]
        lines = {line["name"]: line["light"] for line in case["way_back"]["lines"]}
        assert lines["doors"] == "not_yet"
        assert lines["proof"] != "green"
        await again(place)
        assert not place.lab.users[place.scenario.oid].enabled


async def again(place: Place) -> None:
    """Raise one more alert: of what happens now."""
    user = place.lab.users[place.scenario.oid]
    alert = risk_detection(place.lab, user, at=place.lab.now(), kind="anomalousToken")
    await place.bench.post(alert.source, alert.body)
    await place.bench.settle()
