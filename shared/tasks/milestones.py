"""What a pass over a case brought it to, as it is measured: acted, contained, proven."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from shared.model import Alert, Case, Task, TaskState
from shared.signals.table import Fact, Metric
from shared.signals.trace import belongs_to, listening, measured
from shared.store.verbs import Store
from shared.tasks import keys
from shared.tasks.ledger import CaseFile


def in_its_trace(file: CaseFile) -> None:
    """Put what is done now into the trace of the alert that opened the case."""
    opener = file.case.alerts[0] if file.case.alerts else file.case.id
    belongs_to(opener, {Fact.CASE: file.case.id, Fact.STATE: file.case.status})


@dataclass(frozen=True, slots=True)
class Milestones:
    """Where a case had got to when a pass began."""

    acted: datetime | None
    contained: datetime | None
    proven: datetime | None

    @classmethod
    def of(cls, file: CaseFile) -> Self:
        """Read them off a case."""
        acted = min((t.applied_at for t in file.tasks.values() if t.applied_at), default=None)
        return cls(acted, file.case.contained_at, file.case.proven_at)

    async def passed(self, file: CaseFile, store: Store) -> None:
        """Measure what was reached since; only the first time that it was."""
        in_its_trace(file)
        now = type(self).of(file)
        reached = {
            Metric.TIME_TO_FIRST_ACTION: None if self.acted else now.acted,
            Metric.TIME_TO_CONTAINED: None if self.contained or not now.acted else now.contained,
            Metric.TIME_TO_PROVEN: None if self.proven or not now.acted else now.proven,
        }
        if not listening() or not any(reached.values()):
            return
        since = await _received_at(file.case, store)
        facts = {Fact.KIND: ",".join(sorted(file.case.kinds)), Fact.HANDS: _hands(file)}
        for metric, at in reached.items():
            if at is not None:
                measured(metric, max((at - since).total_seconds(), 0.0), facts)


def count(task: Task) -> None:
    """Count a task that was given up."""
    if task.state is TaskState.FAILED:
        facts = {Fact.RESPONDER: task.responder, Fact.PHASE: task.phase}
        measured(Metric.TASK_FAILED, facts=facts)


async def _received_at(case: Case, store: Store) -> datetime:
    """Tell when the first alert came in; when the case was opened, where its row is gone."""
    if not case.alerts:
        return case.opened_at
    row = await store.read(keys.inbox(case.tenant), keys.alert_row(case.alerts[0]))
    return Alert.model_validate(row.body).received_at if row else case.opened_at


def _hands(file: CaseFile) -> str:
    return "person" if any(task.release for task in file.tasks.values()) else "itself"
