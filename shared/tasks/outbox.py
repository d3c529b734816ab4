"""What somebody should be told: rows that whoever sends notifications reads, tells and drops.

A notice is written before the case says the same, so that a crash between the two at worst tells
twice. It names the case and the task and nothing else: whoever tells looks at the case first, and
says nothing where the task no longer stands as the notice says.
"""

from __future__ import annotations

from contextlib import suppress
from enum import StrEnum

from shared.model import CaseId, ResponderName, Task, TenantId, Utc, Value
from shared.store.verbs import Exists, Put, Store
from shared.tasks import keys


class Told(StrEnum):
    """What a notice is about."""

    APPROVAL_WANTED = "approval_wanted"
    ESCALATED = "escalated"
    EXPIRED = "expired"


class Notice(Value):
    """One thing to tell, about one task of one case."""

    what: Told
    at: Utc
    tenant: TenantId
    case: CaseId
    responder: ResponderName
    fingerprint: str | None


async def announce(store: Store, task: Task, what: Told, at: Utc) -> None:
    """Write a notice; the same one again is the same row."""
    notice = Notice(
        what=what,
        at=at,
        tenant=task.tenant,
        case=task.case,
        responder=task.responder,
        fingerprint=task.fingerprint,
    )
    key = keys.notice_row(at, task.case, f"{what}:{task.responder}")
    with suppress(Exists):
        await store.write(Put(keys.outbox(task.tenant), key, notice.model_dump(mode="json")))
