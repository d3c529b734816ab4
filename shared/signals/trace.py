"""Spans and values: told lightly where they happen, handed over when what began them has ended.

Whoever begins work (a request, a message, a timer) opens a `Trigger`; what comes of it finds that
trigger by itself, so no client and no responder passes anything on. Where nobody listens, nothing
is noted.

The trace of a case is the id of the alert that opened it. A queue message therefore carries no
trace of its own: it can be read by the version before, one that is put back after a crash lands in
the same trace, and the look a week later needs nothing but the case.

OpenTelemetry comes in where signals leave (shared/signals/azure_monitor.py), after the answer: its
import would be a third of the webhook's cold start.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from shared.model import AlertId, digest
from shared.signals.table import Fact, Metric, Seen
from shared.signals.told import Facts, Sink, Span, Value, shown

_TRACE: Final = re.compile(r"[0-9a-f]{32}")


@dataclass(slots=True)
class Note:
    """A span while it lasts."""

    name: Seen
    id: str
    parent: str
    began: datetime
    facts: dict[Fact, object]
    kept: bool = True

    def say(self, facts: Facts) -> None:
        """Add what is known by now."""
        self.facts.update(facts)


@dataclass(slots=True)
class Trigger:
    """What one trigger has done so far."""

    sink: Sink | None
    clock: Callable[[], datetime]
    note: Note
    trace: str | None = None
    links: set[str] = field(default_factory=set)
    notes: list[tuple[Note, datetime]] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    received: list[tuple[AlertId, bool]] = field(default_factory=list)

    def hand_over(self, sink: Sink) -> None:
        """Give everything to the sink, in the trace that it turned out to belong to."""
        at = self.clock()
        came_in = self.note.name is Seen.REQUEST and bool(self.received)
        trace = self.trace or (trace_of(self.received[0][0]) if came_in else uuid.uuid4().hex)
        own = root_of(trace) if came_in else self.note.id
        spans = [self._received(alert, at, new=new) for alert, new in self.received]
        if self.note.kept and not came_in:
            spans.append(self._span(self.note, at, trace, root_of(trace)))
        for note, ended in self.notes:
            parent = own if note.parent == self.note.id else note.parent
            spans.append(self._span(note, ended, trace, parent))
        sink.take(tuple(spans), tuple(self.values))

    def _span(self, note: Note, ended: datetime, trace: str, parent: str) -> Span:
        links = tuple(sorted(self.links - {trace})) if note is self.note else ()
        return Span(note.name, trace, note.id, parent, note.began, ended, shown(note.facts), links)

    def _received(self, alert: AlertId, at: datetime, *, new: bool) -> Span:
        """Tell of an alert in its own trace, of which its first receipt is the root."""
        trace = trace_of(alert)
        span, parent = (root_of(trace), None) if new else (_span_id(), root_of(trace))
        facts = shown({**self.note.facts, Fact.ALERT: alert})
        return Span(Seen.RECEIVED, trace, span, parent, self.note.began, at, facts)


@dataclass(frozen=True, slots=True)
class _Here:
    trigger: Trigger
    span: str


_HERE: Final[ContextVar[_Here | None]] = ContextVar("here", default=None)


def trace_of(alert: str) -> str:
    """Name an alert's trace, and that of the case it opens: by its own id."""
    return alert if _TRACE.fullmatch(alert) else digest("trace", alert)


def root_of(trace: str) -> str:
    """Name the span under which everything of a trace hangs."""
    return digest("root", trace, length=16)


@contextmanager
def triggered(
    sink: Sink | None,
    clock: Callable[[], datetime],
    name: Seen,
    facts: Facts | None = None,
    *,
    of: str | None = None,
    quiet: bool = False,
) -> Iterator[Note]:
    """Note what comes of one trigger; `of` is the alert or run it is about, where that is known.

    A `quiet` one leaves values alone: a timer that finds nothing to do is no news.
    """
    note = Note(name, _span_id(), "", clock(), dict(facts or {}), kept=not quiet)
    trigger = Trigger(sink, clock, note, trace_of(of) if of else None)
    try:
        with _inside(trigger, note):
            yield note
    finally:
        if quiet:
            trigger.notes.clear()
        if sink is not None:
            trigger.hand_over(sink)


@contextmanager
def _inside(trigger: Trigger, note: Note) -> Iterator[None]:
    """Let what is noted inside hang below a note, which learns of a failure."""
    token = _HERE.set(_Here(trigger, note.id))
    try:
        with _failing(note):
            yield
    finally:
        _HERE.reset(token)


@contextmanager
def span(name: Seen, facts: Facts | None = None) -> Iterator[Note]:
    """Note one thing that is done inside; it may say more before it ends."""
    here = _heard()
    if here is None:
        yield Note(name, "", "", datetime.min, {}, kept=False)  # noqa: DTZ901 - nobody reads it
        return
    trigger = here.trigger
    note = Note(name, _span_id(), here.span, trigger.clock(), dict(facts or {}))
    try:
        with _inside(trigger, note):
            yield note
    finally:
        if note.kept:
            trigger.notes.append((note, trigger.clock()))


def measured(metric: Metric, value: float = 1, facts: Facts | None = None) -> None:
    """Measure a value, in the unit that the table gives."""
    if here := _heard():
        here.trigger.values.append(Value(metric, value, shown(facts or {})))


def listening() -> bool:
    """Whether what is measured now goes anywhere: for values that cost a call to find out."""
    return _heard() is not None


def belongs_to(alert: str, facts: Facts | None = None) -> None:
    """Say which alert all of this is about, and so which trace it is in."""
    if here := _HERE.get():
        here.trigger.trace = trace_of(alert)
        here.trigger.note.say(facts or {})


def joins(alert: str) -> None:
    """Say that this alert's case was opened by another one: its trace is linked."""
    if here := _HERE.get():
        here.trigger.links.add(trace_of(alert))


def received(alert: AlertId, *, new: bool) -> None:
    """Note that an alert came in; its first receipt is the root of its trace."""
    if here := _HERE.get():
        here.trigger.received.append((alert, new))


def standing() -> dict[str, str]:
    """Tell which trace and which case all of this is about, as far as that is known by now."""
    here = _HERE.get()
    if here is None:
        return {}
    known = {"trace": here.trigger.trace, "case": here.trigger.note.facts.get(Fact.CASE)}
    return {name: str(value) for name, value in known.items() if value}


def _heard() -> _Here | None:
    here = _HERE.get()
    return here if here and here.trigger.sink else None


@contextmanager
def _failing(note: Note) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        note.say({Fact.ERROR: type(error).__name__})
        raise


def _span_id() -> str:
    return uuid.uuid4().hex[:16]
