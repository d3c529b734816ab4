"""One responder alone before a simulated tenant: for tests, ours and of whoever writes one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from lab.clock import Clock
from lab.closed_doors import shut
from lab.scenarios import Scenario, Story, full_house, synced_user
from lab.stage import SINCE
from lab.tenant import SimulatedTenant, TenantSettings
from lab.workbench import lab_client, lab_tenant
from shared.clients.tenant import Tenant
from shared.errors import Transient
from shared.model import AccountRef, Case, CaseId, ObjectId, Origin, TenantId
from shared.responder import Change, Responder
from shared.tasks.resolve import resolve

if TYPE_CHECKING:
    import httpx

NOON: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)
"""When every story on a stand is told."""
_OPENS_DOORS: Final = frozenset({"restore_sign_in"})
"""Responders that have something to do only after the doors were closed."""
_OVER_ADMINISTRATORS: Final = frozenset({"Privileged Authentication Administrator"})
"""What lets an application act on accounts that hold roles, as the intruder's victim may."""


def _unwatched(tenant: SimulatedTenant) -> Scenario:
    """Tell of an intruder who switched off what is written down about everybody."""
    tenant.state.audit_disabled, tenant.state.log_ingestion = True, False
    return full_house(tenant)


_HOMES: Final[Mapping[str, Story]] = MappingProxyType(
    {"disable_on_premises": synced_user, "restore_auditing": _unwatched}
)
"""Stories of those who have nothing to do in a full house, which is a cloud account's."""


class Stand:
    """One responder with the real clients and a frozen clock.

    Without a `story` it is one in which the responder has work to do.
    `granted` and `roles` are the rights that are left once the account is known; `None` means all.
    `entra_roles` are the directory roles of our identity, all the time.
    """

    def __init__(
        self,
        responder: Responder[Any],
        *,
        story: Story | None = None,
        granted: frozenset[str] | None = None,
        roles: frozenset[str] | None = None,
        entra_roles: frozenset[str] = _OVER_ADMINISTRATORS,
        settings: TenantSettings | None = None,
    ) -> None:
        self.responder = responder
        self.clock = Clock.frozen(NOON)
        self.lab = SimulatedTenant(
            clock=self.clock,
            exchange_roles=roles,
            entra_roles=entra_roles,
            settings=settings or TenantSettings.instant(unblock_delay=0.0),
        )
        self.scenario: Scenario = (story or _HOMES.get(responder.name, full_house))(self.lab)
        if responder.name in _OPENS_DOORS:
            shut(self.lab, self.scenario.oid)
        self.clients: list[httpx.AsyncClient] = []
        self.world: Tenant = self._connect()
        self._granted = granted

    def _connect(self) -> Tenant:
        self.clients.append(lab_client(self.lab))
        return lab_tenant(self.lab, self.clients[-1], workspace=self.lab.workspace.id)

    async def case(self, oid: str | None = None) -> Case:
        """Open a case as triage would, with all rights; then take those rights away."""
        ref = AccountRef(object_id=ObjectId(oid or self.scenario.oid))
        account = await resolve(ref, self.world)
        if self._granted is not None:
            self.lab.granted = self._granted
        self.lab.calls.clear()
        now = self.clock.now()
        return Case(
            id=CaseId("0123456789abcdef"),
            tenant=TenantId(self.lab.tenant_id),
            account=account,
            opened_at=now,
            compromised_since=now - SINCE,
            seen_until=now,
            origins=self._origins(account.object_id, since=now - SINCE),
        )

    def _origins(self, oid: str, *, since: datetime) -> tuple[Origin, ...]:
        alerts = self.lab.state.alerts.items()
        ours = [aid for aid, alert in alerts if alert.oid == oid and alert.raised_at >= since]
        incidents = self.lab.workspace.incidents.values()
        return (
            *(Origin(carrier="graph_alerts_v2", native_id=aid) for aid in sorted(ours)),
            *(
                Origin(carrier="sentinel_incident", native_id=i.name)
                for i in incidents
                if i.oid == oid
            ),
        )

    def ours(self) -> list[str]:
        """List what we wrote: method, path and account."""
        own = self.lab.own_object_id
        return [f"{w.method} {w.path} {w.oid}" for w in self.lab.writes if w.actor == own]

    def others(self) -> dict[str, Any]:
        """Everything but the account, and but the switches that a responder is there to set."""
        found = self.lab.snapshot(without=self.scenario.oid)
        return {**found, "organisation": None} if self.responder.organisation else found

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
            except Transient as error:
                self.clock.advance(error.retry_after or 5)
        raise AssertionError(f"{self.responder.name} did not come to an end")

    async def aclose(self) -> None:
        """Close the HTTP clients."""
        for client in self.clients:
            await client.aclose()
