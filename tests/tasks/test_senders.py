"""Senders that prove themselves in other ways, through the whole intake."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from lab.carrier_alerts import suspicious_forwarding
from lab.workbench import SECRET, sources
from shared.alerts.authenticate import HmacAuth, sign
from shared.model import AlertKind, AlertState, Place
from shared.tasks.intake import Reply
from tests.tasks.benches import Bench

STATE: Final = "client-state-of-fair-length"
OLD: Final = "client-state-of-last-year!!"
URL: Final = "a-secret-in-an-address"
MORE: Final = [
    {
        "name": "graph",
        "carrier": "graph_notifications",
        "auth": {"scheme": "client_state", "secrets": [STATE, OLD]},
    },
    {
        "name": "grid",
        "carrier": "cloud_events",
        "carries": "identity_protection",
        "auth": {"scheme": "url", "secrets": [URL]},
    },
    {
        "name": "incidents",
        "carrier": "graph_incidents",
        "auth": {"scheme": "header", "header": "X-Api-Key", "secrets": [URL]},
    },
]
JSON: Final = {"Content-Type": "application/json"}


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with Bench(settings={"sources": [*sources(), *MORE]}) as made:
        yield made


def notified(*states: str) -> bytes:
    items = [
        {
            "id": f"n{number}",
            "subscriptionId": "s",
            "clientState": state,
            "changeType": "created",
            "resource": f"security/alerts_v2/ad{number}",
        }
        for number, state in enumerate(states)
    ]
    return json.dumps({"value": items}).encode()


async def call(
    bench: Bench,
    source: str,
    body: bytes = b"",
    *,
    method: str = "POST",
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] = JSON,
) -> Reply:
    return await bench.app.receive(source, headers, body, method=method, query=query)


async def test_a_notification_with_either_client_state_is_kept_without_it(bench: Bench) -> None:
    reply = await call(bench, "graph", notified(STATE, OLD))
    assert reply.status == 202
    assert [alert.state for alert in bench.alerts()] == [AlertState.RECEIVED] * 2
    assert {alert.awaits.place for alert in bench.alerts() if alert.awaits} == {Place.GRAPH_ALERT}
    kept = b"".join(bench.store.blobs().values()).decode()
    kept += "".join(json.dumps(row.body) for row in bench.store.rows())
    assert STATE not in kept
    assert OLD not in kept
    assert "security/alerts_v2" in kept


async def test_one_wrong_client_state_keeps_everything_out(bench: Bench) -> None:
    reply = await call(bench, "graph", notified(STATE, "guessed-by-somebody-else"))
    assert reply.status == 401
    assert bench.store.rows() == ()
    assert bench.store.blobs() == {}


async def test_graph_may_ask_before_it_subscribes_and_leaves_nothing(bench: Bench) -> None:
    asked = {"validationToken": "Validation: <b>x</b>"}
    reply = await call(bench, "graph", query=asked, headers={"Content-Type": "text/plain"})
    assert reply.status == 200
    assert reply.words
    assert reply.words.text == "Validation: &lt;b&gt;x&lt;/b&gt;"
    assert bench.store.rows() == ()
    nobody = await call(bench, "nobody", query=asked)
    assert nobody.status == 404
    other = await call(bench, "defender", query=asked)
    assert other.status == 401


def event(bench: Bench) -> bytes:
    (alert,) = bench.scenario.alerts
    told = {"specversion": "1.0", "id": "1", "source": "/x", "type": "y"}
    return json.dumps(told | {"data": json.loads(alert.body)}).encode()


async def test_an_event_with_its_secret_in_the_address_is_answered_like_the_alert_itself(
    bench: Bench,
) -> None:
    reply = await call(bench, "grid", event(bench), query={"code": URL})
    assert reply.status == 202
    await bench.tell()
    (alert,) = bench.alerts()
    assert alert.carrier == "identity_protection"
    assert URL not in json.dumps([row.body for row in bench.store.rows()])


@pytest.mark.parametrize("query", [{}, {"code": "x"}, {"token": URL}])
async def test_an_event_without_its_secret_is_kept_out(bench: Bench, query: dict[str, str]) -> None:
    reply = await call(bench, "grid", event(bench), query=query, headers={**JSON, "code": URL})
    assert reply.status == 401
    assert URL not in json.dumps(reply.body)
    assert bench.store.rows() == ()


async def test_cloud_events_shake_hands_and_other_methods_are_refused(bench: Bench) -> None:
    asks = {"WebHook-Request-Origin": "eventgrid.azure.net"}
    reply = await call(bench, "grid", method="OPTIONS", headers=asks)
    assert reply.status == 200
    assert reply.words
    assert reply.words.headers["WebHook-Allowed-Origin"] == "eventgrid.azure.net"
    for source, headers in (("grid", {}), ("defender", asks)):
        refused = await call(bench, source, method="OPTIONS", headers=headers)
        assert refused.status == 405


@pytest.mark.parametrize(("code", "status"), [(URL, 200), ("wrong", 401)])
async def test_event_grid_gets_its_code_back_with_the_secret_only(
    bench: Bench, code: str, status: int
) -> None:
    asked: dict[str, Any] = {
        "id": "1",
        "subject": "",
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "eventTime": "2026-05-04T08:12:31Z",
        "data": {"validationCode": "512d38b6"},
    }
    body = json.dumps([asked]).encode()
    headers = {**JSON, "aeg-event-type": "SubscriptionValidation"}
    reply = await call(bench, "grid", body, query={"code": code}, headers=headers)
    assert reply.status == status
    assert (reply.words is not None) is (status == 200)
    assert bench.store.rows() == ()


async def test_a_replayed_body_is_one_alert_inside_the_window_and_refused_outside(
    bench: Bench,
) -> None:
    (alert,) = bench.scenario.alerts
    auth = HmacAuth.model_validate({"secrets": [SECRET]})
    headers = {**JSON, **sign(auth, body=alert.body, now=bench.clock.now())}
    for _ in range(2):
        reply = await call(bench, alert.source, alert.body, headers=headers)
        assert reply.status == 202
    assert len(bench.alerts()) == 1
    bench.clock.advance(timedelta(seconds=auth.window + 1).total_seconds())
    late = await call(bench, alert.source, alert.body, headers=headers)
    assert late.status == 401
    await bench.settle()
    assert len(await bench.cases()) == 1


def raised(bench: Bench, **grades: Any) -> tuple[str, str]:
    """Let Defender raise an alert about the story's account; gives its id and its incident's."""
    known = set(bench.tenant.state.alerts)
    suspicious_forwarding(bench.tenant, bench.tenant.users[bench.oid], at=bench.clock.now())
    (alert,) = set(bench.tenant.state.alerts) - known
    found = replace(bench.tenant.state.alerts[alert], **grades)
    bench.tenant.state.alerts[alert] = found
    return alert, found.body["incidentId"]


def pointer(resource: str) -> bytes:
    return notified(STATE).replace(b"security/alerts_v2/ad0", resource.encode())


@pytest.mark.parametrize("behind", ["alert", "incident"])
async def test_what_a_notification_points_to_is_fetched_and_answered(
    bench: Bench, behind: str
) -> None:
    alert, incident = raised(bench)
    resource = (
        f"security/alerts_v2/{alert}" if behind == "alert" else f"security/incidents/{incident}"
    )
    assert (await call(bench, "graph", pointer(resource))).status == 202
    await bench.settle()
    assert bench.the_case().account.object_id == bench.oid
    assert bench.the_case().kinds == {AlertKind.SUSPICIOUS_FORWARDING}
    assert {each.state for each in bench.alerts()} == {AlertState.TRIAGED}


async def test_what_was_resolved_before_it_was_fetched_is_ignored_with_the_reason(
    bench: Bench,
) -> None:
    alert, _ = raised(bench, status="resolved")
    await call(bench, "graph", pointer(f"security/alerts_v2/{alert}"))
    await bench.settle()
    (kept,) = bench.alerts()
    assert (kept.state, kept.reason) == (AlertState.IGNORED, "the alert is resolved")
    assert bench.all_cases() == []


async def test_a_pointer_to_nothing_is_shown_to_a_person(bench: Bench) -> None:
    await call(bench, "graph", pointer("security/incidents/1"))
    await bench.settle()
    (kept,) = bench.alerts()
    assert kept.state is AlertState.UNRESOLVED
    assert bench.all_cases() == []


async def test_an_incident_that_came_without_its_alerts_is_fetched_with_them(
    bench: Bench,
) -> None:
    _, incident = raised(bench)
    sent = {
        "@odata.type": "#microsoft.graph.security.incident",
        "id": incident,
        "displayName": "Incident",
        "status": "active",
        "severity": "high",
        "createdDateTime": "2026-11-23T12:00:00Z",
    }
    headers = {**JSON, "X-Api-Key": URL}
    assert (
        await call(bench, "incidents", json.dumps(sent).encode(), headers=headers)
    ).status == 202
    await bench.settle()
    assert bench.the_case().account.object_id == bench.oid
