"""Whether a worker may go on with a task now: guards, switch, roles of today, an unnamed start."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from shared.clients.tenant import Tenant
from shared.errors import Refused
from shared.model import Account, Mode, Task
from shared.policy.condition import takes_two
from shared.policy.decide import Decision, Step
from shared.policy.guards import Guard, GuardSubject, apply_guards
from shared.policy.limits import Guards
from shared.responder import Change, Responder
from shared.tasks import four_eyes, resolve
from shared.tasks.brakes import Brakes
from shared.tasks.casebook import known_of
from shared.tasks.ledger import CaseFile, Clock
from shared.tasks.planning import plan
from shared.tasks.starts import in_doubt, sure_since

SWITCH_HOLDS: Final = timedelta(seconds=2)
"""How long what the kill switch said is believed; a plan that took longer asks it again."""


class Clearance:
    """Asks everything again that may have changed since the case was decided."""

    def __init__(
        self, guards: Iterable[Guard], brakes: Brakes, clock: Clock, limits: Guards
    ) -> None:
        self._guards = tuple(guards)
        self._brakes = brakes
        self._clock = clock
        self._stale = timedelta(hours=limits.stale_hours)
        self._four_eyes = limits.four_eyes

    async def subject(self, account: Account) -> GuardSubject:
        """Read what the guards look at."""
        pause = await self._brakes.pause()
        return GuardSubject(account=account, at=self._clock(), pause=pause)

    async def relearn(
        self, file: CaseFile, tasks: Iterable[Task], view: Tenant
    ) -> Exception | None:
        """Read again what the account holds, where something is to act that people released.

        They decided about what was known of it; what is learnt is stored, and adds to that. Returns
        why it could not be read now.
        """
        before = file.case.account
        if before.is_organisation or not any(task.release for task in tasks):
            return None
        try:
            held = await resolve.as_held_now(before, view)
        except Exception as error:  # noqa: BLE001 - told to each task it holds up
            return error
        after = known_of(before, held)
        if after != before:
            await file.record(case=file.case.model_copy(update={"account": after}))
        return None

    def braked(self, task: Task, subject: GuardSubject) -> tuple[Task, str]:
        """Lower a task to what the guards allow now, and say why where that is less.

        Raises `Refused` where it is nothing.
        """
        wanted = Step(responder=task.responder, phase=task.phase, mode=task.mode)
        decision = apply_guards(Decision(steps=(wanted,)), self._guards, subject)
        if decision.refused or not decision.steps:
            raise Refused(" ".join(decision.reasons) or "A guard refused this account")
        mode = decision.steps[0].mode
        why = " ".join(decision.reasons) if mode is not task.mode else ""
        return task.model_copy(update={"mode": mode}), why or self._one_too_few(task, subject)

    def _one_too_few(self, task: Task, subject: GuardSubject) -> str:
        two = takes_two(subject.account, four_eyes=self._four_eyes)
        return four_eyes.one_too_few(task, subject.account) if two else ""

    async def braked_since(self, task: Task, subject: GuardSubject) -> tuple[Task, str]:
        """Ask once more before the change, where the plan took so long that somebody may brake."""
        if subject.at is not None and self._clock() - subject.at < SWITCH_HOLDS:
            return task, ""
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
