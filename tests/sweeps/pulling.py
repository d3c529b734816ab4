"""A bench whose alerts nobody sends, and what the tenant reports by itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from lab.carrier_alerts import restricted_from_sending, risk_detection, suspicious_forwarding
from lab.tenant.feeds import Content
from shared.model import PullName
from shared.store.memory import MemoryStore
from shared.store.verbs import Drop, Put
from shared.sweeps.feeds import feeds
from shared.sweeps.pull import Pull, Watermark
from shared.tasks.collect import Collector
from shared.tasks.inbox import Inbox
from tests.tasks.benches import Bench


class Killed(BaseException):
    """The worker dies here."""


class Mortal(MemoryStore):
    """A store whose worker can be killed before or after one of its writes."""

    def __init__(self) -> None:
        super().__init__()
        self.left: int | None = None
        """Writes until death; even: before one takes effect, odd: after."""

    async def write(self, *changes: Put | Drop) -> tuple[str, ...]:
        self._step()
        etags = await super().write(*changes)
        self._step()
        return etags

    def _step(self) -> None:
        if self.left is None:
            return
        self.left -= 1
        if self.left < 0:
            self.left = None
            raise Killed


class PullBench(Bench):
    """A bench on which feeds are read when it is told to."""

    def __init__(self, *names: PullName, **wishes: Any) -> None:
        pull = tuple(name.value for name in names)
        wishes["settings"] = {"pull": pull, **wishes.get("settings", {})}
        super().__init__(store=wishes.pop("store", None) or MemoryStore(), **wishes)

    async def pull(self) -> None:
        """Let the timer fire once."""
        await self.app.pull()

    async def pull_all(self, *names: PullName) -> None:
        """Read feeds to their end, as timers of some minutes would."""
        tenant = self.app.settings.tenant
        inbox = Inbox(self.store, self.messages, tenant)
        now, store = self.clock.now, self.store
        pull = Pull(
            store=store,
            collector=Collector(store=store, inbox=inbox, clock=now, tenant=tenant),
            clock=now,
            tenant=tenant,
            log=self.app.log,
        )
        for feed in feeds(self.world, names):
            await pull.run(feed)
            while self.mark(feed.name).running:
                await pull.run(feed)

    def mark(self, name: PullName) -> Watermark:
        """How far a feed has been read."""
        found = [
            r.body for r in self.store.rows() if r.partition.endswith("|pulls") and r.key == name
        ]
        return Watermark.model_validate(found[0])

    def natives(self) -> list[str]:
        """What the alerts are called where they come from."""
        return sorted(alert.native_id for alert in self.alerts())

    def detected(self, at: datetime, *, kind: str = "anonymizedIPAddress") -> str:
        """Let Identity Protection detect something about the account; it is visible now."""
        body = risk_detection(self.tenant, self.tenant.users[self.oid], at=at, kind=kind).body
        return str(json.loads(body)["value"][0]["id"])

    def alerted(self, at: datetime) -> str:
        """Let Defender raise an alert about the account."""
        body = suspicious_forwarding(self.tenant, self.tenant.users[self.oid], at=at).body
        return str(json.loads(body)["id"])

    def published(self, at: datetime, records: Sequence[Any] | None = None) -> str:
        """Let the activity feed hold one more piece of content, a restricted user's by default."""
        if records is None:
            user = self.tenant.users[self.oid]
            records = json.loads(restricted_from_sending(self.tenant, user, at=at).body)
        content = Content(
            id=f"2026${len(self.tenant.state.activity.contents)}$Audit_General",
            created_at=at,
            records=tuple(records),
        )
        self.tenant.state.activity.contents.append(content)
        return content.id

    def resolved(self, alert: str) -> None:
        """Let an analyst resolve an alert."""
        alerts = self.tenant.state.alerts
        alerts[alert] = replace(alerts[alert], status="resolved", updated_at=self.clock.now())
