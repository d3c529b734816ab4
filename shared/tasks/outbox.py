"""What somebody should be told: rows that whoever sends notifications reads, tells and drops.

A notice is written before the case says the same, so that a crash between the two at worst tells
twice. It names the case and the task and quotes nobody: whoever tells looks at the case first, and
says nothing where it does not stand as the notice says. Nothing is sent from here: a channel that
hangs costs a case nothing but one row.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from shared.model import Case, CaseId, ResponderName, Severity, Task, TenantId, Utc, Value, digest
from shared.policy.notify import Told
from shared.store.verbs import Exists, Put, Store
from shared.tasks import keys

__all__ = ["UNWRITTEN", "Notice", "Told", "announce", "announce_case", "announce_plainly"]

UNWRITTEN: Final = timedelta(minutes=2)
"""How long after a notice the case may still not say the same: its writer is about to, or died."""


class Notice(Value):
    """One thing to tell: of a task, of a case, or of what is no case's."""

    what: Told
    at: Utc
    tenant: TenantId
    case: CaseId | None = None
    responder: ResponderName | None = None
    fingerprint: str | None = None
    occasion: str = ""
    """Which time it is, where the same can happen again."""
    severity: Severity = Severity.UNKNOWN
    said: str = ""
    """A sentence of our own, where there is no case to look at."""

    @property
    def event(self) -> str:
        """What it is known by: told again after a crash, it is the same event."""
        named = (self.case or "", self.responder or "", self.fingerprint or "", self.occasion)
        return digest(self.tenant, self.what, *named)


async def announce(store: Store, task: Task, what: Told, at: Utc) -> None:
    """Write a notice about a task; the same one again is the same row."""
    notice = Notice(
        what=what,
        at=at,
        tenant=task.tenant,
        case=task.case,
        responder=task.responder,
        fingerprint=task.fingerprint,
        occasion=what.value,
    )
    await _write(store, notice)


async def announce_case(
    store: Store, case: Case, what: Told, at: datetime, *, occasion: str = ""
) -> None:
    """Write a notice about a case; `occasion` tells one time from the next.

    A case that only plans is nobody's news.
    """
    if case.dry_run:
        return
    notice = Notice(
        what=what,
        at=at,
        tenant=case.tenant,
        case=case.id,
        severity=case.severity,
        occasion=occasion,
    )
    await _write(store, notice)


async def announce_plainly(
    store: Store, tenant: TenantId, what: Told, said: str, at: datetime, *, occasion: str
) -> None:
    """Write a notice about what is no single case's, such as a guard; always loud."""
    notice = Notice(
        what=what, at=at, tenant=tenant, severity=Severity.HIGH, said=said, occasion=occasion
    )
    await _write(store, notice)


async def _write(store: Store, notice: Notice) -> None:
    key = keys.notice_row(notice.at, notice.event)
    with suppress(Exists):
        body = notice.model_dump(mode="json")
        await store.write(Put(keys.outbox(notice.tenant), key, body))
