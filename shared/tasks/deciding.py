"""What a person decides about a case is written down, whoever else writes to it meanwhile.

A decision is made on the case as it is read. Where somebody wrote to it since, it is read and
decided anew: perhaps they answered the very same, and then the decision is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from shared.errors import Refused
from shared.model import Actor, Case, CaseId, Task, TenantId
from shared.store.verbs import Queue, Store
from shared.tasks.conclusion import Conclusion
from shared.tasks.ledger import CaseFile, Clock, Line, Superseded
from shared.tasks.party import refuse_own

_TRIES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided[T]:
    """What is stored of a decision, all or nothing, and what whoever decided is told."""

    lines: Sequence[Line]
    tasks: Sequence[Task]
    case: Case | None
    told: T


class Deciding:
    """Stores decisions and hands their cases on to a worker."""

    def __init__(self, store: Store, queue: Queue, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._conclusion = Conclusion(store, queue, clock)

    async def write[T](
        self,
        tenant: TenantId,
        case: CaseId,
        decide: Callable[[CaseFile], Decided[T]],
        *,
        by: Actor,
        nothing: str,
    ) -> T:
        """Decide, store it and see that the case goes on; `nothing` says what was not done if not.

        Raises whatever `decide` does, `Gone` where there is no such case, and `Refused` where it
        was erased, is about the account of whoever decides, or never rests.
        """
        for _ in range(_TRIES):
            file = await CaseFile.to_act_on(self._store, self._clock, tenant, case)
            refuse_own(file.case, by)
            decided = decide(file)
            await self._conclusion.foretell(file, len(decided.lines))
            try:
                await file.record(*decided.lines, tasks=decided.tasks, case=decided.case)
            except Superseded:
                continue
            await self._conclusion.hand_on(file)
            return decided.told
        raise Refused(f"The case is being worked on right now; nothing was {nothing}, try again")
