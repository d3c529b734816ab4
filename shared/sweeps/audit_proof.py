"""A live proof: an event that must be in the unified audit log is looked for there.

A switch can say on while nothing arrives. So a change of the directory that Entra's own log knows
is looked for in the unified one, by its name and its time. It is between one and two days old,
because rows may come a day late. Where nothing happened or nobody answers, it is unknown.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from shared.clients.audit import DirectoryAudit
from shared.clients.audit_search import AuditRecord
from shared.errors import Transient
from shared.model import Json, Severity, Utc, Value
from shared.posture import Certainty, Finding
from shared.sweeps.sweep import Look, Page, Record

KIND: Final = "log_proof"
_WITNESS: Final = "witness"
_FROM: Final = timedelta(hours=48)
_TO: Final = timedelta(hours=25)
"""How old the event is: older than the day that rows may be late."""
_APART: Final = timedelta(minutes=5)
"""How far apart two logs may date the same event."""
_PATIENCE: Final = 12
"""How often in a row the search may be unfinished: the run waits for it for about an hour."""
_AGAIN: Final = 60.0


class Witness(Value):
    """The event that is looked for, or none; `run` is the run that chose it."""

    run: str
    activity: str = ""
    at: Utc | None = None


async def ask(look: Look, _: Json) -> Page:
    """Choose the event and start the search for it; a search of that name is not started twice."""
    started = look.run.started_at
    events = await look.tenant.audit.between(started - _FROM, started - _TO)
    witness = _chosen(look, events)
    calls = 1
    if witness.at is not None:
        calls += await _started(look, witness, witness.at)
    return Page(records=(Record(key=_WITNESS, body=witness.model_dump(mode="json")),), calls=calls)


async def read(look: Look, _: Json) -> Page:
    """Read what the search found. Raises `Transient` while there is hope that it finishes."""
    kept = await look.kept.one(_WITNESS)
    witness = Witness.model_validate(kept) if kept else Witness(run="")
    if witness.run != look.run.id:
        return Page(findings=(_unknown("Entra's own log could not be read"),), calls=0)
    if witness.at is None:
        return Page(findings=(_unknown("nothing happened that could prove it"),), calls=0)
    found = await look.tenant.searches.named(_name(look))
    done = [search for search in found if search.finished]
    if not done and look.run.setbacks < _PATIENCE and not any(s.failed for s in found):
        raise Transient("The audit search for the proof is not finished", retry_after=_AGAIN)
    if not done:
        return Page(findings=(_unknown("Microsoft did not finish the search"),))
    records = await look.tenant.searches.records(done[-1])
    seen = any(_same(record, witness) for record in records)
    return Page(findings=() if seen else (_missing(witness),), calls=2)


def _chosen(look: Look, events: tuple[DirectoryAudit, ...]) -> Witness:
    """Choose the newest that succeeded; a page that is read again chooses the same."""
    good = [event for event in events if event.activity and event.result in (None, "success")]
    if not good:
        return Witness(run=look.run.id)
    newest = max(good, key=lambda event: (event.at, event.activity))
    return Witness(run=look.run.id, activity=newest.activity, at=newest.at)


async def _started(look: Look, witness: Witness, at: datetime) -> int:
    if await look.tenant.searches.named(_name(look)):
        return 1
    await look.tenant.searches.start(
        _name(look),
        who=None,
        operations=[_operation(witness)],
        since=at - _APART,
        until=at + _APART,
    )
    return 2


def _name(look: Look) -> str:
    return f"firebreak proof {look.run.id}"


def _operation(witness: Witness) -> str:
    """Name the event as the unified log does: with a full stop."""
    return f"{witness.activity.rstrip('.')}."


def _same(record: AuditRecord, witness: Witness) -> bool:
    near = witness.at is not None and abs(record.at - witness.at) <= _APART
    return near and record.operation.rstrip(".") == witness.activity.rstrip(".")


def _missing(witness: Witness) -> Finding:
    said = witness.at.strftime("%Y-%m-%d %H:%M UTC") if witness.at else ""
    return Finding(
        kind=KIND,
        subject="unified audit log",
        title=f"The unified audit log lacks “{witness.activity}” of {said}, which did happen",
        severity=Severity.HIGH,
        weight=1.0,
        evidence={"event": witness.activity, "at": said, "known from": "Entra's audit log"},
    )


def _unknown(why: str) -> Finding:
    return Finding(
        kind=KIND,
        subject="unified audit log",
        title=f"Whether the unified audit log gets what happens is not known: {why}",
        severity=Severity.MEDIUM,
        evidence={"why": why},
        certainty=Certainty.UNKNOWN,
    )
