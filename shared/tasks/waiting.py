"""What waits for a person, as cards: each shows a change exactly as it was planned."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from shared.errors import Gone
from shared.model import (
    Case,
    CaseId,
    ResponderName,
    Task,
    TaskState,
    TenantId,
    Wait,
)
from shared.pages.approval_cards import ApprovalsView, Card, card
from shared.policy.condition import takes_two
from shared.policy.limits import Approvals as Terms
from shared.responder import Responder
from shared.store.verbs import Store
from shared.tasks import keys
from shared.tasks.awaited import Awaited, Wanted, awaited
from shared.tasks.ledger import CaseFile, Clock, in_order

type Catalogue = Mapping[ResponderName, Responder[Any]]


class Waiting:
    """Shows what waits for a person; changes nothing."""

    def __init__(
        self, store: Store, clock: Clock, catalogue: Catalogue, *, terms: Terms, four_eyes: bool
    ) -> None:
        self._store = store
        self._clock = clock
        self._catalogue = catalogue
        self._terms = terms
        self._four_eyes = four_eyes

    async def page(self, tenant: TenantId, wanted: Wanted) -> ApprovalsView:
        """List a page of what waits, whatever expires first on top, or what waits in one case."""
        if wanted.case:
            found = Awaited(cases=(CaseId(wanted.case),))
            cards = [await self.of(tenant, found.cases[0])]
        else:
            found = await awaited(self._store, tenant, wanted)
            cards = await asyncio.gather(*(self._listed(tenant, case) for case in found.cases))
        shown = tuple(chain.from_iterable(cards))
        return ApprovalsView(
            at=self._clock(),
            cards=shown,
            changes=found.changes or len(shown),
            cases=len(found.cases),
            cases_before=found.before,
            cases_in_all=found.cases_in_all or len(found.cases),
            at_least=found.at_least,
            after=found.after,
        )

    async def of(self, tenant: TenantId, case: CaseId) -> tuple[Card, ...]:
        """List what waits in one case, in the order in which doors close."""
        at = keys.case(tenant, case)
        row = await self._store.read(at, keys.CASE)
        if row is None:
            raise Gone("There is no such case")
        rows = [row async for row in self._store.scan(at, prefix=keys.TASK)]
        return self._cards(
            Case.model_validate(row.body), [Task.model_validate(one.body) for one in rows]
        )

    async def _listed(self, tenant: TenantId, case: CaseId) -> tuple[Card, ...]:
        """List the same of a case on the page: one that is not there hides no other."""
        try:
            return await self.of(tenant, case)
        except Gone:
            return ()

    def cards(self, file: CaseFile) -> tuple[Card, ...]:
        """Make the cards of what waits in a case."""
        return self._cards(file.case, file.tasks.values())

    def _cards(self, case: Case, tasks: Iterable[Task]) -> tuple[Card, ...]:
        return tuple(
            card(
                case,
                task,
                self._catalogue[task.responder],
                wait=self.wait(task),
                four_eyes=self.needs_two(case),
            )
            for task in in_order(tasks)
            if task.state is TaskState.WAITING and task.responder in self._catalogue
        )

    def wait(self, task: Task) -> Wait:
        """Give since when a task waits, and until when; from now on where it was not written."""
        return task.wait or self._terms.wait(self._clock())

    def needs_two(self, case: Case) -> bool:
        """Whether two different people have to approve what is done to this account."""
        return takes_two(case.account, four_eyes=self._four_eyes)
