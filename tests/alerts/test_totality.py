"""Any bytes give readings: no exception, no silence, and nobody who is not in the payload."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.alerts.carrier import Carrier, NotForUs, Reading, Recognised, Unreadable
from shared.alerts.catalogue import carriers, recognise
from shared.alerts.cloud_events import CloudEvents
from shared.alerts.generic import Generic
from shared.alerts.identity import decoded
from shared.alerts.mapping import GenericMapping
from shared.alerts.siem import SiemCarrier
from shared.model import AlertDraft, AlertKind
from tests.alerts.read_cases import SAMPLES, cases

MAPPING = GenericMapping.model_validate(
    {
        "native_id": "id",
        "upn": "userPrincipalName",
        "object_id": "userId",
        "kind": "risky_sign_in",
        "severity": {"path": "riskLevel", "table": {"high": "high"}},
        "occurred_at": "activityDateTime",
        "title": "riskEventType",
        "evidence": {"ip": "ipAddress", "city": "location.city"},
    }
)
WITHIN = CloudEvents(carriers()["graph_alerts_v2"])
RULES = {"Risky sign-in": AlertKind.RISKY_SIGN_IN, "risky_sign_in": AlertKind.RISKY_SIGN_IN}
SIEMS = [each.knowing(RULES) for each in carriers().values() if isinstance(each, SiemCarrier)]
READERS: list[Carrier] = [*carriers().values(), *SIEMS, Generic(MAPPING), WITHIN]
BODIES = [case.body for case in cases()] + [
    path.read_bytes() for path in sorted(SAMPLES.glob("*/*.*")) if path.stat().st_size < 10_000
]


def documents() -> Iterator[Any]:
    for body in BODIES:
        try:
            yield json.loads(body)
        except ValueError:
            continue


DOCUMENTS = list(documents())
WILD: list[Any] = [
    None,
    True,
    -1,
    1e308,
    10**400,
    "",
    "\ud800",
    "a\u200b@b.example",
    "String",
    "ANONYMIZED",
    "x" * 5_000,
    "00000000-0000-0000-0000-000000000000",
    "S-1-12-1-1-2-3-4",
    "S-1-5-18",
    "other.person@contoso.example",
    [],
    {},
    [[]],
    {"value": [{}]},
    "{}",
    '{"eid": "other.person@contoso.example"}',
]


_PACKED = 200
"""Characters from which on a string may be a document in base64."""


def read_by_all(body: bytes) -> list[Reading]:
    readings: list[Reading] = []
    for reader in READERS:
        found = reader.read(body)
        assert found, f"{reader.name} says nothing"
        readings.extend(found)
    return readings


def drafts(readings: list[Reading]) -> list[AlertDraft]:
    return [reading.draft for reading in readings if isinstance(reading, Recognised)]


def claims(draft: AlertDraft) -> set[str]:
    account = draft.account
    named = account.model_dump().values() if account else ()
    return {half for each in named if each for half in each.lower().split("\\")}


def strings(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from _principal_names(node)
        node = [*node.keys(), *node.values()]
    if isinstance(node, list):
        for member in node:
            yield from strings(member)
    if isinstance(node, str):
        yield node.strip().lower()
        yield decoded(node) or ""
        yield from node.strip().lower().split("\\")
        if node.strip().startswith(("{", "[")):
            yield from strings(_loads(node))
        elif len(node) > _PACKED:
            yield from strings(_loads(_unpacked(node)))


def _unpacked(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        return ""


def _principal_names(node: dict[str, Any]) -> Iterator[str]:
    """Sentinel tells a user principal name in two parts."""
    parts = {key.replace("_", "").lower(): value for key, value in node.items()}
    for name in (parts.get("accountname"), parts.get("name")):
        if isinstance(name, str) and isinstance(suffix := parts.get("upnsuffix"), str):
            yield f"{name.strip()}@{suffix.strip()}".lower()


def _loads(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Each spot of a document where something can be put: the container and its key."""
    for key, member in node.items() if isinstance(node, dict) else enumerate(node):
        yield node, key
        if isinstance(member, (dict, list)):
            yield from places(member)


def copied(node: Any) -> Any:
    return json.loads(json.dumps(node))


def mutated(document: Any, random: Random) -> Any:
    document = copied(document)
    for _ in range(random.randint(1, 4)):
        spots = list(places(document)) if isinstance(document, (dict, list)) else []
        if not spots:
            return random.choice(WILD)
        container, key = random.choice(spots)
        donor, place = random.choice(list(places(random.choice(DOCUMENTS))))
        match random.randint(0, 3):
            case 0:
                container[key] = copied(random.choice(WILD))
            case 1:
                container[key] = copied(donor[place])
            case 2:
                del container[key]
            case _:
                container[key] = [container[key], copied(container[key])]
    return document


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_give_readings(body: bytes) -> None:
    assert not drafts(read_by_all(body))


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    )
)
def test_any_json_gives_readings_and_no_alert(document: Any) -> None:
    assert not drafts(read_by_all(json.dumps(document).encode()))


@settings(max_examples=400, deadline=None)
@given(st.randoms(use_true_random=False))
def test_a_payload_with_bytes_lost_added_and_changed_gives_readings(random: Random) -> None:
    body = bytearray(random.choice(BODIES))
    for _ in range(random.randint(1, 6)):
        at = random.randrange(len(body) + 1)
        body[at : at + random.randint(0, 9)] = random.randbytes(random.randint(0, 3))
    read_by_all(bytes(body))


@settings(max_examples=1_000, deadline=None)
@given(st.randoms(use_true_random=False))
def test_no_mutation_brings_in_somebody_who_is_not_in_the_payload(random: Random) -> None:
    document = mutated(random.choice(DOCUMENTS), random)
    present = set(strings(document))
    for draft in drafts(read_by_all(json.dumps(document).encode())):
        assert claims(draft) <= present
        assert AlertDraft.model_validate_json(draft.model_dump_json()) == draft
        assert all(line.isprintable() and len(line) <= 500 for line in draft.evidence.values())


@pytest.mark.parametrize(
    "sample", sorted(SAMPLES.glob("*/*.json")), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_every_published_sample_survives_what_is_done_to_it(sample: Path) -> None:
    random = Random(sample.name)  # noqa: S311 - the same changes every time
    document = json.loads(sample.read_bytes())
    for _ in range(10):
        changed = mutated(document, random)
        present = set(strings(changed))
        for draft in drafts(read_by_all(json.dumps(changed).encode())):
            assert claims(draft) <= present


BYSTANDERS = {
    "assignedto",
    "assigned_to",
    "assignee",
    "closing_user",
    "srcuser",
    "owner",
    "labels",
    "compromisedentity",
    "createdby",
    "createdbydisplayname",
    "displayname",
    "userdisplayname",
    "loggedonusers",
    "recipientemailaddress",
    "userkey",
    "userid~o365",
    "f3u",
    "suid",
    "trc",
    "tsd",
    "accountname",
    "initiatedby",
    "note",
}


def _surrounded(node: Any) -> Any:
    """The document with a stranger in every place where a person stands who is not the account."""
    if isinstance(node, list):
        return [_surrounded(member) for member in node]
    if isinstance(node, str) and isinstance(inner := _loads(node), dict):
        return json.dumps(_surrounded(inner))
    if not isinstance(node, dict):
        return node
    stranger = "stranger@elsewhere.example"
    # Where a suffix stands beside it, the account's name is half of who it is.
    named = (
        {"accountname"} if {key.replace("_", "").lower() for key in node} & {"upnsuffix"} else set()
    )
    changed = {
        key: stranger if key.lower() in BYSTANDERS - named else _surrounded(value)
        for key, value in node.items()
    }
    if changed.get("Workload") == "SecurityComplianceCenter":
        changed["UserId"] = stranger
    return changed | {"assignedTo": stranger, "owner": {"userPrincipalName": stranger}}


@pytest.mark.parametrize("case", [each for each in cases() if each.body[:1] in b"[{"], ids=str)
def test_analysts_reporters_recipients_and_bystanders_are_never_the_account(case: Any) -> None:
    document = _loads(case.body)
    if document is None:
        pytest.skip("not one JSON document")
    readings = list(case.reader().read(json.dumps(_surrounded(document)).encode()))
    for draft in drafts(readings):
        assert not {each for each in claims(draft) if "stranger" in each}


BOMB = re.compile("nested deeper than 64|more than 20,000 objects and arrays")
NESTED = [
    b"[" * 200_000,
    b'{"a":' * 50_000,
    b"[" * 65 + b"]" * 65,
    b'[{"a":' * 40 + b"1" + b"}]" * 40,
]


@pytest.mark.parametrize("body", NESTED, ids=["arrays", "objects", "closed", "mixed"])
def test_a_nesting_bomb_is_refused_with_the_reason(body: bytes) -> None:
    for reader in READERS:
        readings = reader.read(body)
        assert all(isinstance(reading, Unreadable) for reading in readings)
        assert BOMB.search(readings[0].model_dump()["reason"]) or reader.name == "generic"


def test_a_bomb_inside_a_json_text_does_not_discard_the_alert_around_it() -> None:
    case = next(case for case in cases() if str(case) == "o365_activity/user-restricted")
    (record,) = json.loads(case.body)
    record["Data"] = "[" * 15_000
    (draft,) = drafts(list(case.reader().read(json.dumps(record).encode())))
    assert draft.account
    assert draft.account.upn == "jane.roe@contoso.example"


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"{}," * 500 + b"{}]",
        b"{}\n" * 501,
        b'{"value":[' + b"1," * 500 + b"1]}",
        b'{"value":[[' + b"1," * 5_000 + b"1]]}",
        b"[" + (b"[" + b"{}," * 300 + b"{}],") * 90 + b"{}]",
    ],
    ids=["array", "lines", "page", "members", "objects"],
)
def test_a_body_of_too_many_alerts_or_members_is_refused_with_the_limit(body: bytes) -> None:
    assert not drafts(read_by_all(body))
    (reading,) = carriers()["graph_alerts_v2"].read(body)
    assert isinstance(reading, Unreadable)
    assert re.search("more than (500 alerts|5,000|20,000)", reading.reason)


def test_what_is_said_of_many_entries_alike_is_said_once() -> None:
    (reading,) = carriers()["graph_alerts_v2"].read(b"[" + b"{}," * 499 + b"{}]")
    assert isinstance(reading, Unreadable)


def test_an_alert_about_a_crowd_is_kept_for_a_person() -> None:
    case = next(case for case in cases() if str(case) == "graph_alerts_v2/risky-sign-in")
    alert = json.loads(case.body)
    user = "#microsoft.graph.security.userEvidence"
    alert["evidence"] = [
        {"@odata.type": user, "userAccount": {"userPrincipalName": f"u{number}@contoso.example"}}
        for number in range(251)
    ]
    (reading,) = case.reader().read(json.dumps(alert).encode())
    assert isinstance(reading, Unreadable)
    pieces = alert | {"evidence": [{"@odata.type": "#microsoft.graph.security.x"}] * 1_001}
    (many,) = case.reader().read(json.dumps(pieces).encode())
    assert many == Unreadable(reason="the alert holds more than 1,000 pieces of evidence")
    alert["evidence"].pop()
    assert len(case.reader().read(json.dumps(alert).encode())) == 250
    crowds = [alert | {"id": str(number)} for number in range(3)]
    (reading,) = case.reader().read(json.dumps(crowds).encode())
    assert reading == Unreadable(reason="the body makes more than 500 alerts: send fewer")


def test_a_line_separator_inside_a_string_does_not_end_a_line() -> None:
    case = next(case for case in cases() if str(case) == "graph_alerts_v2/risky-sign-in")
    alert = json.loads(case.body) | {"description": "one\u2028two"}
    lines = [json.dumps(alert | {"id": each}, ensure_ascii=False) for each in ("a", "b")]
    readings = case.reader().read("\n".join(lines).encode())
    assert [draft.native_id for draft in drafts(list(readings))] == ["a", "b"]


def test_an_empty_payload_is_not_for_us_and_an_empty_body_is_unreadable() -> None:
    for name in ("graph_alerts_v2", "identity_protection", "o365_activity"):
        (reading,) = carriers()[name].read(b"[]")
        assert reading == NotForUs(reason="the body holds no alerts")
        (unreadable,) = carriers()[name].read(b" \n")
        assert unreadable == Unreadable(reason="the body is empty")


def test_utf_16_is_unreadable_and_a_byte_order_mark_is_not() -> None:
    body = next(case.body for case in cases() if str(case) == "graph_alerts_v2/risky-sign-in")
    carrier = carriers()["graph_alerts_v2"]
    assert carrier.read(b"\xef\xbb\xbf" + body) == carrier.read(body)
    assert carrier.read(body.decode().encode("utf-16")) == (
        Unreadable(reason="the body is not UTF-8 text"),
    )


def test_nobody_recognises_what_only_the_generic_mapping_could_read() -> None:
    body = next(case.body for case in cases() if str(case) == "generic/mapped")
    assert recognise(body) == []
