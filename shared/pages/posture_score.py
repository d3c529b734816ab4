"""What is shown of the Secure Score: the board, its history, the cases a control would meet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from shared.clients.secure_scores import ControlState, DayScore
from shared.model import AlertKind, CaseId, Value
from shared.pages.lists import CaseRow
from shared.policy.score_links import LINKS, Effect, helping
from shared.policy.score_shares import whole
from shared.policy.secure_score import Board


class TrendPoint(Value):
    """One day of the score; `share` is in per cent, and `None` where it is unknown."""

    day: date
    points: float
    maximum: float
    share: float | None


class Prevented(Value):
    """A control, and this quarter's cases that it would have stopped or shortened."""

    control: str
    effect: Effect
    reason: str
    cases: tuple[CaseId, ...]
    state: ControlState | None
    """What was decided about it; `None` where Microsoft does not list it here."""
    share: float | None
    """What it brings of what it could now, in per cent."""


class ScoreView(Value):
    """All that a page says of the Secure Score. `board` is `None` while nothing is known."""

    board: Board | None
    trend: tuple[TrendPoint, ...]
    quarter_from: date
    cases: int
    """Cases about an intruder that were opened this quarter."""
    cut: bool = False
    """Whether there are more cases than were looked at: the newest were."""
    prevented: tuple[Prevented, ...]
    """The control that would have met most cases first."""


def score_view(
    board: Board | None,
    days: Sequence[DayScore],
    rows: Iterable[CaseRow],
    at: datetime,
    *,
    cut: bool = False,
) -> ScoreView:
    """Show the score; `rows` are cases, of which those of this quarter count; `cut`: not all."""
    start = quarter_of(at.date())
    cases = [row for row in rows if row.opened_at.date() >= start and _broken_into(row)]
    return ScoreView(
        board=board,
        trend=tuple(map(_point, sorted(days, key=lambda day: day.day))),
        quarter_from=start,
        cases=len(cases),
        prevented=prevented(cases, board),
        cut=cut,
    )


def _broken_into(row: CaseRow) -> bool:
    """Whether a case is about an intruder at all, not only about a setting to be mended."""
    return set(row.kinds) != {AlertKind.HARDENING_REQUEST}


def prevented(cases: Sequence[CaseRow], board: Board | None) -> tuple[Prevented, ...]:
    """Count for each control the cases it would have stopped or shortened."""
    met: dict[str, list[CaseId]] = {}
    for row in cases:
        for link, _ in helping(row.kinds, row.found):
            met.setdefault(link.control, []).append(row.id)
    found = [
        Prevented(
            control=link.control,
            effect=link.effect,
            reason=link.reason,
            cases=tuple(met[link.control]),
            state=board.states.get(link.control) if board else None,
            share=board.shares.get(link.control) if board else None,
        )
        for link in LINKS
        if link.control in met
    ]
    return tuple(sorted(found, key=lambda one: (-len(one.cases), one.control)))


def quarter_of(day: date) -> date:
    """Give the first day of a day's quarter."""
    return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)


def _point(day: DayScore) -> TrendPoint:
    share = whole(day)
    return TrendPoint(day=day.day, points=day.points, maximum=day.maximum, share=share.share)
