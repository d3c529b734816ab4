"""Asks what is left to be known of a case, pass by pass, and never waits for an answer.

What is not answered yet comes again through the queue. Nothing is changed in the tenant, and a
question that nobody answers ends as unknown: said, and not mistaken for "nothing".
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

from shared.clients.tenant import Tenant
from shared.errors import FirebreakError, Transient
from shared.model import Event
from shared.store.verbs import Store
from shared.tasks import activity, evidence, ripple, ways_in
from shared.tasks.ledger import CaseFile, Clock, Line
from shared.tasks.questions import Question, due_at, put_off, unanswered

PATIENCE: Final = timedelta(hours=6)
"""How long a question is asked again; then it is unknown."""
_AGAIN: Final = 60.0
_LONGEST: Final = 30.0
"""Seconds that one pass asks; whoever answers slower is asked again."""
_EARLY: Final = timedelta(seconds=1)
_LOGS: Final = frozenset({Question.ACTIVITY, Question.LATE_ACTIVITY})
_WAYS_IN: Final = frozenset({Question.WAYS_IN, Question.WAYS_IN_AGAIN, Question.LATE_WAYS_IN})


class Inquiries:
    """Goes on with the questions of a case."""

    def __init__(self, *, store: Store, clock: Clock, tenant: Tenant) -> None:
        self._store = store
        self._clock = clock
        self._tenant = tenant

    async def go_on(self, file: CaseFile) -> None:
        """Ask whatever is due; answers go into the journal, the rest is asked again later."""
        soon = self._clock() + _EARLY
        due = [question for question, at in unanswered(file).items() if at <= soon]
        if not due:
            return
        found = await asyncio.gather(*(self._ask(file, question) for question in due))
        waits = [wait for _, wait in found if wait is not None]
        after = self._clock() + timedelta(seconds=min(waits)) if waits else None
        lines = [line for line, _ in found if line is not None]
        case = ways_in.with_left(file.case, lines)
        await file.record(*lines, case=case.model_copy(update={"inquire_after": after}))

    async def _ask(self, file: CaseFile, question: Question) -> tuple[Line | None, float | None]:
        """Give the answer's line, or how many seconds to wait for it."""
        try:
            async with asyncio.timeout(_LONGEST):
                return await self._answer(file, question), None
        except (Transient, TimeoutError) as error:
            since = due_at(file, question)
            if since is not None and self._clock() - since < PATIENCE:
                return self._begun(file, question), getattr(error, "retry_after", None) or _AGAIN
            return _unknown(question, f"No answer within {PATIENCE}: {error}"), None
        except Exception as error:  # noqa: BLE001 - the last line: each question has an end
            known = isinstance(error, FirebreakError)
            why = str(error) if known else f"A defect: {type(error).__name__}"
            return _unknown(question, why), None

    async def _answer(self, file: CaseFile, question: Question) -> Line:
        if question in _LOGS:
            return await activity.ask(file.case, question, self._tenant, self._store)
        if question is Question.EVIDENCE:
            return await self._late_evidence(file)
        at = ripple.Looking(file, self._tenant, self._store, self._clock)
        if question in _WAYS_IN:
            return await at.ways_in(question)
        if question is Question.RIPPLE:
            return await at.traces()
        return await at.rules(question)

    async def _late_evidence(self, file: CaseFile) -> Line:
        found = await evidence.collect_late(
            put_off(file), file.case, self._tenant, at=self._clock()
        )
        line = await evidence.keep(found, self._store, case=file.case)
        return line.model_copy(update={"data": {**line.data, "question": Question.EVIDENCE}})

    def _begun(self, file: CaseFile, question: Question) -> Line | None:
        """Say once that an answer is awaited."""
        said = (e.data.get("question") for e in file.journal.entries if e.event is Event.SEARCHING)
        if question in said:
            return None
        data = {"question": question, "activity": question in _LOGS}
        return Line(
            event=Event.SEARCHING, text=f"Asked for: {question}; collected later", data=data
        )


def _unknown(question: Question, why: str) -> Line:
    data = {"question": question, "activity": question in _LOGS, "linked": [], "unknown": [why]}
    event = Event.SEARCHED if question in _LOGS else Event.RIPPLE
    return Line(event=event, text=f"Not known ({question}): {why}", data=data)
