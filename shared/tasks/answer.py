"""What the policy and the guards say to one alert about one account. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from shared.alerts.carrier import HELD
from shared.model import Account, Alert, Mode
from shared.policy.condition import Facts
from shared.policy.decide import Decision, capped, decide
from shared.policy.document import Policy
from shared.policy.guards import Guard, GuardSubject, apply_guards

DRY_RUN: Final = "dry_run"
"""Line of an alert's evidence by which a person asks for a plan and nothing more."""


def answer(alert: Alert, account: Account, *, policy: Policy, guards: Iterable[Guard]) -> Decision:
    """Decide which responders answer, and how far each may go."""
    facts = Facts(kind=alert.kind, severity=alert.severity, account=account)
    decision = decide(policy, facts)
    if reason := alert.evidence.get(HELD):
        decision = _because(capped(decision, Mode.APPROVE), f"the alert is held: {reason}")
    if DRY_RUN in alert.evidence:
        decision = _because(capped(decision, Mode.OBSERVE), "a dry run was asked for")
    return apply_guards(decision, guards, GuardSubject(account=account))


def _because(decision: Decision, reason: str) -> Decision:
    return decision.model_copy(update={"reasons": (*decision.reasons, reason)})
