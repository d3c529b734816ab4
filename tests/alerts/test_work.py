"""Work is counted, not timed: twice the body is never four times the work.

Counted is what the interpreter does: calls, starts of functions and jumps of loops.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from lab.swollen import Grow, lines, places
from shared.alerts.carrier import Carrier, Incomplete, Reading, Recognised
from shared.alerts.catalogue import carriers
from tests.alerts.read_cases import Case, cases

_TOOL = 4
_FEW = 100
"""Below the limits from which on a body is refused without being read."""
_SLACK = 3_000
"""Steps that do not depend on the size of the body."""


class Counter:
    """Counts the interpreter's steps while a body is read."""

    def __init__(self) -> None:
        self.steps = 0

    def of(self, reader: Carrier, body: bytes) -> int:
        events = sys.monitoring.events
        watched = {events.CALL, events.PY_START, events.PY_RESUME, events.JUMP}
        self.steps = 0
        sys.monitoring.use_tool_id(_TOOL, "steps of a parser")
        try:
            for event in watched:
                sys.monitoring.register_callback(_TOOL, event, self._step)
            sys.monitoring.set_events(_TOOL, sum(watched))
            reader.read(body)
        finally:
            sys.monitoring.set_events(_TOOL, 0)
            sys.monitoring.free_tool_id(_TOOL)
        return self.steps

    def _step(self, *_: object) -> None:
        self.steps += 1


def fullest(carrier: str) -> Case | None:
    """The carrier's longest case that becomes an alert."""
    acting = [
        case
        for case in cases()
        if case.carrier == carrier
        and case.body[:1] in b"{["
        and any(
            isinstance(each, (Recognised, Incomplete)) for each in case.reader().read(case.body)
        )
        and _document(case) is not None
    ]
    return max(acting, key=lambda case: len(case.body), default=None)


def _acts(reading: Reading) -> bool:
    return isinstance(reading, (Recognised, Incomplete))


def _document(case: Case) -> Any:
    try:
        return json.loads(case.body)
    except ValueError:
        return None


def grown(document: Any, grow: Grow, times: int) -> bytes:
    return json.dumps(grow(document, times)).encode()


@pytest.mark.parametrize("carrier", carriers())
def test_twice_the_body_is_never_four_times_the_work(carrier: str) -> None:
    case = fullest(carrier)
    assert case, f"{carrier} has no case that acts"
    document, reader, counter = _document(case), case.reader(), Counter()
    for place, grow in places(document):
        once = counter.of(reader, grown(document, grow, _FEW))
        twice = counter.of(reader, grown(document, grow, 2 * _FEW))
        assert twice <= 2.2 * once + _SLACK, f"{case}: {place}: {once} steps, then {twice}"
    once, twice = (counter.of(reader, lines(document, times)) for times in (_FEW, 2 * _FEW))
    assert twice <= 2.2 * once + _SLACK, f"{case}: lines: {once} steps, then {twice}"


class Forgetful(Carrier):
    """Looks at everything again for each thing it sees, as a careless parser would."""

    def read(self, body: bytes) -> Any:
        members = json.loads(body)
        return tuple(other for one in members for other in members if other == one)


def test_the_count_finds_work_that_grows_with_the_square() -> None:
    counter = Counter()
    once, twice = (counter.of(Forgetful(), json.dumps([1] * n).encode()) for n in (100, 200))
    assert twice > 2.2 * once + _SLACK
