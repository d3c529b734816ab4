"""The one table of what is measured and of the words that signals are told in.

Nothing else is exported: a metric, a dimension or a fact that does not stand here cannot be sent.
docs/telemetry.md is generated from it; the queries, the workbook and the alert rules are held to
it by tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from shared.model import Value


class Metric(StrEnum):
    """The names under which Application Insights shows what is measured."""

    TIME_TO_FIRST_ACTION = "firebreak.time_to_first_action"
    TIME_TO_CONTAINED = "firebreak.time_to_contained"
    TIME_TO_PROVEN = "firebreak.time_to_proven"
    QUEUE_AGE = "firebreak.queue_age"
    GUARD_TRIPPED = "firebreak.guard_tripped"
    TASK_FAILED = "firebreak.task_failed"
    POISON = "firebreak.poison"
    HEARTBEAT = "firebreak.heartbeat"
    CALLS = "firebreak.calls"
    THROTTLES = "firebreak.throttles"


class Shape(StrEnum):
    """How values of a metric are put together."""

    SPREAD = "histogram"
    """Count, sum, least and most of the values in a minute."""
    COUNT = "counter"
    """The sum of the values in a minute."""
    LEVEL = "gauge"
    """The last value in a minute."""


class Fact(StrEnum):
    """The words that may stand beside a value or a span; none of them is about a person."""

    SERVICE = "service"
    METHOD = "method"
    WHAT = "what"
    STATUS = "status"
    OUTCOME = "outcome"
    HANDS = "hands"
    GUARD = "guard"
    RESPONDER = "responder"
    PHASE = "phase"
    STATE = "state"
    MODE = "mode"
    KIND = "kind"
    SOURCE = "source"
    CASE = "case"
    ALERT = "alert"
    TASK = "task"
    SWEEP = "sweep"
    ATTEMPTS = "attempts"
    ERROR = "error"


FACTS: Final[Mapping[Fact, str]] = MappingProxyType(
    {
        Fact.SERVICE: "who was called: graph, exchange, sentinel, activity, storage or channel",
        Fact.METHOD: "the HTTP method of a call",
        Fact.WHAT: "what was asked: a path without its ids, or a cmdlet",
        Fact.STATUS: "the HTTP status of an answer, or `none`",
        Fact.OUTCOME: "ok, throttled, refused, failed or unanswered",
        Fact.HANDS: "`itself` where nobody was asked, `person` where somebody had to say yes",
        Fact.GUARD: "the brake that tripped: radius or burst",
        Fact.RESPONDER: "the responder, by name",
        Fact.PHASE: "contain, evict, recover, harden or close",
        Fact.STATE: "what became of a task, of an alert or of a case",
        Fact.MODE: "observe, approve or enforce",
        Fact.KIND: "the kind of the alert or of the message",
        Fact.SOURCE: "the source that sent an alert, as the settings name it",
        Fact.CASE: "the case, by id",
        Fact.ALERT: "the alert, by id",
        Fact.TASK: "the task, by id",
        Fact.SWEEP: "the sweep, by name",
        Fact.ATTEMPTS: "how often it was tried",
        Fact.ERROR: "the class of what went wrong",
    }
)


class Meaning(Value):
    """What a metric says, in which unit, and by what it can be split."""

    shape: Shape
    unit: str
    says: str
    by: tuple[Fact, ...] = ()


METRICS: Final[Mapping[Metric, Meaning]] = MappingProxyType(
    {
        Metric.TIME_TO_FIRST_ACTION: Meaning(
            shape=Shape.SPREAD,
            unit="s",
            says="from the receipt of a case's first alert to the first change made in the tenant",
            by=(Fact.KIND, Fact.HANDS),
        ),
        Metric.TIME_TO_CONTAINED: Meaning(
            shape=Shape.SPREAD,
            unit="s",
            says="from the receipt of a case's first alert to the end of all that was planned",
            by=(Fact.KIND, Fact.HANDS),
        ),
        Metric.TIME_TO_PROVEN: Meaning(
            shape=Shape.SPREAD,
            unit="s",
            says="from the receipt of a case's first alert to the look that proved it contained; "
            "at least 65 minutes, for that long a stolen token may live",
            by=(Fact.KIND, Fact.HANDS),
        ),
        Metric.QUEUE_AGE: Meaning(
            shape=Shape.LEVEL,
            unit="s",
            says="how late the most overdue alert or case is that no worker holds, as each "
            "heartbeat finds it; 0 where nothing is",
        ),
        Metric.GUARD_TRIPPED: Meaning(
            shape=Shape.COUNT,
            unit="1",
            says="alerts that a brake turned from acting into asking",
            by=(Fact.GUARD, Fact.KIND),
        ),
        Metric.TASK_FAILED: Meaning(
            shape=Shape.COUNT,
            unit="1",
            says="tasks that were given up: a person has to act",
            by=(Fact.RESPONDER, Fact.PHASE),
        ),
        Metric.POISON: Meaning(
            shape=Shape.COUNT,
            unit="1",
            says="queue messages that failed too often and were kept aside",
            by=(Fact.KIND,),
        ),
        Metric.HEARTBEAT: Meaning(
            shape=Shape.COUNT,
            unit="1",
            says="ends of the look for what was forgotten, every 30 s: storage and queue answered",
        ),
        Metric.CALLS: Meaning(
            shape=Shape.COUNT,
            unit="1",
            says="calls to other services",
            by=(Fact.SERVICE, Fact.OUTCOME),
        ),
        Metric.THROTTLES: Meaning(
            shape=Shape.COUNT,
            unit="1",
            says="calls answered with 429, and calls held back because a published limit was full",
            by=(Fact.SERVICE,),
        ),
    }
)


class Seen(StrEnum):
    """The names of spans."""

    RECEIVED = "received"
    TRIAGE = "triage"
    WORK = "work"
    UNDO = "undo"
    SWEEP = "sweep"
    NOTIFY = "notify"
    POISONED = "poisoned"
    REQUEST = "request"
    PULL = "pull"
    STREAM = "stream"
    PHASE = "phase"
    LOOK = "look"
    PLAN = "plan"
    APPLY = "apply"
    PROVE = "prove"
    CALL = "call"


SPANS: Final[Mapping[Seen, str]] = MappingProxyType(
    {
        Seen.RECEIVED: "an alert came in: from the first byte read to its answer; the trace's root",
        Seen.TRIAGE: "who is it about, what does the policy say",
        Seen.WORK: "one pass over a case",
        Seen.UNDO: "what a case changed is put back",
        Seen.SWEEP: "one turn of a sweep",
        Seen.NOTIFY: "one channel is told of one thing",
        Seen.POISONED: "a message that failed too often is kept aside",
        Seen.REQUEST: "a delivery that held no alert",
        Seen.PULL: "a look at what nobody sends",
        Seen.STREAM: "a batch of the Event Hub",
        Seen.PHASE: "the tasks of one phase or wave run side by side",
        Seen.LOOK: "a later look: did anything come back",
        Seen.PLAN: "a responder plans: it reads",
        Seen.APPLY: "a responder applies its change: it writes",
        Seen.PROVE: "a responder plans again and finds nothing left, or does",
        Seen.CALL: "one call to another service",
    }
)
