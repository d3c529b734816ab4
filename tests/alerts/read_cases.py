"""Cases beside the parsers, as data: what arrives, and what must be read from it.

A key that ends in `~text` holds JSON that its carrier sends as text, so that a person can read it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.alerts.carrier import Carrier, Incomplete, NotForUs, Reading, Recognised, Unreadable
from shared.alerts.catalogue import carriers
from shared.alerts.cloud_events import CloudEvents
from shared.alerts.generic import Generic
from shared.alerts.mapping import GenericMapping
from shared.alerts.source import Source

HERE = Path(__file__).resolve().parent / "cases"
SAMPLES = Path(__file__).resolve().parents[2] / ".." / "shared" / "samples"


@dataclass(frozen=True)
class Case:
    carrier: str
    slug: str
    claim: str
    body: bytes
    mapping: dict[str, Any] | None
    rules: dict[str, Any] | None
    carries: str | None
    expected: list[dict[str, Any]]

    def __str__(self) -> str:
        return f"{self.carrier}/{self.slug}"

    def reader(self) -> Carrier:
        if self.carries is not None:
            return CloudEvents(carriers()[self.carries])
        if self.mapping is not None:
            return Generic(GenericMapping.model_validate(self.mapping))
        if self.rules is not None:
            written = {"name": "siem", "carrier": self.carrier, "rules": self.rules}
            return Source.model_validate(written).reader()
        return carriers()[self.carrier]


def cases() -> list[Case]:
    return [_case(path) for path in sorted(HERE.glob("*/*.json"))]


def _case(path: Path) -> Case:
    told = json.loads(path.read_text())
    text = told["text"] if "text" in told else json.dumps(as_sent(told["body"]))
    return Case(
        carrier=path.parent.name,
        slug=path.stem,
        claim=told["claim"],
        body=text.encode(),
        mapping=told.get("mapping"),
        rules=told.get("rules"),
        carries=told.get("carries"),
        expected=told["readings"],
    )


def as_sent(node: Any) -> Any:
    if isinstance(node, list):
        return [as_sent(member) for member in node]
    if not isinstance(node, dict):
        return node
    return {
        key.removesuffix("~text"): json.dumps(value) if key.endswith("~text") else as_sent(value)
        for key, value in node.items()
    }


def differences(reading: Reading, expected: dict[str, Any]) -> list[str]:
    """Say in which points a reading is not what was expected; points not named are free."""
    match reading:
        case Recognised(draft=draft):
            shown = draft.model_dump(mode="json", exclude_none=True)
            wanted = expected.get("recognised")
        case Incomplete(draft=draft, awaits=awaits):
            shown = draft.model_dump(mode="json", exclude_none=True)
            shown |= awaits.model_dump(mode="json")
            wanted = expected.get("incomplete")
        case NotForUs():
            shown = {"not_for_us": reading.reason, "native_id": reading.native_id}
            wanted = expected if "not_for_us" in expected else None
        case Unreadable():
            shown, wanted = {"unreadable": reading.reason}, expected
            wanted = expected if "unreadable" in expected else None
    if wanted is None:
        return [f"{shown} is not the sort of reading expected: {expected}"]
    return [
        f"{point}: {shown.get(point)!r}, not {value!r}"
        for point, value in wanted.items()
        if not _fits(point, shown.get(point), value)
    ]


def _fits(point: str, shown: Any, wanted: Any) -> bool:
    if point in {"not_for_us", "unreadable"}:
        return wanted in shown
    if point == "evidence":
        return bool(wanted.items() <= shown.items())
    return bool(shown == wanted)
