"""Where a person's data is asked to be erased: the plan, the order, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Annotated

from pydantic import Field

from shared.desk import Page, json_page, wants_json
from shared.errors import FirebreakError, Gone
from shared.model import Json
from shared.principal import Role
from shared.sweeps.erasure import Erasures, Order
from shared.tasks.ledger import Clock
from shared.telemetry import Log
from shared.window import FAILURES, Form, Signed, Window


class PlanRequest(Signed):
    """Show what would be erased of an account, by its object id."""

    user: Annotated[str, Field(min_length=1, max_length=320)]


class EraseRequest(PlanRequest):
    """Erase it; `seen` is the `digest` of the plan that was shown."""

    seen: Annotated[str, Field(min_length=1, max_length=64)]
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class ErasureCounter:
    """Takes requests to erase a person, from an administrator or the command line."""

    def __init__(self, *, window: Window, erasures: Erasures, clock: Clock, log: Log) -> None:
        self._window = window
        self._erasures = erasures
        self._clock = clock
        self._log = log

    async def show(self, headers: Mapping[str, str]) -> Page:
        """List erasures, those under way and those that are over; names nobody who is erased."""
        if shut := self._window.shut(headers):
            return shut
        orders = await self._erasures.orders()
        done = await self._erasures.done()
        held = await self._erasures.held.all()
        if not wants_json(headers):
            may = self._window.door.may(headers, Role.ADMINISTRATOR)
            pages = self._window.pages
            return self._window.html(pages.erasures(orders, done, held, at=self._clock(), may=may))
        return json_page(
            {
                "under_way": [_told(order) for order in orders],
                "done": [one.model_dump(mode="json") for one in done],
                "held_back": [one.model_dump(mode="json") for one in held],
            }
        )

    async def ask(self, what: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Show what would be erased (`plan`), or erase it (`start`)."""
        try:
            if what == "plan":
                return await self._plan(headers, body)
            if what == "start":
                return await self._start(headers, body)
            raise Gone("An erasure is planned or started")
        except FAILURES as error:
            return self._window.failed(headers, error, nothing="Nothing was erased")

    async def _plan(self, headers: Mapping[str, str], body: bytes) -> Page:
        asked, _ = self._window.request(
            headers,
            body,
            role=Role.ADMINISTRATOR,
            at="erasures/plan",
            model=PlanRequest,
            form=_form,
        )
        plan = await self._erasures.plan(asked.user)
        if wants_json(headers):
            return json_page(plan.model_dump(mode="json"))
        return self._window.html(self._window.pages.erasure_plan(plan, at=self._clock()))

    async def _start(self, headers: Mapping[str, str], body: bytes) -> Page:
        asked, actor = self._window.request(
            headers,
            body,
            role=Role.ADMINISTRATOR,
            at="erasures/start",
            model=EraseRequest,
            form=_form,
        )
        order = await self._erasures.ask(asked.user, seen=asked.seen, reason=asked.reason, by=actor)
        self._log.warning("erasure.asked", order=order.id, actor=actor.id)
        with suppress(FirebreakError):
            # The order is written down: what cannot be done now, the timer does.
            await self._erasures.run()
        if wants_json(headers):
            return json_page({"order": order.id}, status=HTTPStatus.ACCEPTED)
        target = {"Location": f"{self._window.base}/erasures"}
        return Page(status=HTTPStatus.SEE_OTHER, body="", headers=target)


def _told(order: Order) -> Json:
    shown = order.model_dump(mode="json", exclude={"sought", "after", "later"})
    return {**shown, "later": len(order.later)}


def _form(fields: Form) -> dict[str, object]:
    return {name: fields[name][0] for name in ("user", "seen", "reason") if name in fields}
