"""Microsoft Secure Score, every day: kept beyond Microsoft's 90 days, and read for its meaning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import ClassVar, Final

from shared.clients.secure_scores import SECURITY_EVENTS_READ_ALL, Control, DayScore
from shared.model import Severity
from shared.policy.limits import Sweeping
from shared.policy.secure_score import Board, Since, Span, board
from shared.posture import Budget, Certainty, Finding, Gap
from shared.sweeps.sweep import Alarm, Look, Page, Record, Sweep

BOARD: Final = "board"
DAY: Final = "day:"
PROFILES: Final = "profiles:"
_SCORES: Final = "scores"
_CONTROLS: Final = "controls"
_JUDGE: Final = "judge"
_HEAVY: Final = 5.0
"""Points from which an open control is more than a small thing."""
_TENANT: Final = "tenant"


class SecureScore(Sweep):
    """Read Microsoft Secure Score: what was lost, what is open, and what to do next."""

    every = timedelta(days=1)
    # Published: 150 a minute for all of security, of which alerts need their part.
    budget = Budget(service="security", calls=40, seconds=60)
    permissions = frozenset({SECURITY_EVENTS_READ_ALL})
    kinds: ClassVar[Mapping[str, str]] = {
        "open_control": "Do it, or say in Secure Score that the risk is accepted or solved",
        "regression": "Find out who switched it off, and switch it on again",
        "drop": "Look at what was lost since the last day",
        "stale": "Microsoft sends no newer score; look into the Defender portal",
    }

    async def read(self, look: Look) -> Page:
        """Read scores, then controls, then judge both; each page starts where its link says."""
        step = str(look.cursor.get("step", _SCORES))
        link = look.cursor.get("link")
        if step == _SCORES:
            return await self._scores(look, link)
        if step == _CONTROLS:
            return await self._controls(look, link)
        return await self._judge(look)

    async def _scores(self, look: Look, link: str | None) -> Page:
        days, more = await look.tenant.secure_scores.days(link)
        records = tuple(
            Record(key=f"{DAY}{day.day.isoformat()}", body=day.model_dump(mode="json"))
            for day in days
        )
        following = {"step": _SCORES, "link": more} if more else {"step": _CONTROLS}
        return Page(records=records, tally={"days": len(days)}, next=following)

    async def _controls(self, look: Look, link: str | None) -> Page:
        controls, more = await look.tenant.secure_scores.controls(link)
        number = int(look.cursor.get("number", 0))
        found = [control.model_dump(mode="json") for control in controls]
        body = {"run": look.run.id, "controls": found}
        following = {"step": _CONTROLS, "link": more, "number": number + 1}
        return Page(
            records=(Record(key=f"{PROFILES}{number:04}", body=body),),
            subjects=len(controls),
            next=following if more else {"step": _JUDGE},
        )

    async def _judge(self, look: Look) -> Page:
        days = [DayScore.model_validate(body) async for _, body in look.kept.all(DAY)]
        controls = [
            Control.model_validate(item)
            async for _, body in look.kept.all(PROFILES)
            if body["run"] == look.run.id
            for item in body["controls"]
        ]
        found = board(days, controls, look.run.started_at.date())
        if found is None or not controls:
            what = "control" if found else "score"
            gap = Gap(kinds=frozenset(self.kinds), reason=f"Microsoft returned no {what}")
            return Page(gaps=(gap,), calls=0)
        return Page(
            findings=tuple(findings(found, look.terms)),
            records=(Record(key=BOARD, body=found.model_dump(mode="json")),),
            alarms=tuple(alarms(found, look.terms)),
            calls=0,
        )


def findings(found: Board, terms: Sweeping) -> Iterator[Finding]:
    """Say what of the score is a finding."""
    for step in found.steps:
        yield Finding(
            kind="open_control",
            subject=step.control,
            title=f"{step.title} (+{step.points:g} points)",
            severity=Severity.MEDIUM if step.points >= _HEAVY else Severity.LOW,
            weight=step.worth,
            evidence={
                "category": step.category,
                "points to win": f"{step.points:g}",
                "effort": f"{step.effort:g}" if step.stated else "not stated by Microsoft",
            },
        )
    for moved in found.lost:
        yield Finding(
            kind="regression",
            subject=moved.control,
            title=f"{moved.title} lost {moved.was - moved.becomes:.0f} % of what it can bring",
            severity=Severity.HIGH,
            weight=moved.was - moved.becomes,
            evidence={"best": f"{moved.was:.1f} %", "now": f"{moved.becomes:.1f} %"},
        )
    if (fall := dropped(found, terms)) is not None:
        yield Finding(
            kind="drop",
            subject=_TENANT,
            title=f"Secure Score fell by {fall:.1f} percentage points",
            severity=Severity.HIGH,
            weight=fall,
        )
    if found.stale:
        yield Finding(
            kind="stale",
            subject=_TENANT,
            title=f"The newest Secure Score is of {found.day.isoformat()}",
            severity=Severity.MEDIUM,
            certainty=Certainty.UNKNOWN,
        )


def alarms(found: Board, terms: Sweeping) -> Iterator[Alarm]:
    """Say what a person is told at once."""
    if (fall := dropped(found, terms)) is not None:
        lost = [moved.title for moved in _span(found, Span.LAST).moved if moved.lost]
        text = f"Secure Score fell by {fall:.1f} percentage points: {', '.join(lost) or 'unknown'}"
        yield Alarm(what="secure_score_drop", text=text)


def dropped(found: Board, terms: Sweeping) -> float | None:
    """Give the percentage points lost since the last day, where they are worth an alarm.

    What a new control takes from the share is nobody's loss, so without a lost control there is
    none.
    """
    last = _span(found, Span.LAST)
    if last.change is None or not any(moved.lost for moved in last.moved):
        return None
    return -last.change if -last.change >= terms.score_drop else None


def _span(found: Board, span: Span) -> Since:
    return next(since for since in found.since if since.span is span)
