"""What reading an alert costs, carrier by carrier, and the slowest body of 256 KB.

The alerts are the tests' own cases. For the slowest body each carrier's cases are grown in every
place where they can grow: arrays, objects, texts, documents and lines.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import process_time
from typing import Any, Final

from benchmarks.measuring import Session, median, parser
from lab.swollen import fitted, lines, places
from shared.alerts.carrier import Carrier, Incomplete, Recognised
from shared.model import Json
from tests.alerts.read_cases import Case, cases

_LARGEST: Final = 256 * 1024
"""What the webhook lets in, in bytes."""
_PROMISED: Final = 50.0
"""Milliseconds."""
_ROUNDS: Final = 5


@dataclass(frozen=True, slots=True)
class _Grown:
    """A body near the largest size, and where it grew."""

    where: str
    reader: Carrier
    body: bytes


def main() -> int:
    """Measure and print; fails nothing, since a busy machine is no mistake."""
    made = parser(__doc__)
    made.add_argument("--seconds", type=float, default=1.0, help="per carrier, for the rate")
    asked = made.parse_args()
    session = Session("parse", path=asked.json)
    told: dict[str, list[Case]] = {}
    for case in cases():
        told.setdefault(case.carrier, []).append(case)
    rows = []
    for carrier, own in told.items():
        session.progress(carrier)
        rows.append({"carrier": carrier, **_rate(own, asked.seconds), **_slowest(own)})
    session.table("reading alerts", rows)
    worst = max(row["slowest ms"] or 0.0 for row in rows)
    session.say(f"slowest body of 256 KB: {worst:.1f} ms, promised {_PROMISED:.0f} ms")
    session.end()
    return 0


def _rate(own: Sequence[Case], seconds: float) -> Json:
    """Read the carrier's cases in turn, for a while."""
    pairs = [(case.reader(), case.body) for case in own]
    count, began = 0, process_time()
    while (took := process_time() - began) < seconds:
        for reader, body in pairs:
            reader.read(body)
        count += len(pairs)
    return {"cases": len(own), "alerts/s": round(count / took)}


def _slowest(own: Sequence[Case]) -> Json:
    """Read every grown body once to find the slowest, and that one often enough to be sure."""
    worst = max(_bodies(own), key=lambda grown: _once(grown.reader, grown.body), default=None)
    if worst is None:
        return {"slowest ms": None, "where": "-"}
    took = median([_once(worst.reader, worst.body) for _ in range(_ROUNDS)])
    return {"slowest ms": took, "where": worst.where[:60]}


def _bodies(own: Sequence[Case]) -> Iterator[_Grown]:
    for case in own:
        if (document := _acting(case)) is None:
            continue
        reader = case.reader()
        for place, grow in places(document):
            body = fitted(document, grow, _LARGEST)
            yield _Grown(f"{case.slug}: {place}", reader, body)
        many = lines(document, _LARGEST // (len(case.body) + 20))
        yield _Grown(f"{case.slug}: lines", reader, many)


def _acting(case: Case) -> Any:
    """Give the document of a case that becomes an alert, if it is one document."""
    if not any(
        isinstance(each, (Recognised, Incomplete)) for each in case.reader().read(case.body)
    ):
        return None
    try:
        return json.loads(case.body)
    except ValueError:
        return None


def _once(reader: Carrier, body: bytes) -> float:
    began = process_time()
    reader.read(body)
    return (process_time() - began) * 1000


if __name__ == "__main__":
    sys.exit(main())
