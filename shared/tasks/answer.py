"""What the policy and the guards say to one alert about one account. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from shared.alerts.carrier import HELD
from shared.alerts.mapping import ASKED_FOR
from shared.model import Account, Alert, Mode, Utc, Value
from shared.policy.condition import Facts
from shared.policy.decide import Decision, capped, decide
from shared.policy.document import Policy
from shared.policy.guards import Guard, GuardSubject, Pause, apply_guards

DRY_RUN: Final = "dry_run"
"""Line of an alert's evidence by which a person asks for a plan and nothing more."""


class Moment(Value):
    """What the brakes look at when an alert is answered: the clock, the switch, the counters."""

    at: Utc
    pause: Pause | None = None
    crowded: tuple[str, ...] = ()


def answer(
    alert: Alert, account: Account, *, policy: Policy, guards: Iterable[Guard], moment: Moment
) -> Decision:
    """Decide which responders answer, and how far each may go."""
    facts = Facts(kind=alert.kind, severity=alert.severity, account=account)
    decision = decide(policy, facts)
    if reason := alert.evidence.get(HELD):
        decision = _because(capped(decision, Mode.APPROVE), f"the alert is held: {reason}")
    if DRY_RUN in alert.evidence:
        decision = _because(capped(decision, Mode.OBSERVE), "a dry run was asked for")
    # A person who asks decides now, whatever the time is that they name.
    age = None if alert.kind in ASKED_FOR else moment.at - alert.occurred_at
    subject = GuardSubject(
        account=account, at=moment.at, age=age, pause=moment.pause, crowded=moment.crowded
    )
    found = apply_guards(decision, guards, subject)
    return found.model_copy(update={"crowded": bool(moment.crowded)})


def _because(decision: Decision, reason: str) -> Decision:
    return decision.model_copy(update={"reasons": (*decision.reasons, reason)})
