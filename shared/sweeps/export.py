"""Everything that was done and by whom, one line after the other: `firebreak audit export`.

The audit trail first, then case after case, newest first; one case is in memory at a time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from shared.errors import Gone
from shared.model import CaseId, Chained, ObjectId, Phase, ResponderName, TenantId, Utc, Value
from shared.store.verbs import Store
from shared.tasks import keys
from shared.tasks.chain import erased
from shared.tasks.erased import NOBODY
from shared.tasks.ledger import CaseFile, Clock
from shared.tasks.trail import Trail


class Exported(Value):
    """One line of a journal or of the audit trail, with what it belongs to."""

    tenant: TenantId
    case: CaseId | None = None
    account: ObjectId | None = None
    upn: str = ""
    event: str
    responder: ResponderName | None = None
    phase: Phase | None = None
    seq: int
    at: Utc
    actor: str
    text: str
    erased: bool = False
    """What it said was erased; that it was there, and when, can still be proven."""
    data: dict[str, object] = {}  # noqa: RUF012 - pydantic copies it
    salt: str
    said: str
    before: str
    hash: str

    @property
    def id(self) -> str:
        """Name the line among all lines."""
        return f"{self.case or 'trail'}:{self.seq}"


class Export:
    """Reads out what is on record of one tenant."""

    def __init__(self, store: Store, clock: Clock, tenant: TenantId) -> None:
        self._store = store
        self._clock = clock
        self._tenant = tenant

    async def lines(
        self, *, since: datetime | None = None, case: CaseId | None = None
    ) -> AsyncIterator[Exported]:
        """Give every line from `since` on; with `case` only that case's, or `Gone`."""
        if case is not None and not (await self._load(case)).exists:
            raise Gone(f"There is no case {case}")
        source = self._everything() if case is None else self._case(case)
        async for line in source:
            if since is None or line.at >= since:
                yield line

    async def _everything(self) -> AsyncIterator[Exported]:
        async for mark in Trail(self._store, self._clock, self._tenant).lines():
            yield Exported(tenant=self._tenant, erased=_gone(mark), **mark.model_dump())
        async for row in self._store.scan(keys.cases(self._tenant), prefix=keys.LISTED):
            async for line in self._case(CaseId(row.body["id"])):
                yield line

    async def _case(self, case: CaseId) -> AsyncIterator[Exported]:
        file = await self._load(case)
        if not file.exists:
            return
        account = file.case.account if file.case.erased_at is None else NOBODY
        for entry in file.journal.entries:
            task = file.tasks.get(entry.responder) if entry.responder else None
            yield Exported(
                tenant=self._tenant,
                case=case,
                account=account.object_id,
                upn=account.upn,
                phase=task.phase if task else None,
                erased=_gone(entry),
                **entry.model_dump(),
            )

    async def _load(self, case: CaseId) -> CaseFile:
        return await CaseFile.load(self._store, self._clock, self._tenant, case)


def _gone(line: Chained) -> bool:
    return line == erased(line)
