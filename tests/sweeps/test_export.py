"""What is on record leaves as lines that every reader reads as we meant them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.scenarios import full_house
from shared.errors import Gone
from shared.model import CaseId, Chained, Entry, TenantId
from shared.sweeps.export import Export, Exported
from shared.sweeps.formats import FORMATS, Format, as_cef, as_jsonl, as_ocsf, plain
from shared.tasks.chain import broken_at
from tests.tasks.benches import NOON, Bench

HOSTILE = st.text(
    st.sampled_from(["a", "|", "\\", "=", "\n", "\r", "\x1b", "\u202e", "\u2028", "\x00", '"', " "])
    | st.characters(),
    max_size=40,
)


def line(text: str = "x", actor: str = "x") -> Exported:
    return Exported(
        tenant=TenantId("t"),
        case=CaseId("0123456789abcdef"),
        event="change",
        seq=1,
        at=NOON,
        actor=actor,
        text=text,
        data={"rule": text},
        salt="",
        said="",
        before="",
        hash="f" * 64,
    )


@settings(deadline=None)
@given(HOSTILE, HOSTILE, st.sampled_from(Format))
def test_a_line_stays_one_line_and_shows_all_that_is_hidden(
    text: str, actor: str, shape: Format
) -> None:
    said = FORMATS[shape](line(text, actor))
    assert len(said.splitlines()) == 1
    assert not re.search("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", said)
    said.encode()


@settings(deadline=None)
@given(HOSTILE)
def test_json_gives_back_what_was_said(text: str) -> None:
    assert json.loads(as_jsonl(line(text)))["text"] == text
    assert json.loads(as_ocsf(line(text)))["message"] == text


@settings(deadline=None)
@given(HOSTILE, HOSTILE)
def test_nothing_that_is_said_makes_a_field_of_cef(text: str, actor: str) -> None:
    said = as_cef(line(text, actor))
    head = re.split(r"\|", re.sub(r"\\.", "__", said), maxsplit=7)
    assert len(head) == 8
    assert head[6] in {"3", "5", "8"}
    names = re.findall(r"(?:^| )([A-Za-z0-9]+)=", re.sub(r"\\.", "__", head[7]))
    assert set(names) <= {
        "rt", "externalId", "suser", "msg", "cs1Label", "cs1", "cs3Label", "cs3", "cs4Label", "cs4",
    }  # fmt: skip


CEF_MOST = {
    "name": 512,
    "suser": 1023,
    "duser": 1023,
    "msg": 1023,
    **{f"cs{n}": 4000 for n in range(1, 7)},
}
"""Letters that a field may have. Source: CEF implementation standard, its dictionary."""


@settings(deadline=None)
@given(HOSTILE, st.integers(1, 300))
def test_no_field_of_cef_is_longer_than_it_may_be_and_a_long_text_goes_on_in_the_message(
    text: str, times: int
) -> None:
    said = as_cef(line(text * times, text * times))
    *_, name, _loud, rest = re.split(r"(?<!\\)(?:\\\\)*\|", said, maxsplit=7)
    fields = dict(re.findall(r"(\w+)=((?:\\.|[^=\\])*)(?= \w+=|$)", rest)) | {"name": name}
    for field, value in fields.items():
        bare = re.sub(r"\\(.)", r"\1", value)
        assert len(bare) <= CEF_MOST.get(field, 1023), field
    assert ("msg" in fields) is (len(plain(text * times)) > CEF_MOST["name"])


def test_an_ordinary_line_says_its_text_once() -> None:
    assert "msg=" not in as_cef(line("Stop forwarding", "Nia Okafor"))


OCSF_ENUMS = {
    "activity_id": {1, 2, 3, 4, 99},
    "severity_id": {0, 1, 2, 3, 4, 5, 6, 99},
    "status_id": {0, 1, 2, 3, 4, 5, 6, 99},
}
OCSF_TEXTS = {"activity_name", "command_uid", "message", "status_detail"}


def ocsf_faults(event: dict[str, Any]) -> list[str]:
    """What OCSF's class Remediation Activity does not take.

    Source: github.com/ocsf/ocsf-schema, events/remediation/remediation_activity.json.
    """
    of_class = {"category_uid": 7, "class_uid": 7001}
    known = {*of_class, *OCSF_ENUMS, *OCSF_TEXTS, "type_uid", "time", "metadata", "unmapped"}
    product = event["metadata"].get("product", {})
    checks = {
        "class": {name: event.get(name) for name in of_class} == of_class,
        "type": event.get("type_uid") == 700_100 + event["activity_id"],
        "enums": all(event.get(name) in values for name, values in OCSF_ENUMS.items()),
        "time": isinstance(event.get("time"), int) and event["time"] > 10**12,
        "texts": all(isinstance(event.get(name), str) for name in OCSF_TEXTS),
        "command": bool(event.get("command_uid")),
        "version": re.fullmatch(r"1\.\d+\.\d+", event["metadata"].get("version", "")) is not None,
        "product": {"name", "vendor_name"} <= product.keys(),
        "attributes": event.keys() <= known and isinstance(event.get("unmapped"), dict),
    }
    return [name for name, fine in checks.items() if not fine]


async def test_everything_that_was_done_is_exported_and_the_chains_can_be_checked_from_it() -> None:
    async with Bench(story=full_house) as bench:
        await bench.tell()
        await bench.settle()
        await bench.app.reconcile()
        export = Export(bench.store, bench.clock.now, bench.app.settings.tenant)
        lines = [json.loads(as_jsonl(line)) async for line in export.lines()]
        case = bench.the_case().id
        of_case = [row for row in lines if row["case"] == case]
        entries = [
            Entry.model_validate({k: v for k, v in row.items() if k in Entry.model_fields})
            for row in of_case
        ]
        assert tuple(entries) == bench.journal().entries
        chain: list[Chained] = list(entries)
        assert broken_at(chain) is None
        assert {row["event"] for row in lines if row["case"] is None} == {"in_force", "anchored"}
        later = [line async for line in export.lines(since=bench.clock.now())]
        assert 0 < len(later) < len(lines)
        only = [line async for line in export.lines(case=case)]
        assert len(only) == len(of_case)
        assert [ocsf_faults(json.loads(as_ocsf(line))) async for line in export.lines()] == [
            [] for _ in lines
        ]
        acts = [json.loads(as_ocsf(line)) for line in only if line.event == "change"]
        assert {act["activity_name"] for act in acts} >= {"Isolate", "Evict"}
        assert {act["type_uid"] - act["class_uid"] * 100 for act in acts} <= {1, 2, 3, 4}


async def test_a_case_that_does_not_exist_is_said_to_be_missing() -> None:
    async with Bench() as bench:
        export = Export(bench.store, bench.clock.now, bench.app.settings.tenant)
        with pytest.raises(Gone, match="no case"):
            _ = [line async for line in export.lines(case=CaseId("feedfeedfeedfeed"))]
