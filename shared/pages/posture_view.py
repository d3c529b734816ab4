"""What the posture page and the monthly report say: pure, from runs, findings and the score."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from shared.model import Utc, Value
from shared.pages.chart import Chart, chart
from shared.pages.posture_runs import FindingView, SweepRow, SweepView
from shared.pages.posture_score import ScoreView
from shared.posture import OVER, Run, SweepName

MONTH: Final = timedelta(days=30)
_PER_CENT: Final = 100.0
_COLUMNS: Final = (
    *("id", "kind", "subject", "title", "severity", "weight", "state", "certainty"),
    *("first_seen", "last_seen", "unknown_at", "fixed_at", "returned_at"),
)
_MORE: Final = ("accepted_by", "accepted_until", "accepted_because", "advice", "evidence")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class Named(Value):
    """A finding with the sweep that found it."""

    sweep: SweepName
    finding: FindingView


class SweepMonth(Value):
    """What a sweep counted in the last month: `None` where no run came to its end."""

    row: SweepRow
    new: int = 0
    fixed: int = 0
    open: int | None = None
    unknown: int = 0
    accepted: int = 0
    was: int | None = None
    """How many were open at the first run of the month."""
    partial: tuple[str, ...] = ()
    """What the last run could not look at."""


class PostureView(Value):
    """Everything about the tenant's posture on one page."""

    at: Utc
    score: ScoreView
    trend: Chart | None
    sweeps: tuple[SweepMonth, ...]
    worst: tuple[Named, ...]
    """The findings that weigh most over all sweeps."""

    @property
    def total(self) -> int:
        """How many findings are open, over all sweeps that came to an end."""
        return sum(one.open or 0 for one in self.sweeps)

    @property
    def unsure(self) -> bool:
        """Whether something was not looked at: never, not wholly, or not to its end."""
        return any(one.open is None or one.partial or one.unknown for one in self.sweeps)


class SweepPage(Value):
    """One sweep on its page."""

    at: Utc
    sweep: SweepView
    trend: Chart | None
    left_off: int
    """How many open findings are not on the page."""


def sweep_month(row: SweepRow, history: Iterable[Run], at: datetime) -> SweepMonth:
    """Count a sweep's last month; `history` is newest first."""
    ended = [run for run in history if run.state in OVER]
    if not ended:
        return SweepMonth(row=row)
    month = [run for run in ended if at - run.started_at <= MONTH]
    newest = ended[0]
    return SweepMonth(
        row=row,
        new=sum(run.counts.new for run in month),
        fixed=sum(run.counts.fixed for run in month),
        open=newest.counts.open,
        unknown=newest.counts.unknown,
        accepted=newest.counts.accepted,
        was=month[-1].counts.open if month else None,
        partial=tuple(gap.reason for gap in newest.gaps),
    )


def score_trend(score: ScoreView) -> Chart | None:
    """Draw the score over the days that are known."""
    return chart(
        [(point.day, point.share) for point in score.trend],
        title="Secure Score",
        unit="% of the maximum of the day",
        most=_PER_CENT,
    )


def open_trend(history: Sequence[Run]) -> Chart | None:
    """Draw how many findings were open after each run; `history` is newest first.

    A run that was given up counted nothing: it is a hole.
    """
    days = [
        (run.started_at.date(), float(run.counts.open) if run.state in OVER else None)
        for run in reversed(history)
    ]
    return chart(days, title="Open after each run", unit="findings")


def as_csv(findings: Iterable[FindingView]) -> str:
    """Write findings as CSV (RFC 4180); no cell begins as a formula would in a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow((*_COLUMNS, *_MORE))
    for one in findings:
        body, accepted = one.model_dump(mode="json"), one.accepted
        agreed = (
            (accepted.by, accepted.until.isoformat(), accepted.reason) if accepted else ("",) * 3
        )
        evidence = "; ".join(f"{name}: {said}" for name, said in one.evidence.items())
        row = (*(body[name] for name in _COLUMNS), *agreed, one.advice, evidence)
        writer.writerow([_cell(value) for value in row])
    return out.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value
