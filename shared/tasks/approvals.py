"""A person's answer to what waits: this change and no other, or not at all.

| dies after  | what is left                           | what happens                            |
|-------------|----------------------------------------|-----------------------------------------|
| foretelling | a wake-up, and a task that still waits | a pass finds nothing to do; asked again |
| journal     | a released task, an overdue wake-up    | reconcile sends it to a worker          |
| queue       | the same, and a message                | the worker carries it out               |

The answer, its journal line and the task's new state are one transaction on the version of the task
that was shown: of two people who answer at once exactly one is heard, and the other is told.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from shared.door import OPERATOR
from shared.errors import Refused
from shared.model import (
    Actor,
    Case,
    CaseId,
    CaseStatus,
    Entry,
    Event,
    Json,
    Phase,
    ResponderName,
    Task,
    TaskState,
    TenantId,
    Value,
)
from shared.pages.approval_cards import Card
from shared.responder import Change
from shared.store.verbs import Queue, Store
from shared.tasks import approval_steps
from shared.tasks.casebook import corrected
from shared.tasks.deciding import Decided, Deciding
from shared.tasks.ledger import CaseFile, Clock
from shared.tasks.steps import Step
from shared.tasks.waiting import Catalogue, Waiting

LINK: Final = "link"
"""In the journal: the number of the signed link by which a person came."""


class Yes(Value):
    """One change that a person lets be made: as shown, or only the pieces they chose."""

    responder: ResponderName
    fingerprint: str
    """Of the change on the card: whatever was planned since is not what they saw."""
    only: tuple[str, ...] | None = None


class Answered(Value):
    """What became of a person's answer about one task."""

    responder: ResponderName
    state: TaskState
    said: str


class Approvals:
    """Takes a person's answer to what waits."""

    def __init__(
        self,
        *,
        store: Store,
        queue: Queue,
        clock: Clock,
        catalogue: Catalogue,
        waiting: Waiting,
    ) -> None:
        self._store = store
        self._clock = clock
        self._catalogue = catalogue
        self.waiting = waiting
        self._deciding = Deciding(store, queue, clock)

    async def one(self, tenant: TenantId, case: CaseId, wish: Yes, *, link: str) -> Card:
        """Show the change a link leads to. Raises `Refused` where it is over or the link used."""
        file = await CaseFile.to_act_on(self._store, self._clock, tenant, case)
        task = self._asked(file, wish, {LINK: link})
        return next(one for one in self.waiting.cards(file) if one.responder == task.responder)

    async def approve(
        self, tenant: TenantId, case: CaseId, wishes: tuple[Yes, ...], *, by: Actor, data: Json
    ) -> tuple[Answered, ...]:
        """Release changes, all of them or none. `data` goes into the journal: why, by which link.

        Raises `Refused` where one of them is not what waits now, and says what to do.
        """

        def step(file: CaseFile, wish: Yes) -> Step:
            return self._yes(file, wish, by=by, data=data)

        return await self._answer(tenant, case, wishes, step, by=by)

    async def decline(
        self, tenant: TenantId, case: CaseId, wish: Yes, *, reason: str, by: Actor, data: Json
    ) -> tuple[Answered, ...]:
        """Let a change be, with the reason. Raises `Refused` as `approve` does."""
        if not reason.strip():
            raise Refused("Say why: the next person who reads the case needs it")

        def step(file: CaseFile, wish: Yes) -> Step:
            task = self._asked(file, wish, data)
            at = self._clock()
            return approval_steps.declined(task, reason.strip(), by, at=at, data=data)

        return await self._answer(tenant, case, (wish,), step, by=by)

    async def _answer(
        self, tenant: TenantId, case: CaseId, wishes: tuple[Yes, ...], step: Any, *, by: Actor
    ) -> tuple[Answered, ...]:
        def decide(file: CaseFile) -> Decided[tuple[Answered, ...]]:
            steps: list[Step] = [step(file, wish) for wish in wishes]
            return Decided(
                lines=[line for _, line in steps],
                tasks=[task for task, _ in steps],
                case=_opened(file.case, steps, self._clock()),
                told=tuple(
                    Answered(responder=task.responder, state=task.state, said=line.text)
                    for task, line in steps
                ),
            )

        return await self._deciding.write(tenant, case, decide, by=by, nothing="released")

    def _yes(self, file: CaseFile, wish: Yes, *, by: Actor, data: Json) -> Step:
        task = self._asked(file, wish, data)
        shown: Change = self._catalogue[task.responder].revive(task.change or {})
        spared = _spared(shown, wish)
        chosen = shown.without(spared)
        if chosen is None:
            raise Refused("Nothing was chosen; to let all of it be, decline it and say why")
        if not self.waiting.needs_two(file.case):
            return approval_steps.released(task, chosen, spared, (by,), data=data)
        if by.id == OPERATOR:
            raise Refused(
                "This account takes two different people, and the command line proves nobody: "
                "let them approve it on the approvals page, each signed in"
            )
        wait = self.waiting.wait(task)
        others = [c.by for c in wait.consents if c.fingerprint == chosen.fingerprint()]
        if any(other.id == by.id for other in others):
            said = "you approved this already; a second person has to approve it too"
            raise Refused(f"{wish.responder}: {said}")
        if others:
            return approval_steps.released(task, chosen, spared, (*others, by), data=data)
        waits = approval_steps.consented(task, wait, chosen, by, at=self._clock())
        return waits, approval_steps.first_yes(task, chosen, by, data)

    def _asked(self, file: CaseFile, wish: Yes, data: Json) -> Task:
        """Find the task that waits for just this answer, or say why there is none."""
        if used := _used(file, data):
            raise Refused(f"This link was used, by {used.actor}; the case says what became of it")
        task = file.tasks.get(wish.responder)
        if task is None or task.responder not in self._catalogue:
            raise Refused(f"{wish.responder} has no task in this case; look at the case's page")
        if task.state is not TaskState.WAITING:
            raise Refused(_over(file, task))
        if task.fingerprint != wish.fingerprint:
            raise Refused(
                f"{task.responder}: the tenant moved since this was shown, so it was planned "
                "again; look at the change as it is now and answer that"
            )
        if task.wait is not None and task.wait.expires_at <= self._clock():
            raise Refused(f"{task.responder}: the time to answer is over; open the case again")
        return task


def _opened(case: Case, steps: list[Step], at: datetime) -> Case | None:
    """Open the case where something goes on, so that whoever looks sees that it does.

    Whoever releases a change of the account takes the case for no false alarm.
    """
    released = [task for task, _ in steps if task.state is TaskState.QUEUED]
    if not released:
        return None
    acts = any(task.phase is not Phase.CLOSE for task in released)
    case = corrected(case, at) if acts else case
    return case.model_copy(update={"status": CaseStatus.OPEN})


def _spared(shown: Change, wish: Yes) -> frozenset[str]:
    """Name the pieces that were not chosen. Raises `Refused` where one cannot choose like that."""
    if wish.only is None:
        return frozenset()
    if not shown.pieces:
        raise Refused(f"{wish.responder} is one setting: release all of it, or decline it")
    if unknown := sorted(set(wish.only) - set(shown.pieces)):
        raise Refused(f"{wish.responder} has no foothold {', '.join(unknown)}; look at the card")
    return frozenset(shown.pieces) - set(wish.only)


def _used(file: CaseFile, data: Json) -> Entry | None:
    number = data.get(LINK)
    return next((e for e in file.journal.entries if number and e.data.get(LINK) == number), None)


def _over(file: CaseFile, task: Task) -> str:
    """Say what became of a task that no longer waits, and who decided."""
    answers = {Event.RELEASED, Event.DECLINED, Event.EXPIRED, Event.SINCE}
    ours = [e for e in file.journal.entries if e.responder == task.responder]
    last = next((e for e in reversed(ours) if e.event in answers), None)
    if last is None:
        return f"{task.responder} does not wait for anybody. {task.reason or f'It is {task.state}'}"
    return f"Answered already, at {last.at:%H:%M:%S} UTC. {last.text}"
