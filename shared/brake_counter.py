"""Where the brakes are shown and moved: pause and resume everything, let a held rule act again."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

from pydantic import Field

from shared.desk import Page, json_page, wants_json
from shared.errors import Refused
from shared.model import Mode
from shared.pages.brake_view import guards_view
from shared.policy.document import Policy
from shared.principal import Role
from shared.tasks.brakes import Brakes, switched
from shared.tasks.ledger import Clock
from shared.tasks.trail import Noted, Trail
from shared.telemetry import Log
from shared.window import FAILURES, Form, Signed, Window

type Reason = Annotated[str, Field(min_length=1, max_length=500)]


class SwitchRequest(Signed):
    """Set the kill switch: `approve` lets only people act, `observe` nobody, `enforce` resumes."""

    ceiling: Mode
    reason: Reason


class ReleaseRequest(Signed):
    """Let a rule act again that opened too many cases at once."""

    rule: str
    reason: Reason


class BrakeCounter:
    """Shows the brakes and takes what people do with them; each of it is logged and stored."""

    def __init__(
        self,
        *,
        window: Window,
        brakes: Brakes,
        trail: Trail,
        policy: Policy,
        clock: Clock,
        log: Log,
    ) -> None:
        self._window = window
        self._brakes = brakes
        self._trail = trail
        self._policy = policy
        self._clock = clock
        self._log = log

    async def show(self, headers: Mapping[str, str]) -> Page:
        """Show the switch, the counters and the held rules."""
        if shut := self._window.shut(headers):
            return shut
        return await self._shown(headers)

    async def _shown(self, headers: Mapping[str, str]) -> Page:
        counters, pause = await self._brakes.counters(), await self._brakes.pause()
        view = guards_view(self._policy, counters, pause, self._clock())
        if wants_json(headers):
            return json_page(view.model_dump(mode="json"))
        may = self._window.door.may(headers, Role.ADMINISTRATOR)
        return self._window.html(self._window.pages.guards(view, may=may))

    async def move(self, what: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Move a brake (`switch`, `release`), for an administrator or the command line."""
        try:
            if what == "switch":
                await self._switch(headers, body)
            elif what == "release":
                await self._release(headers, body)
            else:
                said = "The brakes have a switch, and rules to release"
                return self._window.problem(headers, HTTPStatus.NOT_FOUND, "Not here", said)
        except FAILURES as error:
            return self._window.failed(headers, error, nothing="Nothing was changed")
        if wants_json(headers):
            # Whoever moved it sees how it stands: the command line signs and is signed in nowhere.
            return await self._shown(headers)
        target = {"Location": f"{self._window.base}/guards"}
        return Page(status=HTTPStatus.SEE_OTHER, body="", headers=target)

    async def _switch(self, headers: Mapping[str, str], body: bytes) -> None:
        asked, actor = self._window.request(
            headers,
            body,
            role=Role.ADMINISTRATOR,
            at="guards/switch",
            model=SwitchRequest,
            form=switch_form,
        )
        said = switched(asked.ceiling, asked.reason)
        data = {"ceiling": asked.ceiling}
        await self._trail.note(Noted.SWITCHED, said, actor=actor, data=data)
        await self._brakes.set_pause(asked.ceiling, by=actor.name, reason=asked.reason)
        self._log.warning("guard.switched", ceiling=asked.ceiling, actor=actor.id)

    async def _release(self, headers: Mapping[str, str], body: bytes) -> None:
        asked, actor = self._window.request(
            headers,
            body,
            role=Role.ADMINISTRATOR,
            at="guards/release",
            model=ReleaseRequest,
            form=_release_form,
        )
        if asked.rule not in {rule.name for rule in self._policy.rules}:
            raise Refused(f"The policy in force has no rule {asked.rule!r}")
        if not await self._brakes.stormy(asked.rule):
            raise Refused(f"Rule {asked.rule!r} is not held")
        said = f"Rule {asked.rule} may act again: {asked.reason}"
        await self._trail.note(Noted.RELEASED, said, actor=actor, data={"rule": asked.rule})
        await self._brakes.release(asked.rule)
        self._log.warning("guard.released", rule=asked.rule, actor=actor.id)


def switch_form(fields: Form) -> dict[str, object]:
    """Read the form of a kill switch."""
    return {name: fields.get(name, [""])[0] for name in ("ceiling", "reason")}


def _release_form(fields: Form) -> dict[str, object]:
    return {name: fields.get(name, [""])[0] for name in ("rule", "reason")}
