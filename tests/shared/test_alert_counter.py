"""Alerts that opened no case are listed with their reasons, explained, and read again on a wish."""

from __future__ import annotations

import json
import math
from datetime import timedelta
from typing import Any

import pytest

from lab.workbench import SECRET, as_operator
from shared.alert_counter import MOST
from shared.clients import graph
from shared.model import AlertId, AlertState, CaseStatus, Json, TenantId
from shared.principal import Role
from shared.settings import PageAccess
from shared.store.verbs import Drop, Put
from shared.tasks import keys
from shared.tasks.alert_lines import COUNTED
from tests.shared.principals import principal
from tests.tasks.benches import Bench

JSON = {"accept": "application/json"}
FORM = {
    "sec-fetch-site": "same-origin",
    "content-type": "application/x-www-form-urlencoded",
    "accept": "text/html",
}


async def listed(bench: Bench, **query: str) -> Json:
    page = await bench.app.alerts(JSON, query)
    found: Json = json.loads(page.body)
    return found | {"status": page.status}


async def wished(bench: Bench, alert: str) -> int:
    body = json.dumps({"by": "olga"}).encode()
    headers = as_operator(f"alert/{alert}/again", body, bench.clock.now())
    return (await bench.app.read_again(alert, headers, body)).status


async def broken(bench: Bench, number: int, source: str = "defender") -> None:
    bench.clock.advance(60)
    await bench.post(source, f"{{{number}".encode())


async def test_the_list_is_filtered_by_state_source_and_time() -> None:
    async with Bench() as bench:
        await broken(bench, 1)
        await broken(bench, 2, "sentinel")
        later = bench.clock.now() + timedelta(seconds=30)
        await broken(bench, 3)
        await bench.detect(4, level="none")
        everything = await listed(bench)
        assert len(everything["for_people"]) == 3
        assert {a["source"] for a in (await listed(bench, source="sentinel"))["for_people"]} == {
            "sentinel"
        }
        assert len((await listed(bench, since=later.isoformat()))["for_people"]) == 1
        assert len((await listed(bench, since="1d"))["for_people"]) == 3
        assert (await listed(bench, state="ignored"))["for_people"] == []


@pytest.mark.parametrize("query", [{"since": "yesterday"}, {"state": "lost"}])
async def test_a_filter_that_means_nothing_is_said_to_mean_nothing(query: dict[str, str]) -> None:
    async with Bench() as bench:
        found = await listed(bench, **query)
        assert found["status"] == 400
        assert next(iter(query)) in found["error"]


async def waiting(bench: Bench) -> int:
    """How many alerts wait for a person; the pages of alerts and of cases say the same."""
    cases = json.loads((await bench.app.page("cases", JSON)).body)
    alerts = await listed(bench, state="ignored")
    assert alerts["people"] == {
        "number": cases["alerts_needing_people"],
        "more": cases["alerts_cut"],
    }
    return int(cases["alerts_needing_people"])


async def test_what_waits_is_counted_and_found_behind_any_number_that_was_ignored() -> None:
    async with Bench() as bench:
        await broken(bench, 1)
        inbox = keys.inbox(TenantId(bench.tenant.tenant_id))
        for number in range(600):
            at = bench.clock.now() + timedelta(seconds=number + 1)
            line = {"alert": f"{number:032x}", "state": "ignored", "source": "defender"}
            name = AlertId(line["alert"])
            await bench.store.write(Put(inbox, keys.shown_row(at, name), line))
        assert await waiting(bench) == 1
        for query in ({"people": "true"}, {"state": "unreadable"}):
            found = await listed(bench, **query)
            assert [alert["state"] for alert in found["for_people"]] == ["unreadable"]
        page = await bench.app.alerts({"accept": "text/html"}, {})
        assert "<strong>1</strong> needs a person" in page.body
        assert "alerts?people=true" in page.body


async def test_what_waited_for_a_person_before_the_upgrade_is_counted_after_it() -> None:
    async with Bench() as bench:
        await broken(bench, 1)
        await bench.detect(2, level="none")
        inbox = keys.inbox(TenantId(bench.tenant.tenant_id))
        (second,) = [row for row in bench.store.rows() if row.key.startswith(keys.PERSON)]
        await bench.store.write(Drop(inbox, second.key))
        assert await waiting(bench) == 0
        await bench.app.reconcile()
        assert await waiting(bench) == 1
        await bench.app.reconcile()
        assert await waiting(bench) == 1


async def test_more_than_a_page_is_paged_through_and_none_is_left_out_or_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Bench() as bench:
        for number in range(230):
            await broken(bench, number)
        for asked in ({}, {"people": "true"}, {"state": "unreadable"}):
            seen: list[str] = []
            query: dict[str, str] = dict(asked)
            for _ in range(math.ceil(230 / MOST)):
                found = await listed(bench, **query)
                assert found["people"] == {"number": COUNTED, "more": True}
                seen += [alert["id"] for alert in found["for_people"]]
                query = {**asked, "after": found["older"] or ""}
            assert found["older"] is None
            assert len(seen) == len(set(seen)) == 230
        page = await bench.app.alerts({"accept": "text/html"}, {"source": "defender"})
        assert "Older alerts" in page.body
        assert "source=defender&amp;" in page.body


async def test_one_alert_is_explained_with_its_readings_and_its_body() -> None:
    async with Bench() as bench:
        await bench.tell()
        (alert,) = bench.alerts()
        found = json.loads((await bench.app.why(alert.id, JSON)).body)
        (reading,) = found["readings"]
        assert reading["sort"] == "recognised"
        assert any("userId" in spot["path"] for spot in reading["where"]["account"])
        assert bench.oid in found["raw"]
        html = (await bench.app.why(alert.id, {"accept": "text/html"})).body
        assert "userId" in html
        assert (await bench.app.why("0" * 32, JSON)).status == 404
        assert (await bench.app.why("../x", JSON)).status == 404


async def test_no_control_character_of_a_body_is_given_out() -> None:
    async with Bench() as bench:
        await bench.post("defender", b"{\x1b[2J\xc2\x9b31m")
        (alert,) = bench.alerts()
        found = json.loads((await bench.app.why(alert.id, JSON)).body)
        assert not set("\x1b\x9b") & set(found["raw"] + json.dumps(found, ensure_ascii=False))


async def test_an_alert_in_vain_is_answered_once_its_cause_is_mended() -> None:
    async with Bench() as bench:
        granted, bench.tenant.granted = bench.tenant.granted, frozenset({graph.DOMAIN_READ_ALL})
        await bench.tell()
        await bench.settle()
        (alert,) = bench.alerts()
        assert alert.state is AlertState.UNRESOLVED
        assert await waiting(bench) == 1
        assert await wished(bench, alert.id) == 202
        await bench.settle()
        assert bench.alerts()[0].state is AlertState.UNRESOLVED
        bench.tenant.granted = granted
        assert await wished(bench, alert.id) == 202
        await bench.settle()
        assert bench.alerts()[0].state is AlertState.TRIAGED
        assert bench.the_case().status is CaseStatus.CONTAINED
        assert bench.rows("shown:") == bench.rows("person:") == []
        assert await waiting(bench) == 0
        assert await wished(bench, alert.id) == 409


async def test_what_could_not_be_read_is_read_again_by_its_source_as_it_is_now() -> None:
    async with Bench() as bench:
        (told,) = bench.scenario.alerts
        await bench.post("sentinel-alerts", told.body)
        (alert,) = bench.alerts()
        assert alert.state is AlertState.UNREADABLE
        assert await wished(bench, alert.id) == 409
        other = [
            {
                "name": "sentinel-alerts",
                "carrier": "identity_protection",
                "auth": {"scheme": "hmac", "secrets": [SECRET]},
            },
            {
                "name": "operator",
                "carrier": "admin_request",
                "auth": {"scheme": "hmac", "secrets": [SECRET]},
            },
        ]
        mended: Any = Bench(store=bench.store, queue=bench.messages, settings={"sources": other})
        mended.app.settings  # noqa: B018
        async with mended:
            assert await wished(mended, alert.id) == 202
            states = {each.id: each.state for each in mended.alerts()}
            assert states.pop(alert.id) is AlertState.IGNORED
            assert list(states.values()) == [AlertState.RECEIVED]


@pytest.mark.parametrize(("role", "status"), [(Role.READER, 403), (Role.RESPONDER, 303)])
async def test_only_a_responder_has_it_read_again(
    role: Role, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBSITE_AUTH_ENABLED", "True")
    async with Bench(settings={"pages": PageAccess.SIGNED_IN}) as bench:
        await bench.ask(user="nobody@contoso.example")
        await bench.settle()
        (alert,) = bench.alerts()
        headers = {**FORM, "X-MS-CLIENT-PRINCIPAL": principal(role)}
        page = await bench.app.alerts(headers, {})
        assert ("Read it again" in page.body) is (role is Role.RESPONDER)
        assert (await bench.app.read_again(alert.id, headers, b"")).status == status
        foreign = {**headers, "sec-fetch-site": "cross-site"}
        assert (await bench.app.read_again(alert.id, foreign, b"")).status == 403
        assert (await bench.app.read_again(alert.id, FORM, b"")).status == 403
