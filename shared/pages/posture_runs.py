"""What is shown of sweeps and their findings: pure, from what is stored; partial is said so."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from shared.model import Severity, Utc, Value
from shared.posture import (
    OVER,
    Acceptance,
    Certainty,
    Counts,
    FindingId,
    FindingState,
    Held,
    Run,
    RunId,
    RunState,
    SweepName,
)


class FindingView(Value):
    """One finding as a person reads it."""

    id: FindingId
    kind: str
    subject: str
    title: str
    advice: str
    """What to do about findings of its kind."""
    severity: Severity
    weight: float
    state: FindingState
    certainty: Certainty
    evidence: dict[str, str]
    first_seen: Utc
    last_seen: Utc | None
    unknown_at: Utc | None
    fixed_at: Utc | None
    returned_at: Utc | None
    accepted: Acceptance | None
    mendable: bool
    """Whether a task of ours can be asked for that mends it."""


class RunView(Value):
    """One run: how it went or how far it is, and what it counted."""

    id: RunId
    state: RunState
    headline: str
    asked_by: str
    started_at: Utc
    finished_at: Utc | None
    pages: int
    calls: int
    subjects: int
    expected: int | None
    counts: Counts | None
    """`None` while it runs, and where it was given up: nothing was counted."""
    tally: dict[str, float]
    gaps: tuple[str, ...]
    reason: str


class SweepRow(Value):
    """One sweep in the list of sweeps."""

    name: SweepName
    summary: str
    next_due: Utc | None
    """`None` where it never ran: the next timer starts it."""
    run: RunView | None


class SweepView(SweepRow):
    """One sweep: its latest run, the last that ended, and the findings that weigh most."""

    ended: RunView | None
    worst: tuple[FindingView, ...]


def finding_view(held: Held, advice: str, at: datetime) -> FindingView:
    """Show one finding."""
    found = held.finding
    return FindingView(
        id=held.id,
        kind=found.kind,
        subject=found.subject,
        title=found.title,
        advice=advice,
        severity=found.severity,
        weight=found.weight,
        state=held.state(at),
        certainty=found.certainty,
        evidence=found.evidence,
        mendable=found.account is not None,
        **held.model_dump(
            include={
                "first_seen",
                "last_seen",
                "unknown_at",
                "fixed_at",
                "returned_at",
                "accepted",
            }
        ),
    )


def run_view(run: Run) -> RunView:
    """Show one run."""
    counted = run.state in OVER
    return RunView(
        id=run.id,
        state=run.state,
        headline=headline(run),
        asked_by=run.asked_by,
        started_at=run.started_at,
        finished_at=run.finished_at,
        pages=run.pages,
        calls=run.calls,
        subjects=run.subjects,
        expected=run.expected,
        counts=run.counts if counted else None,
        tally=run.tally,
        gaps=tuple(gap.reason for gap in run.gaps),
        reason=run.reason,
    )


def sweep_row(name: SweepName, summary: str, every: timedelta, run: Run | None) -> SweepRow:
    """Show one sweep in the list."""
    return SweepRow(
        name=name,
        summary=summary,
        next_due=None if run is None else run.started_at + every,
        run=None if run is None else run_view(run),
    )


def sweep_view(row: SweepRow, ended: Run | None, worst: Iterable[FindingView]) -> SweepView:
    """Show one sweep."""
    return SweepView(
        name=row.name,
        summary=row.summary,
        next_due=row.next_due,
        run=row.run,
        ended=None if ended is None else run_view(ended),
        worst=tuple(worst),
    )


def headline(run: Run) -> str:
    """Say in one sentence how a run stands."""
    counts = run.counts
    read = f"{run.subjects:,}" + (f" of about {run.expected:,}" if run.expected else "")
    match run.state:
        case RunState.RUNNING:
            return f"Partial: still reading; {read} looked at so far"
        case RunState.FAILED:
            return f"Partial: given up after {read}, nothing was called fixed. {run.reason}"
        case RunState.PARTIAL:
            return f"Partial: {_found(counts)}; not everything could be looked at. {run.reason}"
    return f"Complete: {_found(counts)}"


def _found(counts: Counts) -> str:
    said = f"{counts.open:,} open, {counts.new:,} new, {counts.fixed:,} fixed"
    return said + (f", {counts.unknown:,} unknown" if counts.unknown else "")
