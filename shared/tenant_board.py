"""A provider's list of tenants, shown to whoever has a role for each, and the switch over all."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from shared.app import App
from shared.brake_counter import SwitchRequest, switch_form
from shared.desk import Page, json_page, wants_json
from shared.door import Door
from shared.model import TenantId
from shared.pages.tenants_view import TenantsView
from shared.principal import ALL, SIGN_IN, Role, Scope
from shared.tasks.brakes import switched
from shared.tasks.ledger import Clock
from shared.tasks.trail import Noted, Trail
from shared.telemetry import Log
from shared.window import FAILURES, Window


class TenantBoard:
    """Shows the tenants, and takes the wish to pause or resume all of them."""

    def __init__(
        self, *, own: App, customers: Mapping[str, App], trail: Trail, clock: Clock, log: Log
    ) -> None:
        self._apps = (own, *customers.values())
        self._trail = trail
        self._clock = clock
        self._log = log
        everybody = Scope(tenant=TenantId(""), home=own.settings.tenant)
        door = Door(own.settings, own.sources, scope=everybody)
        self._window = Window(door=door, clock=clock)

    async def show(self, headers: Mapping[str, str]) -> Page:
        """List the tenants that the reader has a role for."""
        seen = [app for app in self._apps if app.lets_in(headers)]
        if not seen:
            reason = self._window.door.shut(headers)
            none = "Your account has a role for no tenant; ask an administrator of the provider's"
            said = reason if reason == SIGN_IN else none
            return self._window.problem(headers, HTTPStatus.FORBIDDEN, "Not allowed", said)
        view = await self._view(seen)
        if wants_json(headers):
            return json_page(view.model_dump(mode="json"))
        may = self._window.door.may(headers, Role.ADMINISTRATOR)
        return self._window.html(self._window.pages.tenants(view, may=may))

    async def switch(self, headers: Mapping[str, str], body: bytes) -> Page:
        """Set the switch over all tenants, for an administrator of all or the command line."""
        try:
            asked, actor = self._window.request(
                headers,
                body,
                role=Role.ADMINISTRATOR,
                at=f"tenants/{ALL}/guards/switch",
                model=SwitchRequest,
                form=switch_form,
            )
            said = switched(asked.ceiling, asked.reason, over_all=True)
            await self._trail.note(
                Noted.SWITCHED, said, actor=actor, data={"ceiling": asked.ceiling, "tenants": "all"}
            )
            own = self._apps[0]
            pause = await own.pause_all(asked.ceiling, by=actor.name, reason=asked.reason)
        except FAILURES as error:
            return self._window.failed(headers, error, nothing="Nothing was changed")
        self._log.warning("guard.switched_all", ceiling=asked.ceiling, actor=actor.id)
        await asyncio.gather(*(app.tell_of(pause) for app in self._apps))
        if wants_json(headers):
            return json_page((await self._view(self._apps)).model_dump(mode="json"))
        return Page(status=HTTPStatus.SEE_OTHER, body="", headers={"Location": "/api/tenants"})

    async def _view(self, apps: Sequence[App]) -> TenantsView:
        lines = await asyncio.gather(*(app.in_short() for app in apps))
        return TenantsView(at=self._clock(), tenants=tuple(lines))
