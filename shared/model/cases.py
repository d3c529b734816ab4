"""One compromise of one account, from the first alert to the last look."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from shared.model.accounts import Account
from shared.model.alerts import AlertKind, Origin, Severity
from shared.model.tasks import Leftover
from shared.model.words import AlertId, CaseId, TenantId, Utc, Value


class CaseStatus(StrEnum):
    """Where a case stands: work is left, a person is needed, or all that was planned is proven."""

    OPEN = "open"
    WAITING = "waiting"
    CONTAINED = "contained"
    OBSERVED = "observed"
    NEEDS_PERSON = "needs_person"
    CLOSED = "closed"


class Judgement(StrEnum):
    """A person's word on whether somebody was in, which outweighs what alerts say."""

    FALSE_ALARM = "false_alarm"
    COMPROMISE = "compromise"
    """Said of what had been called a false alarm before."""


class Case(Value):
    """One account, one episode: all alerts about it join it, all tasks belong to it."""

    id: CaseId
    tenant: TenantId
    account: Account
    status: CaseStatus = CaseStatus.OPEN
    opened_at: Utc
    compromised_since: Utc
    """The earliest evidence of the intruder; plans look at what changed since then."""
    seen_until: Utc
    """The latest moment the intruder is known or feared to have been in: never before opening."""
    alerts: tuple[AlertId, ...] = ()
    origins: tuple[Origin, ...] = ()
    """The same alerts as their sources know them, so that they can be answered there."""
    kinds: frozenset[AlertKind] = frozenset()
    title: str = ""
    severity: Severity = Severity.UNKNOWN
    reasons: tuple[str, ...] = ()
    """Why the policy and the guards decided as they did, in sentences."""
    dry_run: bool = False
    contained_at: Utc | None = None
    """When all that goes on by itself had ended; later looks count from here."""
    looks: int = 0
    """How many later looks found that nothing came back, since it was contained."""
    look_after: Utc | None = None
    """Not before this: a look was tried and could not be made."""
    proven_at: Utc | None = None
    """When a look found nothing at a time when nothing could come back any more."""
    inquire_after: Utc | None = None
    """Not before this: what is being found out was asked for a moment ago."""
    left: tuple[Leftover, ...] = ()
    """What a person has to do about the account as a whole, whatever became of the tasks."""
    poisonings: int = 0
    """How often its message ended in the poison queue."""
    judgement: Judgement | None = None
    """What a person said that it was."""
    judged_at: Utc | None = None
    restored_at: Utc | None = None
    """When the owner was let back in: what is made from then on is the owner's."""
    erased_at: Utc | None = None
    """When it was decided to erase whom and what this is about: from then on nothing of it is
    shown, and nobody acts on it."""

    @property
    def false_alarm(self) -> bool:
        """Whether a person said that nobody was in: whatever else comes only asks."""
        return self.judgement is Judgement.FALSE_ALARM

    def owners(self, made_at: datetime | None) -> bool:
        """Whether a thing is the owner's by its time: an unknown time proves nothing."""
        if self.restored_at is None or made_at is None:
            return False
        return made_at >= self.restored_at


TOKEN_LIFE = timedelta(minutes=65)
"""How long an access token that nobody can revoke may still work (no continuous evaluation)."""


CAE_LIFE = timedelta(minutes=15)
"""How long until continuous access evaluation has cut off the clients and services that know it."""
