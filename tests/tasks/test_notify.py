"""People are told through every channel, once, and no channel keeps a case from going on."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lab import services
from lab.receivers import HANG, Receivers
from lab.stage import sent_to
from lab.tenant.population import Population
from lab.workbench import as_operator
from shared.alerts.authenticate import HmacAuth, verify
from shared.model import Json
from shared.store.verbs import Put
from shared.tasks.delivery import TRIES
from shared.telemetry import open_log
from tests.tasks.benches import Bench
from tests.tasks.telling import EVERYWHERE, ask, contained, telling_bench, told

WEBHOOK_SECRET = "lab-only-webhook-secret-0123456789abcdef"


@pytest.fixture
async def far() -> AsyncIterator[Receivers]:
    async with Receivers() as made:
        yield made


@pytest.fixture
async def bench(
    far: Receivers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Bench]:
    async with telling_bench(far, monkeypatch, tmp_path) as made:
        yield made


def hooked(far: Receivers, place: str = "/hooks/all") -> list[str]:
    return [call.json["event"] for call in far.at(services.SIEM) if call.path == place]


async def states(bench: Bench) -> dict[str, Json]:
    page = await bench.app.notifications({"accept": "application/json"})
    return {state["name"]: state for state in json.loads(page.body)["channels"]}


async def test_a_contained_case_is_told_on_every_channel(far: Receivers, bench: Bench) -> None:
    await contained(bench)
    await told(bench)
    for host in services.SERVICES:
        assert any(b"ada.brandt@contoso.example" in call.body for call in far.at(host)), host
    assert {"Case opened", "Contained"} == {
        line.split(":")[1].strip()
        for mail in far.mails
        for line in mail.splitlines()
        if line.startswith("Subject")
    }
    assert all(state["told"] == 2 and not state["dead"] for state in (await states(bench)).values())


async def test_a_case_is_one_ticket_and_what_follows_stands_below_it(
    far: Receivers, bench: Bench
) -> None:
    await contained(bench)
    await told(bench)
    jira = [call.path for call in far.at(services.JIRA) if "search" not in call.path]
    assert jira == ["/rest/api/3/issue", "/rest/api/3/issue/SOC-1/comment"]
    now = [call.method for call in far.at(services.SERVICENOW) if call.method != "GET"]
    assert now == ["POST", "PATCH"]


async def test_the_same_event_announced_again_is_told_once(far: Receivers, bench: Bench) -> None:
    await contained(bench)
    outbox = [row for row in bench.store.rows() if row.partition.endswith("|outbox")]
    await told(bench)
    heard, mails = len(far.heard), len(far.mails)
    for row in outbox:
        # As a worker would that died after the notice and began again a moment later.
        await bench.store.write(Put(row.partition, f"9{row.key}", row.body))
    await told(bench)
    assert (len(far.heard), len(far.mails)) == (heard, mails)


async def test_a_webhook_is_signed_over_time_and_body_and_a_change_is_noticed(
    far: Receivers, bench: Bench
) -> None:
    await contained(bench)
    await told(bench)
    call = far.at(services.SIEM)[0]
    auth = HmacAuth.model_validate({"secrets": [WEBHOOK_SECRET]})
    verify(auth, headers=call.headers, body=call.body, now=bench.clock.now())
    with pytest.raises(Exception, match="signature"):
        verify(auth, headers=call.headers, body=call.body + b" ", now=bench.clock.now())


async def test_a_source_is_told_of_its_own_alerts_and_of_nothing_else(
    far: Receivers, bench: Bench
) -> None:
    await contained(bench)
    await bench.settle(within=timedelta(hours=2))
    await told(bench)
    assert sorted(hooked(far, "/hooks/back")) == ["case_opened", "contained", "proven"]
    call = next(call for call in far.at(services.SIEM) if call.path == "/hooks/back")
    (alert,) = bench.alerts()
    assert call.json["alerts"] == [alert.native_id]
    before = len(hooked(far, "/hooks/back"))
    await bench.ask(user=bench.scenario.bystanders[0])
    await bench.settle()
    await told(bench)
    assert len(hooked(far, "/hooks/back")) == before


async def test_a_dead_channel_is_retried_then_shown_and_the_others_are_told(
    far: Receivers, bench: Bench
) -> None:
    far.trouble[services.TEAMS] = 503
    await contained(bench)
    await told(bench)
    await bench.settle(within=timedelta(hours=2))
    found = await states(bench)
    assert found["teams"]["dead"] >= 2
    assert found["teams"]["reason"] == "It answered 503"
    assert found["slack"]["told"] >= 2
    calls = len(far.at(services.TEAMS))
    assert calls % TRIES == 0
    health = json.loads((await bench.app.health()).body)
    assert health["notifications_given_up"] == found["teams"]["dead"]
    del far.trouble[services.TEAMS]
    status, _ = await ask(bench, "again", "teams")
    assert status == 200
    await bench.settle()
    mended = (await states(bench))["teams"]
    assert (mended["dead"], mended["told"] >= 2) == (0, True)


async def test_dead_channels_change_nothing_about_a_case(
    far: Receivers, bench: Bench, tmp_path: Path
) -> None:
    far.trouble |= dict.fromkeys(services.SERVICES, 503)
    await contained(bench)
    async with Bench() as untold:
        await contained(untold)
        assert bench.written() == untold.written()
        assert [e.text for e in bench.journal().entries] == [
            e.text for e in untold.journal().entries
        ]


async def test_a_channel_that_hangs_keeps_no_case_waiting(far: Receivers, bench: Bench) -> None:
    far.trouble[services.SIEM] = HANG
    async with asyncio.TaskGroup() as group:
        hanging = group.create_task(ask(bench, "test", "hook"))
        await far.until_heard(services.SIEM)
        await contained(bench)
        assert not hanging.done()
        far.release()
    status, body = hanging.result()
    assert status == 409
    assert "504" in body


async def test_a_message_that_was_lost_is_sent_again(far: Receivers, bench: Bench) -> None:
    await contained(bench)
    await bench.app.reconcile()
    for message in bench.messages.messages():
        if "notify" in message.text:
            taken = await bench.messages.receive()
            assert taken
            await bench.messages.delete(taken)
    assert not far.at(services.SLACK)
    bench.clock.advance(40)
    await told(bench)
    assert len(far.at(services.SLACK)) == 2


async def test_a_test_says_whether_the_channel_works(far: Receivers, bench: Bench) -> None:
    assert (await ask(bench, "test", "slack"))[0] == 200
    assert b"asked whether this channel works" in far.at(services.SLACK)[0].body
    far.trouble[services.SLACK] = 404
    status, body = await ask(bench, "test", "slack")
    assert (status, "It answered 404" in body) == (409, True)
    assert (await ask(bench, "test", "nobody"))[0] == 404


async def test_the_kill_switch_is_told_of(far: Receivers, bench: Bench) -> None:
    body = json.dumps({"by": "olga", "ceiling": "approve", "reason": "too many"}).encode()
    await bench.app.move_guard(
        "switch", as_operator("guards/switch", body, bench.clock.now()), body
    )
    await told(bench)
    assert hooked(far) == ["guard_tripped"]
    assert b"olga set the kill switch to approve" in far.at(services.SIEM)[0].body


@pytest.mark.parametrize("guard", ["guards.radius]\nper_hour = 2", "guards.burst]\ncases = 3"])
async def test_a_storm_pages_people_once_and_not_for_every_case_of_it(
    far: Receivers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, guard: str
) -> None:
    extra = f"{EVERYWHERE}\n[{guard}\n"
    async with telling_bench(far, monkeypatch, tmp_path, notify=extra) as bench:
        people = Population(bench.tenant)
        for number in range(8):
            await bench.detect(number, oid=people.person(f"Person {number}"))
        await bench.settle()
        await told(bench)
        assert hooked(far).count("guard_tripped") == 1
        assert hooked(far).count("case_opened") == 8
        pages = [call for call in far.at(services.PAGERDUTY) if b"guard was tripped" in call.body]
        assert len(pages) == 1
        assert b"/api/guards" in pages[0].body


async def test_what_a_look_finds_again_is_told_before_the_case_says_it(
    far: Receivers, bench: Bench
) -> None:
    await contained(bench)
    await told(bench)
    Population(bench.tenant).forward(bench.oid, forwarding_smtp=sent_to("drop@mallory.example"))
    await bench.settle(within=timedelta(minutes=16))
    assert "found again" in "".join(entry.text for entry in bench.journal().entries)
    await told(bench)
    assert "came_back" in hooked(far)
    pages = [call.json for call in far.at(services.PAGERDUTY)]
    back = [page for page in pages if "came back" in page["payload"]["summary"]]
    assert [page["payload"]["severity"] for page in back] == ["critical"]
    assert {page["dedup_key"] for page in pages} == {f"firebreak-{bench.the_case().id}"}


QUIET = """
[[notify]]
channels = ["hook"]
quiet = { after = 08:00:00, before = 18:00:00 }
"""
DIGEST = """
[[notify]]
channels = ["hook"]
digest = { at = 18:00:00 }
"""


async def test_in_quiet_hours_only_pages_are_sent(
    far: Receivers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with telling_bench(far, monkeypatch, tmp_path, notify=QUIET) as bench:
        await contained(bench)
        await bench.app._brakes.set_pause(bench.app.policy.mode_ceiling, by="olga", reason="drill")
        await told(bench)
        assert hooked(far) == ["guard_tripped"]
        bench.clock.advance(6 * 3600)
        await told(bench)
        assert sorted(hooked(far)) == ["case_opened", "contained", "guard_tripped"]


async def test_a_digest_is_one_message_when_its_time_has_come(
    far: Receivers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with telling_bench(far, monkeypatch, tmp_path, notify=DIGEST) as bench:
        await contained(bench)
        await told(bench)
        assert hooked(far) == []
        bench.clock.advance(6 * 3600)
        await told(bench)
        assert hooked(far) == ["digest"]
        (call,) = [c for c in far.at(services.SIEM) if c.path == "/hooks/all"]
        assert {e["event"] for e in call.json["events"]} == {"case_opened", "contained"}


async def test_an_approval_is_told_with_a_link_to_the_one_change(
    far: Receivers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys: dict[str, Any] = {"settings": {"link_keys": ("k" * 40,)}}
    async with telling_bench(far, monkeypatch, tmp_path, **keys) as bench:
        await bench.detect(1, level="medium")
        await bench.settle(within=timedelta(seconds=10))
        await told(bench)
        links = {
            call.json["attachments"][0]["text"].splitlines()[-1]
            for call in far.at(services.SLACK)
            if "Approval wanted" in call.json["attachments"][0]["title"]
        }
        assert links
        assert all("/api/approve/" in link for link in links)
        assert "/api/approve/" not in "".join(
            call.body.decode() for call in far.at(services.SIEM)
        ), "a machine gets no link that answers"


HOSTILE = (
    "<!channel> [Pay](https://mallory.example) *x*\r\nBcc: all@contoso.example\u202e {{ link }}"
)


async def test_no_secret_no_mail_and_no_markup_is_in_any_of_it(
    far: Receivers,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with telling_bench(far, monkeypatch, tmp_path, log=open_log()) as bench:
        rename(bench, HOSTILE)
        await contained(bench)
        await told(bench)
        pages = (await bench.app.notifications({})).body + (await bench.app.health()).body
        rows = "".join(json.dumps(row.body) for row in bench.store.rows())
        for channel in services.channels(far.smtp_port):
            for name in ("url", "key", "token", "password", "secret"):
                secret = str(channel.get(name) or "")
                for place in (caplog.text, rows, pages) if secret else ():
                    assert secret not in place, f"{channel['name']}: its {name} is shown"
    asked = ("/search/jql", "?sysparm_query")
    calls = [call for call in far.heard if not any(path in call.target for path in asked)]
    said = [call.body.decode() for call in calls] + far.mails
    assert len(said) > 16
    for text in said:
        assert "Pay" in text, "the name is told"
        for forbidden in ("<!channel>", "](", "https://mallory", "\u202e", "\\u202e", "*x*"):
            assert forbidden not in text
        assert "\nBcc:" not in text
        for subject in ("invoice", "Falcon", "RSS Feeds"):
            assert subject not in text


def rename(bench: Bench, name: str) -> None:
    """Give the account a display name, as its owner can."""
    user = bench.tenant.users[bench.oid]
    bench.tenant.state.users.seed(bench.oid, replace(user, display_name=name))
