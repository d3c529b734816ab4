"""Several simulated tenants behind one address, as Microsoft's services are.

Whose tenant a request is about stands in its path, where Exchange, Entra and the activity feed have
it, or else in its token. The managed identity is the first one's.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from lab.tenant.answers import Answer
from lab.tenant.settings import TenantSettings
from lab.tenant.simulated import SimulatedTenant
from lab.tenant.tokens import home_of
from lab.tenant.visit import Incoming

_BEARER: Final = "bearer "


class Street:
    """A provider's own tenant and its customers', which trust its managed identity."""

    def __init__(self, home: SimulatedTenant, *customers: SimulatedTenant) -> None:
        self._home = home
        self._houses = {tenant.tenant_id: tenant for tenant in (home, *customers)}
        for customer in customers:
            customer.entra.trust(home)

    @property
    def settings(self) -> TenantSettings:
        """Those of the provider's own tenant."""
        return self._home.settings

    def now(self) -> datetime:
        """Tell the lab's time."""
        return self._home.now()

    async def answer(self, incoming: Incoming) -> Answer:
        """Answer one request. Raises `Dropped` where the answer is lost."""
        return await self._whose(incoming).answer(incoming)

    def _whose(self, incoming: Incoming) -> SimulatedTenant:
        for part in incoming.segments:
            if part in self._houses:
                return self._houses[part]
        token = incoming.headers.get("authorization", "")
        if token.lower().startswith(_BEARER):
            return self._houses.get(home_of(token[len(_BEARER) :]), self._home)
        return self._home
