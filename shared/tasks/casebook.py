"""How an alert opens a case or joins one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from shared.alerts.mapping import ASKED_FOR
from shared.model import (
    Account,
    AccountKind,
    Alert,
    AlertKind,
    Case,
    CaseId,
    CaseStatus,
    Event,
    Json,
    Judgement,
    Mode,
    Origin,
    ResponderName,
    Severity,
    Task,
    TaskState,
    task_id,
)
from shared.policy.decide import Decision, Step, strength
from shared.tasks.answer import DRY_RUN
from shared.tasks.chain import fingerprint
from shared.tasks.ledger import Line
from shared.tasks.starts import START

_SLOWEST: Final = timedelta(hours=1)
"""By how much one carrier tells of an event later than another; minutes are usual."""
_LOUDNESS: Final = (
    Severity.UNKNOWN,
    Severity.INFORMATIONAL,
    Severity.LOW,
    Severity.MEDIUM,
    Severity.HIGH,
)

type Written = tuple[Case, list[Task], list[Line]]


def opened(
    case_id: CaseId, alert: Alert, account: Account, decision: Decision, *, at: datetime
) -> Written:
    """Open a case: its first alert, the decision, and a task for each responder."""
    case = Case(
        id=case_id,
        tenant=alert.tenant,
        account=account,
        status=CaseStatus.OPEN if decision.steps else CaseStatus.NEEDS_PERSON,
        opened_at=at,
        compromised_since=alert.occurred_at,
        seen_until=_second(at),
        alerts=(alert.id,),
        origins=(_origin(alert),),
        kinds=frozenset({alert.kind}),
        title=alert.title,
        severity=alert.severity,
        reasons=decision.reasons,
        dry_run=DRY_RUN in alert.evidence,
    )
    tasks = [_task(case, step, at) for step in decision.steps]
    said = f"Opened for {account.upn}: {alert.title}"
    line = Line(event=Event.OPENED, text=said, data=_vouched(alert))
    return case, tasks, [line, _said(decision)]


def joined(
    case: Case,
    known: Mapping[ResponderName, Task],
    alert: Alert,
    account: Account,
    decision: Decision,
    *,
    at: datetime,
) -> Written:
    """Let an alert join a case: it adds tasks, and opens again what was done before it happened.

    Once the owner is back nothing is done again: what happened before was looked for at the door.
    """
    again = [
        changed
        for step in decision.steps
        if case.restored_at is None
        and (changed := _rejoined(case, known.get(step.responder), step, alert, at)) is not None
    ]
    if decision.crowded:
        # What was enforced before asks before it is done again.
        again = [_asking(task) for task in again]
    asked = bool(again) and alert.kind in ASKED_FOR
    after = (corrected(case, at) if asked else case).model_copy(
        update={
            "status": CaseStatus.OPEN if again else case.status,
            "account": known_of(case.account, account),
            "alerts": (*case.alerts, alert.id),
            "origins": tuple(dict.fromkeys((*case.origins, _origin(alert)))),
            "kinds": case.kinds | {alert.kind},
            "severity": max(case.severity, alert.severity, key=_LOUDNESS.index),
            **_span(case, alert),
            "reasons": tuple(dict.fromkeys((*case.reasons, *decision.reasons))),
            "dry_run": case.dry_run and DRY_RUN in alert.evidence,
        }
    )
    said = Line(
        event=Event.JOINED, text=f"Another alert joined: {alert.title}", data=_vouched(alert)
    )
    return after, again, [said, _said(decision)]


def corrected(case: Case, at: datetime) -> Case:
    """Take what was called a false alarm for a compromise, because a person acts on it."""
    if not case.false_alarm:
        return case
    return case.model_copy(update={"judgement": Judgement.COMPROMISE, "judged_at": at})


def what_it_said(alert: Alert) -> str:
    """Name what an alert said, whatever became of it since: the journal vouches for that."""
    return fingerprint(
        alert.model_dump(mode="json", exclude={"state", "reason", "case", "body_erased"})
    )


def _vouched(alert: Alert) -> Json:
    named = alert.kind in ASKED_FOR and DRY_RUN not in alert.evidence
    start = {START: alert.occurred_at.isoformat()} if named else {}
    return {"alert": alert.id, "said": what_it_said(alert), **start}


def known_of(before: Account, now: Account) -> Account:
    """Add what an account holds by now: whoever was given a role since is guarded as its holder.

    What it held before still counts, because the intruder may have taken it away.
    """
    return before.model_copy(
        update={
            "kinds": before.kinds | (now.kinds & {AccountKind.PRIVILEGED}),
            "roles": _together(before.roles, now.roles),
            "groups": _together(before.groups, now.groups),
        }
    )


def _together[T](before: frozenset[T] | None, now: frozenset[T] | None) -> frozenset[T] | None:
    return None if now is None else now | (before or frozenset())


def _span(case: Case, alert: Alert) -> dict[str, datetime]:
    """Say from when to when somebody was in; a dry run only supposes it, so it counts for none."""
    if DRY_RUN in alert.evidence and not case.dry_run:
        return {}
    real = case.dry_run and DRY_RUN not in alert.evidence
    start = alert.occurred_at if real else min(case.compromised_since, alert.occurred_at)
    return {"compromised_since": start, "seen_until": _seen_until(case, alert)}


def _seen_until(case: Case, alert: Alert) -> datetime:
    seen = case.seen_until
    return seen if _echo(case, alert) else max(seen, _second(alert.occurred_at))


def _origin(alert: Alert) -> Origin:
    return Origin(carrier=alert.carrier, native_id=alert.native_id, source=alert.source)


def _second(at: datetime) -> datetime:
    """Cut to the second: Graph tells no finer when sessions were revoked and passwords changed."""
    return at.replace(microsecond=0)


def _said(decision: Decision) -> Line:
    modes = {name: str(mode) for name, mode in decision.modes.items()}
    text = f"Decided by {decision.rule}" if decision.rule else "No rule of the policy applies"
    data = {"modes": modes, "reasons": list(decision.reasons), "rules": list(decision.rules)}
    return Line(event=Event.DECIDED, text=text, data=data)


def _task(case: Case, step: Step, at: datetime) -> Task:
    return Task(
        id=task_id(case.tenant, case.account.object_id, case.id, step.responder),
        tenant=case.tenant,
        case=case.id,
        responder=step.responder,
        phase=step.phase,
        mode=step.mode,
        created_at=at,
    )


def _rejoined(
    case: Case, known: Task | None, step: Step, alert: Alert, at: datetime
) -> Task | None:
    if known is None:
        return _task(case, step, at)
    if DRY_RUN in alert.evidence:
        return None
    mode = max(known.mode, step.mode, key=strength)
    if mode is known.mode and not _again(case, known, alert):
        return None
    # A worker that has claimed it for less meets a conflict and begins again with the new mode.
    fresh = {"state": TaskState.QUEUED, "mode": mode, "attempts": 0, "owner": None}
    ended = {"not_before": None, "finished_at": None, "reason": "", "steps": (), "resume": False}
    asked = {"wait": None, "release": None}
    return known.model_copy(update=fresh | ended | asked)


def _asking(task: Task) -> Task:
    return task.model_copy(update={"mode": min(task.mode, Mode.APPROVE, key=strength)})


def _again(case: Case, known: Task, alert: Alert) -> bool:
    """Whether the alert tells of something that happened after the task had ended."""
    if known.finished_at is None or _echo(case, alert):
        return False
    return alert.kind is AlertKind.ADMIN_REQUEST or alert.occurred_at > known.finished_at


def _echo(case: Case, alert: Alert) -> bool:
    """Whether an alert that does not say when is the same event, told by a slower carrier.

    Taken for news it would reset a password that the owner has just been given.
    """
    timeless = alert.occurred_at_is_receipt and alert.kind is not AlertKind.ADMIN_REQUEST
    known = alert.kind in case.kinds
    return timeless and known and alert.received_at - case.opened_at <= _SLOWEST
