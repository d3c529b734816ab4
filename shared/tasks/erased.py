"""What was erased, read off the lines that say so, and what is left of it. Pure.

| a line about an erasure says | what may be gone then                                            |
|------------------------------|------------------------------------------------------------------|
| `until`                      | what all lines up to that one say, and all that they vouch for    |
| `lines`                      | what these lines say: they were about another person             |
| `evidence_until`             | the evidence of all lines up to that one                         |
| `evidence`                   | the evidence of these lines                                      |
| `bodies`                     | bodies of alerts, by the hash in their names                     |
| `alerts`                     | these alerts                                                     |

Every number is of a line before the one that says it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from shared.errors import Refused
from shared.model import (
    Account,
    AlertId,
    Case,
    Chained,
    Entry,
    Event,
    ObjectId,
    Task,
    TaskId,
    Upn,
    digest,
)
from shared.tasks.chain import ERASED

UNTIL: Final = "until"
LINES: Final = "lines"
EVIDENCE_UNTIL: Final = "evidence_until"
EVIDENCE: Final = "evidence"
BODIES: Final = "bodies"
ALERTS: Final = "alerts"
_NOBODYS: Final = (
    *("id", "tenant", "status", "kinds", "severity", "dry_run", "looks", "poisonings"),
    *("opened_at", "compromised_since", "seen_until", "contained_at", "proven_at"),
    *("restored_at", "erased_at"),
)
"""What of a case names nobody; a field that comes to be is erased unless it is named here."""
NOBODY: Final = Account(object_id=ObjectId("erased"), upn=Upn(ERASED))
"""Who an erased case is about."""


def erasures[L: Chained](lines: Iterable[L]) -> Iterator[L]:
    """Pick the lines about erasures, of a journal or of the audit trail."""
    return (line for line in lines if getattr(line, "event", None) == Event.ERASED)


def erased_lines(lines: Iterable[Chained]) -> frozenset[int]:
    """List the lines whose words may be gone."""
    return _numbered(lines, until=(UNTIL,), listed=(LINES,))


def erased_evidence(lines: Iterable[Chained]) -> frozenset[int]:
    """List the lines whose evidence may be gone."""
    return _numbered(lines, until=(UNTIL, EVIDENCE_UNTIL), listed=(EVIDENCE,))


def erased_bodies(lines: Iterable[Chained]) -> frozenset[str]:
    """List the bodies of alerts that may be gone, as the last part of their names."""
    return frozenset(str(one) for line in erasures(lines) for one in _list(line, BODIES))


def erased_alerts(lines: Iterable[Chained]) -> frozenset[AlertId]:
    """List the alerts that may be gone."""
    return frozenset(AlertId(str(one)) for line in erasures(lines) for one in _list(line, ALERTS))


def erasure_of(entries: Iterable[Entry]) -> Entry | None:
    """Find the line that says that all of a case was erased: when, by whom and why."""
    return next((entry for entry in erasures(entries) if UNTIL in entry.data), None)


def said_of(case: Case, entries: Iterable[Entry]) -> str:
    """Say that a case was erased, by whom and why."""
    line = erasure_of(entries)
    when = f"{case.erased_at:%Y-%m-%d}" if case.erased_at else "a day that is not known"
    by = f" by {line.actor}. {line.text}" if line else ""
    return (
        f"What this case said was erased on {when}{by}. Its number, its times and the hashes of "
        "its journal stay, so that the record can still be verified."
    )


def refuse_erased(case: Case) -> None:
    """Raise `Refused` where a case was erased: there is nothing left to act on."""
    if case.erased_at is not None:
        raise Refused(
            f"What this case said was erased on {case.erased_at:%Y-%m-%d}: what it changed is not "
            "known any more, so nothing of it can be put back or decided; act in the tenant itself"
        )


def bare(case: Case) -> Case:
    """Leave of a case what is nobody's: its number, times, kinds, and how it ended."""
    left = {name: getattr(case, name) for name in _NOBODYS}
    return Case(account=NOBODY, **left)


def bare_task(task: Task) -> Task:
    """Leave of a task what is nobody's. Its id was made of the account's, so it gets another."""
    kept = {"tenant", "case", "responder", "phase", "mode", "state", "attempts"}
    times = {"created_at", "applied_at", "finished_at"}
    left = task.model_dump(include=kept | times)
    name = TaskId(digest(task.tenant, "erased", task.case, task.responder))
    return Task(id=name, **left)


def _numbered(
    lines: Iterable[Chained], *, until: tuple[str, ...], listed: tuple[str, ...]
) -> frozenset[int]:
    numbers: set[int] = set()
    for line in erasures(lines):
        ends = [line.data.get(key) for key in until]
        last = max((end for end in ends if isinstance(end, int)), default=0)
        numbers.update(range(1, min(last, line.seq - 1) + 1))
        named = (one for key in listed for one in _list(line, key))
        numbers.update(one for one in named if isinstance(one, int) and one < line.seq)
    return frozenset(numbers)


def _list(line: Chained, key: str) -> list[Any]:
    found = line.data.get(key)
    return found if isinstance(found, list) else []
