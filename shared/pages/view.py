"""Make the values that pages and JSON show. Pure: the time comes in as an argument."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from shared.model import (
    ALERTS_FOR_PEOPLE,
    PHASES,
    UNFINISHED,
    Alert,
    AlertState,
    Case,
    CaseStatus,
    Entry,
    Json,
    Phase,
    Task,
    TaskState,
)
from shared.pages.answer import answer
from shared.pages.choices import ChainState, Limit
from shared.pages.clock import closed_at, intruder_clock
from shared.pages.fate import changes, footholds, started, still_open, unlooked
from shared.pages.findings import findings
from shared.pages.lists import AlertFilters, AlertsView, CaseRow, CasesView, Tally
from shared.pages.values import AlertLine, CaseView, Happened, Hardening, Person, TaskLine
from shared.pages.way_back import way_back
from shared.policy.score_links import helping

_RUNNING_S: Final = 3
_COUNTING_S: Final = 30
FOR_PEOPLE: Final = frozenset({CaseStatus.NEEDS_PERSON, CaseStatus.WAITING})
_NOBODYS: Final[frozenset[CaseStatus]] = frozenset()
_GRAVITY: Final = {"high": -3, "unknown": -2, "medium": -1}
"""Order of severities; what is unknown may be high."""
_LISTED: Final = 50
"""Cases that one part of the list shows; the rest is found by its filter."""
_ALL: Final = AlertFilters()
_NONE: Final = Tally()


def case_view(
    case: Case,
    tasks: tuple[Task, ...],
    entries: tuple[Entry, ...],
    alerts: tuple[Alert, ...],
    *,
    at: datetime,
    chain: ChainState = ChainState.UNKNOWN,
) -> CaseView:
    """Say all that is known about a case."""
    tasks = tuple(sorted(tasks, key=lambda task: (PHASES.index(task.phase), task.responder)))
    entries = tuple(sorted(entries, key=lambda entry: entry.seq))
    alerts = tuple(sorted(alerts, key=lambda alert: alert.received_at))
    zero = alerts[0].received_at if alerts else case.opened_at
    clock = intruder_clock(case, tasks, entries, at=at)
    found = footholds(tasks, entries)
    open_ = still_open(case, tasks, entries)
    contain_s, note = _time_to_contain(tasks, clock.limit, zero)
    return CaseView(
        id=case.id,
        at=at,
        status=case.status,
        answer=answer(case, tasks, entries, clock=clock, footholds=found, chain=chain),
        who=Person(
            display_name=case.account.display_name,
            upn=case.account.upn,
            object_id=case.account.object_id,
            kinds=tuple(sorted(case.account.kinds)),
            mailbox=case.account.mailbox,
        ),
        title=case.title,
        severity=case.severity,
        kinds=tuple(sorted(case.kinds)),
        dry_run=case.dry_run,
        judgement=case.judgement,
        opened_at=case.opened_at,
        compromised_since=case.compromised_since,
        first_alert_at=zero,
        clock=clock,
        contain_s=contain_s,
        contain_note=note,
        open=open_,
        footholds=found,
        unlooked=unlooked(tasks),
        changes=changes(tasks, entries),
        way_back=way_back(case, tasks, entries),
        tasks=tuple(_task_line(task, entries) for task in tasks),
        happened=tuple(_happened(entries, alerts, zero)),
        reasons=case.reasons,
        alerts=tuple(alert_line(alert) for alert in alerts),
        chain=chain,
        findings=findings(entries),
        hardening=tuple(
            Hardening(control=link.control, effect=link.effect, reason=link.reason, because=because)
            for link, because in helping(case.kinds, {foothold.kind for foothold in found})
        ),
        refresh_s=_refresh(tasks, clock.latest_until, at),
    )


def case_json(view: CaseView) -> Json:
    """Write a case as JSON: the fields of `CaseView`.

    Times are ISO 8601 in UTC, durations end in `_s` and are seconds, what is unknown is null. Texts
    are as they came: whoever shows them escapes them.
    """
    return view.model_dump(mode="json")


def cases_view(
    rows: Iterable[CaseRow],
    alerts: Tally,
    at: datetime,
    *,
    mine: frozenset[CaseStatus] = _NOBODYS,
    after: str = "",
    cut: bool = False,
) -> CasesView:
    """Sort the cases by who has to act next: what waits for the reader, then by gravity and time.

    `mine` are the statuses in which a case waits for the reader, `after` where the list goes on;
    `cut`: there are more unsettled ones than were looked at.
    """
    rows = sorted(rows, key=lambda row: row.updated_at, reverse=True)
    running = tuple(row for row in rows if row.status is CaseStatus.OPEN)
    people = [row for row in rows if row.status in FOR_PEOPLE]
    people.sort(key=lambda row: (row.status not in mine, _GRAVITY.get(row.severity, 0)))
    return CasesView(
        at=at,
        for_people=tuple(people[:_LISTED]),
        mine=sum(row.status in mine for row in people),
        people_in_all=len(people),
        running=running[:_LISTED],
        running_in_all=len(running),
        settled=tuple(row for row in rows if row.status not in FOR_PEOPLE | {CaseStatus.OPEN}),
        after=after,
        alerts_needing_people=alerts.number,
        alerts_cut=alerts.more,
        refresh_s=_RUNNING_S if running else _COUNTING_S,
        cut=cut,
    )


def alerts_view(
    alerts: Iterable[Alert],
    *,
    at: datetime,
    people: Tally = _NONE,
    filters: AlertFilters = _ALL,
    older: str | None = None,
) -> AlertsView:
    """List the alerts that opened no case."""
    lines = sorted(map(alert_line, alerts), key=lambda line: line.received_at, reverse=True)
    return AlertsView(
        at=at,
        for_people=tuple(line for line in lines if line.state in ALERTS_FOR_PEOPLE),
        ignored=tuple(line for line in lines if line.state is AlertState.IGNORED),
        people=people,
        filters=filters,
        older=older,
    )


def _time_to_contain(
    tasks: tuple[Task, ...], limit: Limit, zero: datetime
) -> tuple[float | None, str]:
    """Measure from the first alert to the last door that was closed; an open one has no time."""
    doors = [task for task in tasks if task.phase is Phase.CONTAIN]
    if limit is Limit.UNTOUCHED or not doors:
        return None, "Nothing was contained."
    left = [t for t in doors if closed_at(t) is None and t.state is not TaskState.REFUSED]
    if left or limit is Limit.NONE:
        names = ", ".join(task.responder.replace("_", " ") for task in left)
        return None, f"Still open: {names}." if names else "Sign-in is still possible."
    closed = [(moment - zero).total_seconds() for t in doors if (moment := closed_at(t))]
    by_hand = len(doors) - len(closed)
    note = "From the first alert received to the last door closed."
    if by_hand:
        note = f"What Firebreak does itself; {by_hand} more for a person, not counted."
    return max(closed, default=None), note


def _refresh(tasks: tuple[Task, ...], latest: datetime | None, at: datetime) -> int | None:
    if any(task.state in UNFINISHED for task in tasks):
        return _RUNNING_S
    return _COUNTING_S if latest is not None and at < latest else None


def _happened(
    entries: tuple[Entry, ...], alerts: tuple[Alert, ...], zero: datetime
) -> Iterable[Happened]:
    lines = [line for alert in alerts for line in _arrived(alert, zero)]
    lines += [
        Happened(
            at=entry.at,
            after_s=(entry.at - zero).total_seconds(),
            event=entry.event,
            text=entry.text,
            actor=entry.actor,
            responder=entry.responder,
            seq=entry.seq,
        )
        for entry in entries
    ]
    return sorted(lines, key=lambda line: (line.at, line.seq or 0))


def _arrived(alert: Alert, zero: datetime) -> Iterable[Happened]:
    for moment, text, known in (
        (alert.occurred_at, f"It happened: {alert.title}", not alert.occurred_at_is_receipt),
        (alert.received_at, f"Alert received: {alert.title}", True),
    ):
        if known:
            after = (moment - zero).total_seconds()
            yield Happened(at=moment, after_s=after, event=None, text=text, actor=alert.source)


def _task_line(task: Task, entries: tuple[Entry, ...]) -> TaskLine:
    begun = started(task, entries)
    return TaskLine(
        id=task.id,
        responder=task.responder,
        phase=task.phase,
        mode=task.mode,
        state=task.state,
        attempts=task.attempts,
        summary=task.summary,
        reason=task.reason,
        created_at=task.created_at,
        started_at=begun.at if begun else None,
        applied_at=task.applied_at,
        finished_at=task.finished_at,
        next_try=task.not_before,
    )


def alert_line(alert: Alert, raw: str | None = None) -> AlertLine:
    """Show one alert; `raw` is its body, where it was fetched."""
    return AlertLine(
        id=alert.id,
        source=alert.source,
        carrier=alert.carrier,
        native_id=alert.native_id,
        kind=alert.kind,
        title=alert.title,
        severity=alert.severity,
        occurred_at=alert.occurred_at,
        occurred_at_is_receipt=alert.occurred_at_is_receipt,
        received_at=alert.received_at,
        account=alert.account,
        evidence=alert.evidence,
        state=alert.state,
        reason=alert.reason,
        case=alert.case,
        raw=raw,
    )
