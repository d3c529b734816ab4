"""A provider's deployment in one process: its own tenant and two customers', behind one front.

Tokens for the customers' tenants come by the exchange that a deployment makes: the managed
identity's word for the application, through azure-identity, to each customer's Entra.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from lab.tenant import SimulatedTenant
from lab.tenant.azure_transport import AzureTransport
from lab.tenant.street import Street
from lab.workbench import SECRET, LabCredential, Workbench, lab_client, lab_tenant, sources
from responders import catalogue
from shared.app import App
from shared.clients.federated import FederatedCredential
from shared.clients.tenant import Tenant
from shared.model import Json, TenantId
from shared.provider import Provider
from shared.tasks.intake import Reply

AUTHORITY: Final = "https://login.microsoftonline.com"
TITLES: Final = {"acme": "Acme Ltd", "globex": "Globex Inc"}


def secret_of(name: str) -> str:
    """Tell the secret that signs a customer's alerts and commands; each has its own."""
    return f"{SECRET}-{name}" if name else SECRET


class Practice(Workbench):
    """The provider's app, three tenants, and a worker that runs when it is told to.

    `customers` are simulated tenants by the names in `TITLES`; `folder` takes the registry, and
    `special` adds lines of TOML to a customer's entry there; `more` are the customers' channels.
    """

    app: Provider

    def __init__(
        self,
        home: SimulatedTenant,
        customers: dict[str, SimulatedTenant],
        *,
        folder: Path,
        special: dict[str, str] | None = None,
        more: tuple[Json, ...] = (),
        **wishes: Any,
    ) -> None:
        super().__init__(home, **wishes)
        self.customers = customers
        street = Street(home, *customers.values())
        self.client = lab_client(street)
        registry = folder / "tenants.toml"
        registry.write_text(written(customers, special or {}), encoding="utf-8")
        own = self.app.settings
        self.world = lab_tenant(home, self.client, store=self.store)
        self.app = Provider(
            own.model_copy(
                update={
                    "tenants": registry,
                    "sources": (*own.sources, *self._more()),
                    "channels": (*own.channels, *more),
                }
            ),
            catalogue(),
            store=self.store,
            queue=self.messages,
            tenant=self.world,
            clock=self.clock.now,
            worlds={TenantId(t.tenant_id): self._world(t, street) for t in customers.values()},
        )

    def of(self, name: str) -> App:
        """Give a customer's app, or with an empty name the provider's own."""
        return self.app.customers[name] if name else self.app

    async def deliver(self, name: str, source: str, body: bytes | Json) -> Reply:
        """Post an alert to a customer's source, signed with that customer's secret."""
        address = f"{name}.{source}" if name else source
        return await self.post(address, body, secret=secret_of(name))

    def _world(self, tenant: SimulatedTenant, street: Street) -> Tenant:
        credential = FederatedCredential(
            LabCredential(self.tenant),
            tenant=tenant.tenant_id,
            application=tenant.own_app_id,
            authority=AUTHORITY,
            transport=AzureTransport(street),
        )
        return lab_tenant(tenant, self.client, store=self.store, credential=credential)

    def _more(self) -> list[Json]:
        return [
            {**source, "tenant": name}
            for name in self.customers
            for source in sources(secret_of(name))
        ]


def written(customers: dict[str, SimulatedTenant], special: dict[str, str]) -> str:
    """Write the registry of these customers."""
    entries = (
        f'[[tenant]]\nname = "{name}"\ntitle = "{TITLES[name]}"\nid = "{tenant.tenant_id}"\n'
        f'application_id = "{tenant.own_app_id}"\nobject_id = "{tenant.own_object_id}"\n'
        f"{special.get(name, '')}\n"
        for name, tenant in customers.items()
    )
    return f'title = "Northwind Security"\n\n{"".join(entries)}'
