"""Look for tampering in alerts: what each holds, its body, and that each is still there.

An alert that joined a case is vouched for by the case's journal. One that opened none stands in the
list of what people see, which is written with it, and in the anchor of its day.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from datetime import date
from typing import Final

from pydantic import ValidationError

from shared.errors import Defect
from shared.model import ALERTS_FOR_PEOPLE, Alert, AlertId, AlertState, CaseId, TenantId, digest
from shared.store.verbs import Row, Store
from shared.sweeps.erased_record import ErasedRecord
from shared.sweeps.tampering import Tampered, at
from shared.tasks import keys

_IN_NO_LIST: Final = frozenset({AlertState.RECEIVED, AlertState.TRIAGED})
"""Alerts in these states are on their way to a case, or in one."""


class AlertWalk:
    """Walks the partition of alerts once."""

    def __init__(
        self,
        store: Store,
        tenant: TenantId,
        *,
        erased: ErasedRecord,
        listed: Collection[CaseId],
        anchored: Mapping[AlertId, date],
    ) -> None:
        self._store = store
        self._tenant = tenant
        self._at = keys.inbox(tenant)
        self._erased = erased
        self._listed = listed
        self._awaited = {alert: f"the anchor of {day}" for alert, day in anchored.items()}
        self._shown: dict[AlertId, Row] = {}
        self.looked_at = 0

    async def run(self) -> AsyncIterator[Tampered]:
        """Give each alert that is not as it was written, and each that is gone."""
        async for line in self._store.scan(self._at, prefix=keys.SHOWN):
            alert = AlertId(str(line.body.get("alert", "")))
            if line.key.rpartition(":")[2] != alert:
                yield Tampered(where=at(self._at, line.key), what="names another alert")
            self._shown[alert] = line
            self._awaited.setdefault(alert, "the list of alerts")
        async for row in self._store.scan(self._at, prefix=keys.ALERT):
            async for fault in self._alert(row):
                yield fault
        for alert in sorted(self._awaited):
            # One that came while this looked was not walked over.
            row_key = keys.alert_row(alert)
            gone = await self._store.read(self._at, row_key) is None
            if gone and alert not in self._erased.alerts:
                said = f"the alert was removed; {self._awaited[alert]} names it"
                yield Tampered(where=at(self._at, row_key), what=said)

    async def _alert(self, row: Row) -> AsyncIterator[Tampered]:
        self.looked_at += 1
        where = at(row.partition, row.key)
        self._awaited.pop(AlertId(row.key.removeprefix(keys.ALERT)), None)
        try:
            alert = Alert.model_validate(row.body)
        except ValidationError as error:
            yield Tampered(where=where, what=f"cannot be read: {error.errors()[0]['msg']}")
            return
        if row.key != keys.alert_row(alert.id):
            yield Tampered(where=where, what="holds another alert")
        if alert.case and alert.case not in self._listed:
            home = f"{self._tenant}|case|{alert.case}"
            said = f"is in no list, or was removed; alert {alert.id} names it"
            yield Tampered(where=home, what=f"the case {said}")
        if alert.body_erased and not self._erased.covers(alert):
            yield Tampered(where=where, what="says that its body was erased, and nothing else does")
        async for fault in self._list_faults(alert, where):
            yield fault
        async for fault in self._body_faults(alert):
            yield fault

    async def _list_faults(self, alert: Alert, where: str) -> AsyncIterator[Tampered]:
        """Compare an alert with its line in the list that people see."""
        if alert.state in _IN_NO_LIST:
            return
        # The line may have been written since the list was read.
        key = keys.shown_row(alert.received_at, alert.id)
        line = self._shown.get(alert.id) or await self._store.read(self._at, key)
        if line is None:
            yield Tampered(where=where, what="is in no list that people see, and in no case")
        elif line.body.get("state") == AlertState.IGNORED != alert.state:
            yield Tampered(
                where=at(self._at, line.key), what="says ignored, and the alert does not"
            )
        elif line.body.get("source", alert.source) != alert.source:
            yield Tampered(where=at(self._at, line.key), what="names another source")
        if alert.state in ALERTS_FOR_PEOPLE and not await self._waits(alert):
            said = "waits for a person, and is not in the list of those that do"
            yield Tampered(where=where, what=said)

    async def _waits(self, alert: Alert) -> bool:
        """Whether an alert has its line among those for people, or was answered meanwhile."""
        key = keys.person_row(alert.received_at, alert.id)
        line = await self._store.read(self._at, key)
        if line is not None:
            source = line.body.get("source", alert.source)
            return bool((line.body.get("alert"), source) == (alert.id, alert.source))
        now = await self._store.read(self._at, keys.alert_row(alert.id))
        return now is None or now.body.get("state") not in ALERTS_FOR_PEOPLE

    async def _body_faults(self, alert: Alert) -> AsyncIterator[Tampered]:
        if alert.native_id == digest("", alert.reason):
            # Another tenant's, of which nothing was kept; the id says that it never had a body.
            return
        data = await self._body(alert.raw)
        if data is None and not self._erased.covers(alert):
            yield Tampered(where=alert.raw, what=f"the body of alert {alert.id} was removed")
        elif data is not None and alert.raw.rpartition("/")[2] not in _names_of(data):
            yield Tampered(where=alert.raw, what=f"the body of alert {alert.id} was changed")

    async def _body(self, name: str) -> bytes | None:
        try:
            return await self._store.fetch(name)
        except Defect:
            # A name that no blob can have is not one that we wrote.
            return None


def _names_of(data: bytes) -> tuple[str, str]:
    """Name a body as intake does, and as the poison queue's keeper does."""
    return digest(data.hex(), length=64), digest(data.decode(errors="replace"), length=64)
