"""`firebreak replay` without an app: what is read from a payload, and why."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from cli.exits import Exit
from cli.main import app
from cli.past import WHOLE, bodies
from shared.alerts.carrier import Incomplete, Recognised
from shared.alerts.provenance import provenance
from shared.pages.text import escaped
from tests.alerts.read_cases import cases
from tests.cli.past_alerts import detection, lines, told, typed, user
from tests.docs.carrier_pages import PAGES, blocks


def written(tmp_path: Path, text: str | bytes, name: str = "alert.json") -> Path:
    file = tmp_path / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def only(found: Any) -> Any:
    (body,) = found["bodies"]
    (carrier,) = body["carriers"]
    (reading,) = carrier["readings"]
    return reading | {"carrier": carrier["carrier"]}


def test_it_names_the_carrier_the_kind_the_account_and_where_each_stands(tmp_path: Path) -> None:
    reading = only(told("replay", str(written(tmp_path, json.dumps(detection(1))))))
    assert (reading["carrier"], reading["sort"]) == ("identity_protection", "recognised")
    assert reading["alert"]["account"]["object_id"] == user(1)
    assert {"path": "userId", "said": user(1)} in reading["where"]["account"]
    assert reading["where"]["time"][0]["path"] == "activityDateTime"
    assert {"path": "riskState", "said": "atRisk"} in reading["where"]["state"]


def test_what_is_not_for_us_comes_with_its_reason_and_the_state_that_says_so(
    tmp_path: Path,
) -> None:
    file = written(tmp_path, json.dumps(detection(1, riskState="dismissed")))
    reading = only(told("replay", str(file)))
    assert reading["sort"] == "not for us"
    assert "dismissed" in reading["reason"]
    assert {"path": "riskState", "said": "dismissed"} in reading["where"]["state"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"id": 1}', "no carrier knows such a body"),
        ('{"id": ', "the body is not JSON"),
        ("", "the body is empty"),
        (b"\xff\xfe\x00", "not UTF-8"),
    ],
)
def test_what_nobody_can_read_fails_with_the_reason(
    tmp_path: Path, text: str | bytes, said: str
) -> None:
    code, found = typed("replay", str(written(tmp_path, text)))
    assert code == 1
    assert said in " ".join(found.split())


def test_lines_an_array_and_a_page_are_read_one_by_one(tmp_path: Path) -> None:
    alerts = [detection(number) for number in range(3)]
    texts = {
        "lines.ndjson": lines(*alerts),
        "blank-lines.ndjson": "\n\n".join(map(json.dumps, alerts)),
        "array.json": json.dumps(alerts, indent=2),
        "flat-array.json": json.dumps(alerts),
    }
    for name, text in texts.items():
        found = told("replay", str(written(tmp_path, text, name)))
        carriers = [body["carriers"] for body in found["bodies"]]
        assert [c[0]["readings"][0]["alert"]["account"]["object_id"] for c in carriers] == [
            user(0),
            user(1),
            user(2),
        ], name


def test_one_bad_line_hides_no_good_one_and_is_told(tmp_path: Path) -> None:
    text = lines(detection(1)) + '{"cut off": \n' + lines(detection(2))
    result = CliRunner().invoke(app, ["replay", str(written(tmp_path, text)), "--json"])
    found = json.loads(result.stdout)
    sorts = [body["carriers"][0]["readings"][0]["sort"] for body in found["bodies"]]
    assert result.exit_code == 1
    assert sorts == ["recognised", "unreadable", "recognised"]


def test_no_letter_from_the_file_reaches_the_terminal_as_a_command(tmp_path: Path) -> None:
    nasty = "\x1b[2J\x9b31m\u202e"
    alert = detection(1, riskEventType=f"x{nasty}y") | {f"key{nasty}": nasty}
    file = written(tmp_path, json.dumps(alert, ensure_ascii=False), "a\x1b[2J.json")
    for words in ((), ("--json",)):
        _, said = typed("replay", str(file), *words)
        assert not set("\x1b\x9b\u202e") & set(said)


def test_dry_posts_nothing_although_a_source_is_named(tmp_path: Path) -> None:
    file = written(tmp_path, json.dumps(detection(1)))
    nowhere = ("--url", "http://127.0.0.1:9", "--source", "defender")
    assert only(told("replay", str(file), "--dry", *nowhere))["sort"] == "recognised"
    code, _ = typed("replay", str(file), *nowhere)
    assert code != 0


def test_a_document_too_large_to_hold_is_a_fault_and_so_is_a_broken_archive(
    tmp_path: Path,
) -> None:
    large = written(tmp_path, b'{"a": "' + b"x" * WHOLE + b'"}', "large.json")
    broken = written(tmp_path, gzip.compress(b"{}" * 999)[:-9], "broken.json.gz")
    for file in (large, broken):
        assert list(bodies(file))[-1].fault


def test_a_source_s_own_rules_and_mapping_are_used_and_its_secret_is_not_looked_at(
    tmp_path: Path,
) -> None:
    shown = {name: blocks(PAGES / f"{name}.md") for name in ("splunk", "generic")}
    listed = [json.loads(each["source"]) for each in shown.values()]
    listed[0]["auth"]["secrets"] = ["@Microsoft.KeyVault(VaultName=x;SecretName=y)"]
    sources = written(tmp_path, json.dumps(listed), "sources.json")
    for each, name in zip(shown.values(), ("splunk", "my-tool"), strict=True):
        file = written(tmp_path, each["payload"])
        found = told("replay", str(file), "--sources", str(sources))
        first = found["bodies"][0]["carriers"][0]
        assert first["carrier"] == f"source {name}"
        assert first["readings"][0]["sort"] == "recognised"


@pytest.mark.parametrize("text", ["{", "[1]", '[{"name": "x", "carrier": "none"}]', "7"])
def test_sources_that_cannot_be_read_are_wrong_usage(tmp_path: Path, text: str) -> None:
    file, sources = written(tmp_path, "{}"), written(tmp_path, text, "sources.json")
    code, said = typed("replay", str(file), "--sources", str(sources))
    assert code == Exit.USAGE, said


@pytest.mark.parametrize("case", cases(), ids=str)
def test_what_is_said_to_stand_somewhere_stands_there(case: Any) -> None:
    for reading in case.reader().read(case.body):
        if isinstance(reading, (Recognised, Incomplete)):
            where = provenance(case.body, reading.draft)
            for spot in (*where.kind, *where.account, *where.time, *where.state):
                text = case.body.decode()
                assert spot.path.rpartition(".")[2].partition("[")[0] in text
                assert json.dumps(spot.said)[1:-1].split("\\")[0] in text


@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
@settings(deadline=None)
def test_looking_where_things_stand_never_fails(body: bytes) -> None:
    provenance(body, None)


@given(st.text())
def test_escaped_json_says_the_same(text: str) -> None:
    assert json.loads(escaped(json.dumps(text, ensure_ascii=False))) == text
