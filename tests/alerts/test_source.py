from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import ValidationError

from shared.alerts.carrier import Recognised
from shared.alerts.catalogue import carriers, recognise
from shared.alerts.generic import Generic
from shared.alerts.mapping import GenericMapping
from shared.alerts.source import Source, Sources
from shared.errors import Defect
from shared.model import AlertKind
from tests.alerts.read_cases import cases

SECRET = "a-secret-of-fair-length"
AUTH = {"scheme": "bearer", "secrets": [SECRET]}
MAPPING: dict[str, Any] = {
    "native_id": "id",
    "upn": "user.upn",
    "kind": "risky_sign_in",
    "severity": "medium",
    "occurred_at": "time",
}


def test_sources_are_read_as_configuration_writes_them() -> None:
    sources = Sources.model_validate(
        [
            {"name": "defender", "carrier": "graph_alerts_v2", "auth": AUTH},
            {"name": "splunk", "carrier": "generic", "auth": AUTH, "mapping": MAPPING},
            {"name": "off", "carrier": "o365_activity", "enabled": False},
        ]
    )
    assert [each.name for each in sources.root] == ["defender", "splunk", "off"]
    defender, splunk, off = (sources.named(name) for name in ("defender", "splunk", "off"))
    assert defender
    assert defender.reader().name == "graph_alerts_v2"
    assert splunk
    assert isinstance(splunk.reader(), Generic)
    assert isinstance(splunk.reader().read(b'{"id": "1", "user": {}}')[0], Recognised)
    assert off
    assert not off.enabled
    assert sources.named("sentinel") is None
    assert SECRET not in repr(sources) + sources.model_dump_json()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"carrier": "graph_alerts"}, "there are .*graph_alerts_v2, .*identity_protection"),
        ({"carrier": "generic"}, "a mapping goes with the carrier generic"),
        ({"mapping": MAPPING}, "a mapping goes with the carrier generic"),
        ({"carrier": "panther", "mapping": MAPPING}, "a mapping goes with the carrier generic"),
        ({"name": "Defender"}, "pattern"),
        ({"name": "a/b"}, "pattern"),
        ({"enabled": "yes"}, "bool"),
        ({"secret": SECRET}, "Extra inputs"),
        ({"auth": {"scheme": "bearer", "secrets": ["short-secret"]}}, "fewer than 16"),
    ],
)
def test_a_source_that_does_not_fit_stops_the_start_without_repeating_a_secret(
    change: dict[str, Any], why: str
) -> None:
    written = {"name": "defender", "carrier": "graph_alerts_v2", "auth": AUTH} | change
    with pytest.raises(ValidationError, match=why) as caught:
        Sources.model_validate([written])
    assert SECRET not in str(caught.value)
    assert "short-secret" not in str(caught.value)
    with pytest.raises(ValidationError):
        Source.model_validate(written)


def test_two_sources_of_one_name_stop_the_start() -> None:
    one = {"name": "defender", "carrier": "graph_alerts_v2"}
    with pytest.raises(ValidationError, match="two sources are called defender"):
        Sources.model_validate([one, one])


@pytest.mark.parametrize(
    "change",
    [
        {"upn": None},
        {"native_id": ""},
        {"native_id": "a..b"},
        {"native_id": ".".join("a" * 17)},
        {"kind": "spam"},
        {"kind": "unsupported"},
        {"kind": {"path": "k", "table": {}}},
        {"kind": {"path": "k", "table": {"x": "unsupported"}}},
        {"kind": {"path": "k", "table": {"Risky": "risky_sign_in", "risky ": "risky_user"}}},
        {"severity": {"path": "s", "table": {"1": "loud"}}},
        {"state": {"path": "s", "live": []}},
        {"occurred_at": None},
        {"usr": "user.upn"},
        {"kind": "admin_request"},
        {"occurred_at": {"path": "time", "format": "%d.%m."}},
        {"occurred_at": {"path": "time", "format": "%Q"}},
        {"occurred_at": {"path": "time", "format": "%d.%m.%Y %H:%M", "utc_offset": 900}},
        {"title": {"constant": ""}},
    ],
    ids=str,
)
def test_a_mapping_is_checked_at_start_up(change: dict[str, Any]) -> None:
    GenericMapping.model_validate(MAPPING)
    with pytest.raises(ValidationError):
        GenericMapping.model_validate(MAPPING | change)


def test_every_mistake_of_a_mapping_is_reported_at_once_with_what_to_do() -> None:
    wrong = MAPPING | {
        "native_id": "a..b",
        "upn": None,
        "kind": {"path": "k", "table": {"x": "unsupported"}},
        "occurred_at": {"path": "time", "format": "%d.%m."},
    }
    with pytest.raises(ValidationError) as caught:
        GenericMapping.model_validate(wrong)
    for what_to_do in (
        "joined by dots, such as alert.user.upn",
        "Name the path of object_id, upn, mailbox, sid or windows_name",
        "leave it out, or use",
        "give year, month, day, hour and minute",
    ):
        assert what_to_do in str(caught.value)


def test_every_mistake_of_a_source_is_reported_at_once() -> None:
    wrong = {"name": "x", "carrier": "splonk", "carries": "generic", "rules": {"a": "risky_user"}}
    with pytest.raises(ValidationError) as caught:
        Source.model_validate(wrong)
    for mistake in ("no carrier 'splonk'", "carries goes with", "a mapping", "carrier of a SIEM"):
        assert mistake in str(caught.value)


@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"a": "unsupported"},
        {"a": "admin_request"},
        {"a": "spam"},
        {" ": "risky_user"},
        {"A b": "risky_user", "ab": "risky_sign_in"},
        ["a"],
    ],
    ids=str,
)
def test_rules_are_checked_at_start_up(rules: Any) -> None:
    written = {"name": "splunk", "carrier": "splunk", "rules": rules}
    with pytest.raises(ValidationError):
        Source.model_validate(written)
    assert Source.model_validate(written | {"rules": {"a": "risky_user"}}).rules == {
        "a": AlertKind.RISKY_USER
    }


@pytest.mark.parametrize("carrier", ["graph_alerts_v2", "azure_monitor", "sentinel_alert"])
def test_rules_are_for_siems_since_other_carriers_know_what_their_alerts_mean(
    carrier: str,
) -> None:
    written = {"name": "x", "carrier": carrier, "rules": {"a": "risky_user"}}
    with pytest.raises(ValidationError, match="rules go with the carrier of a SIEM: datadog"):
        Source.model_validate(written)


def test_rules_reach_a_siem_inside_an_envelope() -> None:
    source = Source.model_validate(
        {
            "name": "grid",
            "carrier": "cloud_events",
            "carries": "splunk",
            "rules": {"Odd": "risky_user"},
        }
    )
    data = {"sid": "1", "search_name": "odd", "result": {"user": "jane.roe@contoso.example"}}
    event = {"specversion": "1.0", "id": "1", "type": "t", "source": "s", "data": data}
    (reading,) = source.reader().read(json.dumps(event).encode())
    assert isinstance(reading, Recognised)
    assert reading.draft.kind is AlertKind.RISKY_USER


def test_every_carrier_is_found_by_the_name_of_its_file() -> None:
    found = carriers()
    folder = Path(__file__).resolve().parents[2] / "shared" / "alerts"
    assert {"generic", "graph_alerts_v2", "identity_protection", "o365_activity"} <= set(found)
    for name, carrier in found.items():
        assert (folder / f"{name}.py").is_file()
        assert carrier.name == name
        assert carrier.summary.endswith(".")
        assert carrier.content_types


def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, source: str) -> ModuleType:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "speaking.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, name, raising=False)
    return __import__(name)


CARRIER = """
from shared.alerts.carrier import JsonCarrier as Base

class {name}(Base):
    def read_one(self, item):
        return ()
"""


def test_a_new_file_is_a_new_carrier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = carriers(package(tmp_path, monkeypatch, "one_more", CARRIER.format(name="One")))
    assert list(found) == ["speaking"]


def test_two_carriers_in_one_file_stop_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = CARRIER.format(name="One") + CARRIER.format(name="Other")
    twins = package(tmp_path, monkeypatch, "one_too_many", source)
    with pytest.raises(Defect, match="two carriers are called speaking"):
        carriers(twins)


def test_replay_learns_which_carrier_understands_a_file() -> None:
    for case in cases():
        if case.slug in {"risky-sign-in", "live-detection", "user-restricted", "resolved"}:
            assert [name for name, _ in recognise(case.body)] == [case.carrier]
