"""Where a person is named outside of cases: alerts of no case, sweeps, notices, the audit trail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from shared.model import Alert, AlertId, AlertState, CaseId, TenantId, Value
from shared.posture import Run, RunState, SweepName
from shared.store.verbs import Drop, Partition, Put, Row, Store
from shared.sweeps.person import Sought
from shared.tasks import keys
from shared.tasks.delivery import Delivery
from shared.tasks.outbox import Notice
from shared.tasks.trail import Mark

_WAITING: Final = frozenset({AlertState.RECEIVED})


class Loose(Value):
    """An alert that belongs to no case."""

    id: AlertId
    body: str
    """The last part of its body's name."""
    waits: bool
    """It was not triaged yet: it may open a case in this moment."""


class Elsewhere:
    """Finds and removes what names a person, row by row; again is fine."""

    def __init__(self, store: Store, tenant: TenantId) -> None:
        self._store = store
        self._tenant = tenant

    async def loose_alerts(self, sought: Sought) -> list[Loose]:
        """List the alerts of no case that name the person."""
        at, found = keys.inbox(self._tenant), list[Loose]()
        async for row in self._store.scan(at, prefix=keys.ALERT):
            if row.body.get("case") is None and sought.named_in(row.body):
                alert = Alert.model_validate(row.body)
                body = alert.raw.rpartition("/")[2]
                found.append(Loose(id=alert.id, body=body, waits=alert.state in _WAITING))
        return found

    async def marks(self, marks: AsyncIterator[Mark], sought: Sought) -> list[int]:
        """List the lines of the audit trail that speak of the person.

        Who did something stays on record: `actor` is not looked at.
        """
        return [
            mark.seq
            async for mark in marks
            if sought.named_in([mark.text, {k: v for k, v in mark.data.items() if k != "actor"}])
        ]

    async def findings(self, sought: Sought) -> list[Row]:
        """List the findings of all sweeps that name the person."""
        found = list[Row]()
        for name in await self._sweeps():
            at = keys.findings(self._tenant, name)
            found += [row async for row in self._naming(at, sought)]
        return found

    async def sweeps_idle(self) -> bool:
        """Whether no sweep runs: what one remembers is not taken from under it."""
        at = keys.sweeps(self._tenant)
        states = [row.body["state"] async for row in self._store.scan(at, prefix=keys.RUN)]
        return RunState.RUNNING not in states

    async def drop_from_sweeps(self, sought: Sought) -> None:
        """Remove findings and what sweeps remember that names the person; raises `Conflict`."""
        for row in await self.findings(sought):
            await self._store.write(Drop(row.partition, row.key))
        home = keys.sweeps(self._tenant)
        runs = [row async for row in self._naming(home, sought)]
        for name in await self._sweeps():
            at = keys.sweep(self._tenant, name)
            for row in [row async for row in self._naming(at, sought)]:
                if row.key.startswith(keys.KEPT):
                    await self._store.write(Drop(row.partition, row.key))
                elif row.key.startswith(keys.HISTORY):
                    runs.append(row)
        for row in runs:
            if row.key.startswith((keys.RUN, keys.HISTORY)):
                await self._store.write(_without_place(row))

    async def drop_notices(self, cases: frozenset[CaseId], sought: Sought) -> None:
        """Remove what was to be told about cases, or names the person."""
        outbox, under_way = keys.outbox(self._tenant), keys.deliveries(self._tenant)
        for row in [row async for row in self._store.scan(outbox)]:
            if _about(Notice.model_validate(row.body), cases, sought):
                await self._store.write(Drop(outbox, row.key))
        for prefix in (keys.DUE, keys.DEAD):
            for row in [row async for row in self._store.scan(under_way, prefix=prefix)]:
                if _about(Delivery.model_validate(row.body).notice, cases, sought):
                    await self._store.write(Drop(under_way, row.key))

    async def drop_episode(self, sought: Sought) -> None:
        """Let no further alert join a case that is erased."""
        at = keys.account(self._tenant, sought.object_id)
        await self._store.write(Drop(at, keys.EPISODE))

    async def drop_account(self, sought: Sought) -> None:
        """Remove what is left of the account's own rows, unless a new case has begun."""
        at = keys.account(self._tenant, sought.object_id)
        rows = [row async for row in self._store.scan(at)]
        if keys.EPISODE not in {row.key for row in rows}:
            for row in rows:
                await self._store.write(Drop(at, row.key))

    async def _sweeps(self) -> list[SweepName]:
        """Name all sweeps that ever ran, those that are gone since included."""
        at = keys.sweeps(self._tenant)
        rows = [row async for row in self._store.scan(at, prefix=keys.RUN)]
        return [SweepName(row.key.removeprefix(keys.RUN)) for row in rows]

    async def _naming(self, at: Partition, sought: Sought) -> AsyncIterator[Row]:
        async for row in self._store.scan(at):
            if sought.named_in([row.key, row.body]):
                yield row


def _about(notice: Notice, cases: frozenset[CaseId], sought: Sought) -> bool:
    return notice.case in cases or sought.named_in(notice.said)


def _without_place(row: Row) -> Put:
    """Take out of a run that is over where it read last, and why it could not."""
    run = Run.model_validate(row.body).model_copy(update={"cursor": {}, "gaps": (), "reason": ""})
    return Put(row.partition, row.key, run.model_dump(mode="json"), row.etag)
