"""Whether those who released a change are enough for what its account holds by now. Pure."""

from __future__ import annotations

from shared.door import OPERATOR
from shared.model import Account, Actor, Consent, Event, Task
from shared.policy.condition import Fit, privileged
from shared.responder import Change
from shared.tasks.ledger import CaseFile


def people(by: tuple[Actor, ...]) -> tuple[Actor, ...]:
    """Name who counts where two have to say yes: the command line proves nobody."""
    return tuple({actor.id: actor for actor in by if actor.id != OPERATOR}.values())


def one_too_few(task: Task, account: Account) -> str:
    """Say why what was released for an account that takes two people waits again; or nothing.

    Whoever released it saw an account without a role.
    """
    if task.release is None or len(people(task.release.by)) > 1:
        return ""
    names = " and ".join(actor.name for actor in task.release.by)
    if privileged(account) is Fit.UNKNOWN:
        held = f"The directory roles of {account.upn} could not be read"
    else:
        roles = ", ".join(sorted(account.roles or ())) or "not named"
        held = f"{account.upn} holds a directory role ({roles})"
    counts = (
        "a second person has" if people(task.release.by) else "two people, each signed in, have"
    )
    return f"{held} when what {names} had released was to be made: {counts} to approve it too"


def kept(file: CaseFile, task: Task, change: Change) -> tuple[Consent, ...]:
    """Keep what people said yes to, as long as it is still this very change."""
    fingerprint = change.fingerprint()
    if task.release is None or task.release.fingerprint != fingerprint:
        return ()
    ours = [e for e in file.journal.entries if e.responder == task.responder]
    at = next(e.at for e in reversed(ours) if e.event is Event.RELEASED)
    return tuple(
        Consent(by=actor, fingerprint=fingerprint, at=at) for actor in people(task.release.by)
    )
