"""Whether a worker may go on with a task now: the guards, the kill switch, a start nobody named."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from shared.clients.tenant import Tenant
from shared.errors import Refused
from shared.model import Account, Mode, Task
from shared.policy.decide import Decision, Step
from shared.policy.guards import Guard, GuardSubject, apply_guards
from shared.responder import Change, Responder
from shared.tasks.brakes import Brakes
from shared.tasks.ledger import CaseFile, Clock
from shared.tasks.planning import plan
from shared.tasks.starts import in_doubt, sure_since

SWITCH_HOLDS: Final = timedelta(seconds=2)
"""How long what the kill switch said is believed; a plan that took longer asks it again."""


class Clearance:
    """Asks everything again that may have changed since the case was decided."""

    def __init__(
        self, guards: Iterable[Guard], brakes: Brakes, clock: Clock, stale: timedelta
    ) -> None:
        self._guards = tuple(guards)
        self._brakes = brakes
        self._clock = clock
        self._stale = stale

    async def subject(self, account: Account) -> GuardSubject:
        """Read what the guards look at."""
        pause = await self._brakes.pause()
        return GuardSubject(account=account, at=self._clock(), pause=pause)

    def braked(self, task: Task, subject: GuardSubject) -> Task:
        """Lower a task to what the guards allow now. Raises `Refused` where it is nothing."""
        wanted = Step(responder=task.responder, phase=task.phase, mode=task.mode)
        decision = apply_guards(Decision(steps=(wanted,)), self._guards, subject)
        if decision.refused or not decision.steps:
            raise Refused(" ".join(decision.reasons) or "A guard refused this account")
        return task.model_copy(update={"mode": decision.steps[0].mode})

    async def braked_since(self, task: Task, subject: GuardSubject) -> Task:
        """Ask once more before the change, where the plan took so long that somebody may brake."""
        if subject.at is not None and self._clock() - subject.at < SWITCH_HOLDS:
            return task
        return self.braked(task, await self.subject(subject.account))

    async def doubt(
        self,
        file: CaseFile,
        task: Task,
        change: Change | None,
        responder: Responder[Any],
        view: Tenant,
    ) -> str:
        """Say why an enforced change asks: it would be less without a start that nobody named.

        A change that is made again without a new plan was asked about a moment ago.
        """
        sure = sure_since(file, self._stale)
        if sure is None or change is None or task.resume or task.mode is not Mode.ENFORCE:
            return ""
        near = file.case.model_copy(update={"compromised_since": sure})
        less = await plan(responder, near, task, view)
        same = less is not None and less.fingerprint() == change.fingerprint()
        return "" if same else in_doubt(file.case.compromised_since, sure)
