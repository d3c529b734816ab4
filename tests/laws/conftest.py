from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from lab.clock import Clock
from lab.scenarios import Scenario, Story, token_thief
from lab.tenant import SimulatedTenant, TenantSettings
from lab.workbench import lab_client, lab_tenant
from shared.clients.tenant import Tenant
from shared.errors import Transient
from shared.model import AccountRef, Case, CaseId, ObjectId, TenantId
from shared.responder import Change, Responder
from shared.tasks.triage import resolve

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Stand:
    """One responder alone before a simulated tenant, with the real clients and a frozen clock."""

    def __init__(
        self,
        responder: Responder[Any],
        *,
        story: Story = token_thief,
        granted: frozenset[str] | None = None,
        roles: frozenset[str] | None = None,
        settings: TenantSettings | None = None,
    ) -> None:
        self.responder = responder
        self.clock = Clock.frozen(NOON)
        self.lab = SimulatedTenant(
            clock=self.clock,
            exchange_roles=roles,
            settings=settings or TenantSettings.instant(),
        )
        self.scenario: Scenario = story(self.lab)
        self.clients: list[httpx.AsyncClient] = []
        self.world: Tenant = self._connect()
        self._granted = granted

    def _connect(self) -> Tenant:
        self.clients.append(lab_client(self.lab))
        return lab_tenant(self.lab, self.clients[-1])

    async def case(self, oid: str | None = None) -> Case:
        """Open a case as triage would, with all rights; then take those rights away."""
        ref = AccountRef(object_id=ObjectId(oid or self.scenario.oid))
        account = await resolve(ref, self.world)
        if self._granted is not None:
            self.lab.granted = self._granted
        self.lab.calls.clear()
        return Case(
            id=CaseId("0123456789abcdef"),
            tenant=TenantId(self.lab.tenant_id),
            account=account,
            opened_at=NOON,
            compromised_since=NOON,
            seen_until=NOON,
        )

    def ours(self) -> list[str]:
        """What we wrote."""
        own = self.lab.own_object_id
        return [f"{w.method} {w.path} {w.oid}" for w in self.lab.writes if w.actor == own]

    async def until_done(self, case: Case, *, tries: int = 40) -> list[Change]:
        """Plan and apply again and again, as the runner does, until nothing is left."""
        made: list[Change] = []
        for _ in range(tries):
            try:
                change = await self.responder.plan(case, self.world)
                if change is None:
                    return made
                made.append(change)
                await self.responder.apply(change, self.world)
            except Transient:
                self.clock.advance(5)
        raise AssertionError(f"{self.responder.name} did not come to an end")

    async def aclose(self) -> None:
        for client in self.clients:
            await client.aclose()


type MakeStand = Callable[..., Stand]


@pytest.fixture
async def stand() -> AsyncIterator[MakeStand]:
    made: list[Stand] = []

    def make(responder: Responder[Any], **wishes: Any) -> Stand:
        made.append(Stand(responder, **wishes))
        return made[-1]

    yield make
    for one in made:
        await one.aclose()
