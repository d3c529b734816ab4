"""Plan a task: what its responder finds, without what a person took out of it, and what it did."""

from __future__ import annotations

from typing import Any

from shared.clients.tenant import Tenant
from shared.model import Case, Event, Mode, Task
from shared.responder import Change, Responder
from shared.signals.table import Fact, Seen
from shared.signals.trace import span
from shared.tasks.ledger import CaseFile


async def plan(responder: Responder[Any], case: Case, task: Task, tenant: Tenant) -> Change | None:
    """Read the tenant and say what must change; what a person spared stays as it is."""
    facts = {Fact.RESPONDER: task.responder, Fact.PHASE: task.phase, Fact.ATTEMPTS: task.attempts}
    with span(Seen.PLAN, facts):
        change: Change | None = await responder.plan(case, tenant)
    return change.without(task.spared) if change else None


def may_go(responder: Responder[Any], task: Task, change: Change) -> bool:
    """Whether the change may be made: by policy, or because exactly this was released.

    What was begun under a release and was cut off half-way may be ended; nothing may be added.
    """
    if task.mode is Mode.ENFORCE:
        return True
    if task.mode is not Mode.APPROVE or task.release is None:
        return False
    if not task.release.begun:
        return change.fingerprint() == task.release.fingerprint
    released: Change = responder.revive(task.release.change)
    return released.covers(change)


def last_change(file: CaseFile, responder: Responder[Any]) -> Change | None:
    """Read the change that was last begun, if the journal has one that was not undone."""
    for entry in reversed(file.journal.entries):
        if entry.responder == responder.name:
            if entry.event is Event.UNDONE:
                return None
            if entry.event is Event.CHANGE and "change" in entry.data:
                change: Change = responder.revive(entry.data["change"])
                return change
    return None
