"""A workbench with a story on it, and what is stored in plain sight."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from lab.clock import Clock
from lab.scenarios import Scenario, Story, token_thief
from lab.tenant import SimulatedTenant, TenantSettings
from lab.workbench import Workbench
from shared.app import App
from shared.clients.tenant import Tenant
from shared.foundation import Catalogue
from shared.model import Alert, Case, Entry, Json, Task
from shared.settings import Settings
from shared.store.memory import MemoryStore
from shared.tasks.intake import Reply
from shared.tasks.journal import Journal
from shared.tasks.queue import Message, decode

NOON = datetime(2026, 11, 23, 12, 0, 0, 250_000, tzinfo=UTC)
"""Between two seconds, because the directory tells no finer."""
POLICY = Path(__file__).with_name("policy.toml")
SIX = (
    "confirm_compromised",
    "disable_sign_in",
    "reset_password",
    "revoke_sessions",
    "disable_inbox_rules",
    "stop_forwarding",
)
"""The responders under that policy, in the order in which doors close."""


class Bench(Workbench):
    """The app in memory, one story, and a clock that stands at noon."""

    store: MemoryStore

    def __init__(
        self,
        *,
        story: Story = token_thief,
        at: datetime = NOON,
        tenant: Mapping[str, Any] | None = None,
        **wishes: Any,
    ) -> None:
        lab = SimulatedTenant(
            clock=Clock.frozen(at), settings=TenantSettings.instant(**(tenant or {}))
        )
        self.scenario: Scenario = story(lab)
        settings = {"policy": POLICY, **wishes.pop("settings", {})}
        super().__init__(lab, settings=settings, **wishes)

    @property
    def oid(self) -> str:
        """The account the story is about."""
        return self.scenario.oid

    async def tell(self) -> Reply:
        """Post the story's alerts."""
        replies = [await self.post(alert.source, alert.body) for alert in self.scenario.alerts]
        return replies[-1]

    async def ask(self, request: str = "1", **wishes: Any) -> Reply:
        """Post a person's request about the story's account."""
        asked = {"request": request, "user": self.oid, "reason": "it sent spam", "by": "Nia"}
        return await self.post("operator", asked | wishes)

    async def detect(self, number: int, *, level: str = "high", oid: str | None = None) -> Reply:
        """Post one more risk detection about an account."""
        (alert,) = self.scenario.alerts
        page = json.loads(alert.body)
        found = page["value"][0]
        found |= {"id": f"{number:064x}", "riskLevel": level}
        if oid is not None:
            user = self.tenant.users[oid]
            found |= {"userId": oid, "userPrincipalName": user.upn}
        return await self.post(alert.source, page)

    def under(
        self,
        path: Path,
        *,
        catalogue: Catalogue | None = None,
        world: Tenant | None = None,
        settings: Settings | None = None,
    ) -> App:
        """Make another worker on the same store, queue and tenant, under another policy."""
        return App(
            (settings or self.app.settings).model_copy(update={"policy": path}),
            catalogue or self.app.catalogue,
            store=self.store,
            queue=self.messages,
            tenant=world or self.world,
            clock=self.clock.now,
            queues=self.side_queues.__getitem__,
        )

    def rows(self, prefix: str) -> list[Json]:
        """The bodies of all rows whose key starts so."""
        return [row.body for row in self.store.rows() if row.key.startswith(prefix)]

    def unfinished(self) -> list[Json]:
        """The bodies of the todo rows that are due; a later look is not."""
        soon = (self.clock.now() + timedelta(minutes=4)).isoformat()
        return [body for body in self.rows("todo:") if body["due"] < soon]

    def alerts(self) -> list[Alert]:
        """All alerts."""
        return [Alert.model_validate(body) for body in self.rows("alert:")]

    def all_cases(self) -> list[Case]:
        """All cases."""
        return [Case.model_validate(r.body) for r in self.store.rows() if r.key == "case"]

    def the_case(self) -> Case:
        """The only case there is."""
        (case,) = self.all_cases()
        return case

    def tasks(self) -> dict[str, Task]:
        """The tasks of all cases by responder; of several cases, those of the last."""
        tasks = [Task.model_validate(body) for body in self.rows("task:")]
        return {task.responder: task for task in tasks}

    def states(self) -> set[str]:
        """The states the tasks are in."""
        return {task.state.value for task in self.tasks().values()}

    def journal(self) -> Journal:
        """The journal of the only case there is."""
        return Journal(Entry.model_validate(body) for body in self.rows("journal:"))

    def events(self, responder: str) -> list[str]:
        """What the journal says happened with one responder."""
        entries = self.journal().entries
        return [entry.event.value for entry in entries if entry.responder == responder]

    def waiting(self) -> list[Message]:
        """The messages on the queue, in the order in which they become due."""
        return [decode(message.text) for message in self.messages.messages()]

    def written(self, path: str = "") -> list[str]:
        """What we wrote to the tenant."""
        own = self.tenant.own_object_id
        return [w.what for w in self.tenant.writes if w.actor == own and path in w.path]

    async def step(self) -> bool:
        """Work off the one message that is due next; `False` where none is left."""
        message = await self._next(self.clock.now().timestamp() + 10_000)
        if message is not None:
            await self._deal(message)
        return message is not None


def other(bench: Bench, index: int = 0) -> str:
    """One of the two who have nothing to do with the story."""
    return bench.scenario.bystanders[index]


def policy(folder: Path, text: str) -> Path:
    """Write a policy; the version is put before it."""
    path = folder / f"policy-{abs(hash(text))}.toml"
    path.write_text(f"version = 1\n{text}", encoding="utf-8")
    return path
