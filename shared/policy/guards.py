"""Brakes: what stands between a decision and an account. They lower, they never raise.

A guard is a pure function of facts that were read before. Whatever cannot be read, and whatever
breaks, leaves the action to a person.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final, Protocol

from shared.errors import FirebreakError
from shared.model import Account, Mode, ObjectId, Utc, Value
from shared.policy.condition import Fit, in_any, privileged
from shared.policy.decide import Decision, Step, strength
from shared.policy.document import Protected


class Limit(StrEnum):
    """How far a guard lets things go."""

    REFUSE = "refuse"
    OBSERVE = "observe"
    APPROVE = "approve"
    NOTE = "note"
    """No brake, only a remark for the record."""


class Verdict(Value):
    """What a guard says, and why, with what a person can do about it."""

    limit: Limit
    reason: str


class Pause(Value):
    """The kill switch as somebody left it: nothing goes further than `ceiling`."""

    ceiling: Mode
    by: str
    at: Utc
    reason: str


class GuardSubject(Value):
    """What guards look at. A guard that needs another fact adds it here."""

    account: Account
    at: Utc | None = None
    """The moment of asking."""
    age: timedelta | None = None
    """How long ago what the alert tells of happened; `None` where no alert is asked about."""
    pause: Pause | None = None
    """What somebody set the kill switch to; `None` where it was read and nobody touched it."""
    crowded: tuple[str, ...] = ()
    """Which counters are full, in sentences."""


class Guard(Protocol):
    """One brake."""

    def judge(self, subject: GuardSubject) -> Verdict | None:
        """Say how far things may go, or `None` where this brake has nothing against it."""
        ...


class OwnIdentity(Value):
    """Who we are in the directory; `None` means that nobody could tell us."""

    object_id: ObjectId | None = None
    app_id: str | None = None


@dataclass(frozen=True, slots=True)
class ProtectedAccounts:
    """Break-glass, sync and other accounts that only people touch."""

    protected: Protected

    def judge(self, subject: GuardSubject) -> Verdict | None:
        """Compare by object id, UPN (any case) and group; unknown groups wait for a person."""
        account = subject.account
        if {account.object_id.lower(), account.upn.lower()} & self.protected.accounts:
            return Verdict(
                limit=Limit.OBSERVE,
                reason=f"{account.upn} is a protected account: Firebreak only reports; act by hand "
                "in Entra, or take it off protected.accounts",
            )
        if not self.protected.groups:
            return None
        match in_any(self.protected.groups, account.groups):
            case Fit.YES:
                return Verdict(
                    limit=Limit.OBSERVE,
                    reason=f"{account.upn} is in a protected group: Firebreak only reports; act by "
                    "hand in Entra, or take the account out of the group",
                )
            case Fit.UNKNOWN:
                return Verdict(
                    limit=Limit.APPROVE,
                    reason=f"the groups of {account.upn} could not be read, so it may be protected;"
                    " check that it is no break-glass or sync account before you release this",
                )
        return None


_SYNC: Final = frozenset(
    {"directory synchronization accounts", "on premises directory sync account"}
)
"""Built-in roles that only the directory sync signs in with, by display name in small letters."""


@dataclass(frozen=True, slots=True)
class SyncAccounts:
    """Whom the directory sync signs in as: shut out, it leaves all of Active Directory behind.

    It needs no line in the policy, and `guards.privileged` does not switch it off.
    Source: learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference
    """

    def judge(self, subject: GuardSubject) -> Verdict | None:
        """Look for the role; where roles are unknown, `PrivilegedAccounts` speaks."""
        account = subject.account
        held = sorted(role for role in account.roles or () if role.lower() in _SYNC)
        if not held:
            return None
        return Verdict(
            limit=Limit.OBSERVE,
            reason=f"{account.upn} is what the directory sync signs in as ({', '.join(held)}): "
            "Firebreak only reports; change its secret by hand in Entra Connect",
        )


@dataclass(frozen=True, slots=True)
class NotOurselves:
    """The identity we act with is never touched: who shuts himself out helps nobody.

    Normally it is a service principal and an account is a user, so the two cannot meet; but a
    person who runs the tool under their own name is a user. Not knowing who we are is therefore
    said, and stops nothing.
    """

    identity: OwnIdentity

    def judge(self, subject: GuardSubject) -> Verdict | None:
        """Compare by object id and app id."""
        own = {own.lower() for own in (self.identity.object_id, self.identity.app_id) if own}
        if subject.account.object_id.lower() in own:
            return Verdict(
                limit=Limit.REFUSE,
                reason=f"{subject.account.upn} is the identity Firebreak acts with; if it is "
                "compromised, stop the app and replace its identity by hand",
            )
        if self.identity.object_id is None:
            return Verdict(
                limit=Limit.NOTE,
                reason="Firebreak's own identity is unknown, so nobody checked that this account "
                "is another one; the app's sign-in to Graph needs a look",
            )
        return None


@dataclass(frozen=True, slots=True)
class PrivilegedAccounts:
    """Whoever holds a directory role: an error here locks out the people who would mend it."""

    furthest: Mode

    def judge(self, subject: GuardSubject) -> Verdict | None:
        """Look at the roles; unknown roles wait for a person."""
        account = subject.account
        if self.furthest is Mode.ENFORCE:
            return None
        match privileged(account):
            case Fit.YES:
                return Verdict(
                    limit=Limit(self.furthest),
                    reason=f"{account.upn} holds a directory role "
                    f"({', '.join(sorted(account.roles or ())) or 'not named'}); "
                    f"guards.privileged lets Firebreak go no further than '{self.furthest}'",
                )
            case Fit.UNKNOWN:
                return Verdict(
                    limit=Limit(self.furthest),
                    reason=f"the directory roles of {account.upn} could not be read; check them, "
                    "then release this by hand",
                )
        return None


@dataclass(frozen=True, slots=True)
class WholeOrganisation:
    """What is changed for everybody waits for a person, whatever the rule says."""

    def judge(self, subject: GuardSubject) -> Verdict | None:
        """Look whether the case is about an account at all."""
        if not subject.account.is_organisation:
            return None
        return Verdict(
            limit=Limit.APPROVE,
            reason="this concerns the whole organisation, so it waits until a person releases it",
        )


def apply_guards(decision: Decision, guards: Iterable[Guard], subject: GuardSubject) -> Decision:
    """Lower a decision to what every guard allows; the order of the guards does not matter.

    A verdict that changes nothing about this decision leaves no reason behind.
    """
    verdicts = [verdict for guard in guards if (verdict := _asked(guard, subject))]
    heard = [verdict for verdict in verdicts if _matters(verdict, decision)]
    steps = tuple(low for step in decision.steps if (low := _lowered(step, heard)))
    return decision.model_copy(
        update={
            "steps": steps,
            "reasons": (*decision.reasons, *(verdict.reason for verdict in heard)),
            "refused": decision.refused or any(v.limit is Limit.REFUSE for v in heard),
        }
    )


def lowered(mode: Mode, limit: Limit) -> Mode | None:
    """How far a step may still go under a limit; `None` where it may not even be planned."""
    match limit:
        case Limit.REFUSE:
            return None
        case Limit.NOTE:
            return mode
    return min(mode, Mode(limit), key=strength)


def _asked(guard: Guard, subject: GuardSubject) -> Verdict | None:
    try:
        return guard.judge(subject)
    except Exception as error:  # noqa: BLE001 - a brake that breaks still brakes
        # Only our own sentences are fit for the record; another error's text may hold anything.
        said = str(error) if isinstance(error, FirebreakError) else type(error).__name__
        return Verdict(
            limit=Limit.APPROVE,
            reason=f"the guard {type(guard).__name__} could not judge ({said}); "
            "everything waits until a person releases it",
        )


def _matters(verdict: Verdict, decision: Decision) -> bool:
    if verdict.limit in {Limit.REFUSE, Limit.NOTE}:
        return True
    return any(lowered(step.mode, verdict.limit) is not step.mode for step in decision.steps)


def _lowered(step: Step, verdicts: Iterable[Verdict]) -> Step | None:
    mode: Mode | None = step.mode
    for verdict in verdicts:
        mode = lowered(mode, verdict.limit) if mode else None
    return step.model_copy(update={"mode": mode}) if mode else None
