"""A provider with two customers whose people, on the face of it, are the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lab.clock import Clock
from lab.practice import Practice, secret_of
from lab.scenarios import Scenario, token_thief
from lab.tenant import SimulatedTenant, TenantSettings
from lab.workbench import as_operator
from shared.desk import Page
from shared.model import Case, Json, TenantId
from shared.paths import Ask
from shared.store.memory import MemoryStore
from shared.store.verbs import Row
from tests.tasks.benches import NOON, POLICY

ACME, GLOBEX = "acme", "globex"
BOTH = (ACME, GLOBEX)


class Bench(Practice):
    """Two customers, a story in each, and a clock that stands at noon.

    Both tenants have the same domains and people of the same names: only ids tell them apart.
    """

    store: MemoryStore

    def __init__(self, folder: Path, **wishes: Any) -> None:
        clock = Clock.frozen(NOON)
        home, acme, globex = (
            SimulatedTenant(clock=clock, seed=seed, settings=TenantSettings.instant())
            for seed in (1, 2, 3)
        )
        self.stories: dict[str, Scenario] = {ACME: token_thief(acme), GLOBEX: token_thief(globex)}
        settings = {"policy": POLICY, **wishes.pop("settings", {})}
        super().__init__(
            home, {ACME: acme, GLOBEX: globex}, folder=folder, settings=settings, **wishes
        )

    async def tell(self, name: str, *, level: str = "high") -> None:
        """Deliver a customer's alert to that customer's source."""
        (alert,) = self.stories[name].alerts
        page = json.loads(alert.body)
        page["value"][0]["riskLevel"] = level
        reply = await self.deliver(name, alert.source, page)
        assert reply.status == 202, reply.body

    async def play(self, *names: str, level: str = "high") -> None:
        """Let the alerts of these customers come in, and see their cases through."""
        for name in names:
            await self.tell(name, level=level)
        self.clock.advance(2)
        await self.settle()

    def tenant_of(self, name: str) -> TenantId:
        """The id of a customer's tenant."""
        return TenantId(self.customers[name].tenant_id)

    def rows(self, name: str) -> list[Row]:
        """All rows of a customer."""
        return [r for r in self.store.rows() if r.partition.startswith(self.tenant_of(name))]

    def case_of(self, name: str) -> Case:
        """The only case of a customer."""
        (case,) = [Case.model_validate(r.body) for r in self.rows(name) if r.key == "case"]
        return case

    def written(self, name: str) -> list[str]:
        """What we wrote to a customer's tenant."""
        lab = self.customers[name]
        return [w.what for w in lab.writes if w.actor == lab.own_object_id]

    def marks(self, name: str) -> set[str]:
        """What may be known of a customer by nobody else: ids of its tenant, case and account."""
        rows = self.rows(name)
        alerts = {r.body["id"] for r in rows if r.key.startswith("alert:")}
        cases = {r.body["id"] for r in rows if r.key == "case"}
        return {self.tenant_of(name), self.stories[name].oid} | alerts | cases

    async def get(self, path: str, headers: dict[str, str] | None = None) -> Page:
        """Read a page below `tenants/`."""
        return await self.app.at("GET", path, Ask(headers or {}, {}))

    async def command(self, path: str, request: Json, *, as_: str) -> Page:
        """Send what the command line of a customer, or with an empty name the provider's, sends."""
        body = json.dumps({"by": "Nia", **request}).encode()
        headers = as_operator(f"tenants/{path}", body, self.clock.now(), secret=secret_of(as_))
        return await self.app.at("POST", path, Ask(headers, {}, body))


def texts(rows: list[Row]) -> Iterator[str]:
    """Everything that rows say, keys and all."""
    for row in rows:
        yield f"{row.partition} {row.key} {json.dumps(row.body)}"
