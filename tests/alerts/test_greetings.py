"""Senders that ask whether they may send: what they are told, and what they are not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.alerts.call import Call, Greeting
from shared.alerts.carrier import Incomplete, NotForUs, Recognised, Unreadable
from shared.alerts.catalogue import carriers
from shared.alerts.cloud_events import CloudEvents
from tests.alerts.read_cases import cases

GRAPH = carriers()["graph_notifications"]
EVENTS = CloudEvents(carriers()["graph_alerts_v2"])
TOKEN = "Validation: Testing client application reachability for subscription Request-Id: 522a8e7e"
CODE = "512d38b6-c7b8-40c8-89fe-f46f9e9622b6"
VALIDATION = {
    "id": "1",
    "topic": "/subscriptions/x",
    "subject": "",
    "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
    "eventTime": "2026-05-04T08:12:31Z",
    "data": {"validationCode": CODE, "validationUrl": "https://mallory.example/"},
}


def test_graph_gets_its_validation_token_back_before_it_proves_anything() -> None:
    greeting = GRAPH.greet(Call(query={"validationToken": TOKEN}))
    assert greeting == Greeting(text=TOKEN, proven=False)


def test_a_page_in_a_validation_token_comes_back_harmless() -> None:
    greeting = GRAPH.greet(Call(query={"validationToken": "<script>alert(1)</script>"}))
    assert greeting
    assert "<" not in greeting.text
    assert greeting.media == "text/plain"


@pytest.mark.parametrize(
    "call",
    [
        Call(),
        Call(query={"validationToken": ""}),
        Call(query={"validationToken": "x" * 2_001}),
        Call(method="OPTIONS", query={"validationToken": TOKEN}),
    ],
)
def test_what_is_no_validation_of_graph_is_not_greeted(call: Call) -> None:
    assert GRAPH.greet(call) is None


def test_no_other_carrier_gives_a_token_back() -> None:
    greeted = [
        name
        for name, carrier in carriers().items()
        if carrier.greet(Call(query={"validationToken": TOKEN}))
    ]
    assert greeted == ["graph_notifications"]


def test_an_origin_is_allowed_to_send_cloud_events() -> None:
    call = Call(method="OPTIONS", headers={"webhook-request-origin": "eventgrid.azure.net"})
    greeting = EVENTS.greet(call)
    assert greeting
    assert greeting.headers["WebHook-Allowed-Origin"] == "eventgrid.azure.net"
    assert greeting.headers["WebHook-Allowed-Rate"] == "*"
    assert not greeting.proven


@pytest.mark.parametrize(
    "origin", ["", "*", "a b", "x\r\nSet-Cookie: a", "https://a/", "-a", "a" * 300]
)
def test_what_is_no_origin_is_not_allowed(origin: str) -> None:
    call = Call(method="OPTIONS", headers={"WebHook-Request-Origin": origin})
    assert EVENTS.greet(call) is None


def event_grid(body: Any) -> Call:
    return Call(
        headers={"aeg-event-type": "SubscriptionValidation"}, body=json.dumps(body).encode()
    )


@pytest.mark.parametrize("body", [VALIDATION, [VALIDATION]], ids=["one", "array"])
def test_event_grid_gets_its_code_back_once_it_has_proven_itself(body: Any) -> None:
    greeting = EVENTS.greet(event_grid(body))
    assert greeting
    assert greeting.proven
    assert json.loads(greeting.text) == {"validationResponse": CODE}
    assert "mallory" not in greeting.text


@pytest.mark.parametrize(
    "body",
    [[], [VALIDATION, VALIDATION], {}, "x", [1], VALIDATION | {"data": {"validationCode": "<x>"}}],
)
def test_what_is_no_validation_of_event_grid_is_not_greeted(body: Any) -> None:
    assert EVENTS.greet(event_grid(body)) is None


def test_a_binary_event_is_put_together_from_its_headers_and_reads_like_a_structured_one() -> None:
    case = next(case for case in cases() if str(case) == "graph_alerts_v2/risky-sign-in")
    headers = {
        "Ce-SpecVersion": "1.0",
        "ce-type": "Contoso.Alert",
        "ce-source": "/tenants/contoso",
        "ce-id": "caf%C3%A9",
    }
    composed = EVENTS.compose(Call(headers=headers, body=case.body))
    assert json.loads(composed)["id"] == "café"
    assert EVENTS.read(composed) == case.reader().read(case.body)
    broken = EVENTS.compose(Call(headers=headers, body=b'1}, "type": "other"'))
    assert all(isinstance(reading, Unreadable) for reading in EVENTS.read(broken))


@given(st.dictionaries(st.text(), st.text()), st.dictionaries(st.text(), st.text()), st.binary())
def test_any_call_is_greeted_or_not_and_composed(
    headers: dict[str, str], query: dict[str, str], body: bytes
) -> None:
    for method in ("POST", "OPTIONS", "GET"):
        call = Call(method=method, headers=headers, query=query, body=body)
        for carrier in carriers().values():
            carrier.greet(call)
            assert carrier.read(carrier.compose(call))


@pytest.mark.parametrize(
    ("case", "sort"),
    [
        ("graph_alerts_v2/risky-sign-in", Recognised),
        ("graph_incidents/expanded", Recognised),
        ("graph_incidents/without-alerts", Incomplete),
        ("identity_protection/risky-user", Recognised),
        ("identity_protection/detection-dismissed", NotForUs),
        ("o365_activity/user-restricted", Unreadable),
    ],
)
def test_what_is_behind_a_pointer_is_read_by_the_carrier_of_its_kind(case: str, sort: type) -> None:
    found = next(each for each in cases() if str(each) == case)
    assert isinstance(GRAPH.read_again(found.body)[0], sort)


@pytest.mark.parametrize("secret", ["plain-secret-of-fair-length", 'quoted " and \\ slashed'])
def test_no_client_state_is_in_what_is_kept(secret: str) -> None:
    body = json.dumps({"value": [{"clientState": secret, "subscriptionId": "s"}]}).encode()
    for carrier in (GRAPH, EVENTS):
        kept = carrier.compose(Call(body=body))
        assert json.dumps(secret)[1:-1].encode() not in kept
        assert json.loads(kept)["value"][0] == {"clientState": "(secret)", "subscriptionId": "s"}
