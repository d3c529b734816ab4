"""One deployment for several tenants: the provider's own and its customers', each with an app.

The app of a tenant knows that tenant's settings, policy, clients and rows, and no other's. They
share storage, the queue, the timers and the addresses; which of them is meant is read off a
message's tenant, a source's name (`NAME.SOURCE`) or a page's path (`tenants/NAME/…`), and nothing
else. Without a registry this is the app of one tenant.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import cached_property
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from shared import registry
from shared.app import App
from shared.desk import Page
from shared.errors import Defect, FirebreakError, Undecodable
from shared.foundation import Catalogue
from shared.model import TenantId
from shared.paths import Ask, find
from shared.principal import ALL, SIGN_IN
from shared.settings import Settings
from shared.tasks.intake import Reply
from shared.tasks.queue import decode

if TYPE_CHECKING:
    from shared.clients.tenant import Tenant
    from shared.tenant_board import TenantBoard

_AT_ONCE: Final = 8
"""Tenants that a timer looks after at the same time."""
_NOBODY: Final[Mapping[TenantId, Tenant]] = MappingProxyType({})


class Provider(App):
    """The provider's own app, which leads to its customers' apps."""

    def __init__(
        self,
        settings: Settings,
        catalogue: Catalogue,
        *,
        worlds: Mapping[TenantId, Tenant] = _NOBODY,
        **parts: Any,
    ) -> None:
        served = registry.read(settings)
        own = registry.own(settings, served) if served else settings
        super().__init__(own, catalogue, **parts)
        self.customers: Mapping[str, App] = {
            customer.name: self._app(customer, settings, worlds.get(customer.tenant))
            for customer in (served.tenant if served else ())
        }
        self._by_id = {app.settings.tenant: app for app in self.customers.values()}

    async def receive(
        self, source: str, headers: Mapping[str, str], body: bytes, **more: Any
    ) -> Reply:
        """Take an alert in for the one tenant that the source's name says."""
        name, dot, below = source.partition(".")
        app = self.customers.get(name) if dot else None
        if app is None:
            return await super().receive(source, headers, body, **more)
        return await app.receive(below, headers, body, **more)

    async def work(self, text: str) -> None:
        """Take a message off the queue, with the rights of its tenant."""
        await App.work(self._of(decode(text).tenant), text)

    async def poison(self, text: str) -> None:
        """Take care of a message that failed too often; what nobody can read is the provider's."""
        app: App = self
        with suppress(Undecodable):
            app = self._of(decode(text).tenant)
        await App.poison(app, text)

    async def reconcile(self) -> None:
        """Put back on the queue whatever was forgotten, in every tenant."""
        await self._each(App.reconcile)

    async def pull(self) -> None:
        """Fetch what is new from each tenant's feeds."""
        await self._each(App.pull)

    async def start_sweeps(self) -> None:
        """Begin every sweep whose time has come, in every tenant."""
        await self._each(App.start_sweeps)

    async def aclose(self) -> None:
        """Close every connection of this event loop."""
        for app in self.customers.values():
            await app.aclose()
        await super().aclose()

    async def at(self, method: str, rest: str, ask: Ask) -> Page:
        """Answer below `tenants/`: the list, the switch over all, or a customer's own pages."""
        name, _, path = rest.strip("/").partition("/")
        if not name:
            return await self._board.show(ask.headers)
        if (method, name, path) == ("POST", ALL, "guards/switch"):
            answer = self._board.switch(ask.headers, ask.body)
            return await self._witness.watch("pause or resume every tenant", ask.headers, answer)
        app = self.customers.get(name)
        if app is None or not app.lets_in(ask.headers, ask.body):
            return await self._witness.watch("reach a tenant's pages", ask.headers, self._shut(ask))
        found = find(method, path)
        if found is None:
            said = "Look it up in the list of cases or of alerts"
            return self._window.problem(ask.headers, HTTPStatus.NOT_FOUND, "Not here", said)
        answerer, values = found
        return await answerer(app, ask, values)

    async def _shut(self, ask: Ask) -> Page:
        """Say the same of a tenant that is not here and of one that is somebody else's."""
        said = (
            "No tenant of this name is open to you. Sign in with an account that has a role for "
            "it; the list of tenants shows yours"
        )
        if self._door.shut(ask.headers) == SIGN_IN:
            said = SIGN_IN
        return self._window.problem(ask.headers, HTTPStatus.FORBIDDEN, "Not allowed", said)

    def _of(self, tenant: TenantId) -> App:
        """Find a tenant's app; a message of a tenant that is not served is refused by our own."""
        return self._by_id.get(tenant, self)

    async def _each(self, verb: Callable[[App], Awaitable[None]]) -> None:
        """Do something for every tenant; each has had its turn before one's failure is told."""
        turns = asyncio.Semaphore(_AT_ONCE)

        async def one(app: App) -> None:
            async with turns:
                await verb(app)

        apps: tuple[App, ...] = (self, *self.customers.values())
        results = await asyncio.gather(*(one(app) for app in apps), return_exceptions=True)
        for app, error in zip(apps, results, strict=True):
            if isinstance(error, BaseException):
                self.log.error("tenant.failed", tenant=app.settings.tenant)
                raise error

    def _app(self, customer: registry.Customer, home: Settings, world: Tenant | None) -> App:
        """Make a customer's app. Raises with the customer's name where its settings are wrong."""
        try:
            return App(
                registry.settings_of(customer, home),
                self.catalogue,
                store=self.store,
                queue=self.queue,
                tenant=world,
                clock=self._clock,
                log=self.log,
                signals=self._signals,
                queues=self.side_queue,
                adapt=customer.under,
            )
        except (FirebreakError, ValidationError, OSError) as error:
            raise Defect(f"Tenant {customer.name!r}: {error}") from error

    @cached_property
    def _board(self) -> TenantBoard:
        from shared.tenant_board import TenantBoard

        return TenantBoard(
            own=self, customers=self.customers, trail=self._trail, clock=self._clock, log=self.log
        )
