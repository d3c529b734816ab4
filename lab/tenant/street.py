"""Several simulated tenants behind one address, as Microsoft's services are.

Whose tenant a request is about stands in its path, where Exchange, Entra and the activity feed have
it, or else in its token. The managed identity is the first one's.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from lab.tenant.settings import TenantSettings
from lab.tenant.simulated import SimulatedTenant
from lab.tenant.tokens import home_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_BEARER: Final = b"bearer "


class Street:
    """A provider's own tenant and its customers', which trust its managed identity."""

    def __init__(self, home: SimulatedTenant, *customers: SimulatedTenant) -> None:
        self._home = home
        self._houses = {tenant.tenant_id: tenant for tenant in (home, *customers)}
        for customer in customers:
            customer.entra.trust(home)

    @property
    def app(self) -> ASGIApp:
        """The ASGI application."""
        return self._serve

    @property
    def settings(self) -> TenantSettings:
        """Those of the provider's own tenant."""
        return self._home.settings

    def now(self) -> datetime:
        """Tell the lab's time."""
        return self._home.now()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._whose(scope).app(scope, receive, send)

    def _whose(self, scope: Scope) -> SimulatedTenant:
        for part in unquote(scope["path"]).split("/"):
            if part in self._houses:
                return self._houses[part]
        headers = dict(scope["headers"])
        token = headers.get(b"authorization", b"")
        if token.lower().startswith(_BEARER):
            return self._houses.get(home_of(token[len(_BEARER) :].decode()), self._home)
        return self._home
