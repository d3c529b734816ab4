"""Brakes that look at the clock, the counters and the switch, beside those that look at accounts.

Like all guards they are pure: whoever asks them has read the facts before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from shared.errors import Defect
from shared.model import Mode, number_of
from shared.policy.document import Policy
from shared.policy.guards import (
    Guard,
    GuardSubject,
    Limit,
    NotOurselves,
    OwnIdentity,
    PrivilegedAccounts,
    ProtectedAccounts,
    SyncAccounts,
    Verdict,
    WholeOrganisation,
)
from shared.policy.limits import Freeze


@dataclass(frozen=True, slots=True)
class Paused:
    """Somebody pulled the brake."""

    def judge(self, subject: GuardSubject) -> Verdict | None:
        """Say who did, when and why."""
        pause = subject.pause
        if pause is None or pause.ceiling is Mode.ENFORCE:
            return None
        return Verdict(
            limit=Limit(pause.ceiling),
            reason=f"{pause.by} paused Firebreak at {pause.at:%Y-%m-%d %H:%M} UTC "
            f"({pause.reason}): nothing goes further than '{pause.ceiling}' until it is resumed",
        )


@dataclass(frozen=True, slots=True)
class Frozen:
    """The organisation asked to be left alone at this time."""

    freezes: tuple[Freeze, ...]

    def judge(self, subject: GuardSubject) -> Verdict | None:
        """Find the strictest freeze that is in force."""
        if not self.freezes:
            return None
        if subject.at is None:
            raise Defect("nobody told the time")
        for mode in (Mode.OBSERVE, Mode.APPROVE):
            for freeze in self.freezes:
                if freeze.mode is mode and freeze.holds(subject.at):
                    return Verdict(
                        limit=Limit(mode),
                        reason=f"the freeze '{freeze.name}' is in force: nothing goes further "
                        f"than '{mode}' until it ends",
                    )
        return None


@dataclass(frozen=True, slots=True)
class StaleAlert:
    """What happened long ago is no emergency, and may have been dealt with."""

    longest: timedelta

    def judge(self, subject: GuardSubject) -> Verdict | None:
        """Look at the alert's age; where no alert is asked about there is none."""
        if subject.age is None or subject.age <= self.longest:
            return None
        hours = number_of(round(subject.age / timedelta(hours=1)), "hour")
        return Verdict(
            limit=Limit.APPROVE,
            reason=f"the alert is about something {hours} ago, more than the "
            f"{round(self.longest / timedelta(hours=1))} of guards.stale_hours: see whether it "
            "was dealt with, then release this",
        )


@dataclass(frozen=True, slots=True)
class Crowded:
    """Too much at once: the counters said so."""

    def judge(self, subject: GuardSubject) -> Verdict | None:
        """Repeat what the counters said."""
        if not subject.crowded:
            return None
        return Verdict(limit=Limit.APPROVE, reason=" ".join(subject.crowded))


def standing_guards(policy: Policy, own: OwnIdentity) -> tuple[Guard, ...]:
    """List every guard of a policy; what each one looks at comes with the subject."""
    return (
        NotOurselves(identity=own),
        ProtectedAccounts(protected=policy.protected),
        SyncAccounts(),
        PrivilegedAccounts(furthest=policy.guards.privileged),
        WholeOrganisation(),
        Paused(),
        Frozen(policy.freezes),
        StaleAlert(timedelta(hours=policy.guards.stale_hours)),
        Crowded(),
    )
