"""Where sweeps are looked at and asked for: run one now, accept a finding until a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Final

from pydantic import Field

from shared import posture
from shared.alerts.admin_request import Request
from shared.desk import Page, json_page, wants_json
from shared.errors import Gone, Refused
from shared.model import Json, Utc
from shared.posture import Acceptance, FindingId
from shared.principal import Role
from shared.score_board import ScoreBoard
from shared.sweep_desk import SweepDesk
from shared.sweeps.engine import Engine
from shared.sweeps.sweep import Sweep
from shared.tasks.collect import Collector
from shared.tasks.ledger import Clock
from shared.tasks.score_decisions import SECURE_SCORE
from shared.tasks.trail import Noted, Trail
from shared.window import FAILURES, Form, Signed, Window

_LONGEST: Final = timedelta(days=366)
"""For how long a finding may be accepted; then somebody has to look at it again."""
_REASON: Final = 200
"""Characters of a reason that a request may have."""
_RUNS: Final = 400
"""Runs that a trend goes back: a year and a month of days."""


_DAY: Final = len("2026-12-31")


class RunRequest(Signed):
    """Ask for a run now; one that is under way is not begun again."""


class AcceptRequest(Signed):
    """Let a finding stay until a day, or take that back with an empty `until`."""

    finding: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    until: Utc | None = None
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class MendRequest(Signed):
    """Ask for what was found about an account to be mended."""

    finding: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class SweepCounter:
    """Shows sweeps and takes what people ask of them."""

    def __init__(  # noqa: PLR0913 - everything it touches comes in here
        self,
        *,
        window: Window,
        trail: Trail,
        engine: Engine,
        collector: Collector,
        board: ScoreBoard,
        desk: SweepDesk,
        clock: Clock,
    ) -> None:
        self._window = window
        self._board = board
        self._desk = desk
        self._trail = trail
        self._engine = engine
        self._collector = collector
        self._clock = clock

    async def show(self, rest: str, headers: Mapping[str, str]) -> Page:
        """Show what a path names, as `SweepDesk.show` lists it."""
        if shut := self._window.shut(headers):
            return shut
        try:
            return await self._desk.show(rest.strip("/"), headers)
        except FAILURES as error:
            return self._window.failed(headers, error, nothing="Not shown")

    async def move(self, name: str, what: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Take a request: `run` and `mend` for a responder; the rest for an administrator."""
        try:
            sweep = self._desk.sweep(name)
            if what == "run":
                await self._run(sweep, headers, body)
            elif what == "control" and name == SECURE_SCORE:
                await self._board.decide(headers, body)
            elif what == "accept":
                await self._accept(sweep, headers, body)
            elif what == "mend":
                await self._mend(sweep, headers, body)
            else:
                raise Gone("A sweep can be run, and a finding of it accepted or mended")
        except FAILURES as error:
            return self._window.failed(headers, error, nothing="Nothing was changed")
        if wants_json(headers):
            return json_page(await self._desk.shown(name))
        # What mends waits for a yes, so that is where the person goes on.
        place = "approvals" if what == "mend" else f"sweeps/{name}"
        target = {"Location": f"{self._window.base}/{place}"}
        return Page(status=HTTPStatus.SEE_OTHER, body="", headers=target)

    async def _run(self, sweep: Sweep, headers: Mapping[str, str], body: bytes) -> None:
        _, actor = self._window.request(
            headers,
            body,
            role=Role.RESPONDER,
            at=f"sweeps/{sweep.name}/run",
            model=RunRequest,
            form=_no_form,
        )
        said = f"Sweep {sweep.name} is to run"
        await self._trail.note(Noted.ASKED, said, actor=actor, data={"sweep": sweep.name})
        await self._engine.start(sweep.name, actor.name)

    async def _accept(self, sweep: Sweep, headers: Mapping[str, str], body: bytes) -> None:
        asked, actor = self._window.request(
            headers,
            body,
            role=Role.ADMINISTRATOR,
            at=f"sweeps/{sweep.name}/accept",
            model=AcceptRequest,
            form=_accept_form,
        )
        accepted = None
        if asked.until is not None:
            now = self._clock()
            if not now < asked.until <= now + _LONGEST:
                raise Refused("A finding is accepted until a day ahead, within a year")
            accepted = Acceptance(by=actor.name, at=now, until=asked.until, reason=asked.reason)
        said = posture.accepted(sweep.name, asked.finding, asked.until, asked.reason)
        data: Json = {"sweep": sweep.name, "finding": asked.finding}
        await self._trail.note(Noted.ACCEPTED, said, actor=actor, data=data)
        await self._engine.findings(sweep).accept(FindingId(asked.finding), accepted)

    async def _mend(self, sweep: Sweep, headers: Mapping[str, str], body: bytes) -> None:
        """Ask for the account to be hardened, once for each run that found it."""
        asked, actor = self._window.request(
            headers,
            body,
            role=Role.RESPONDER,
            at=f"sweeps/{sweep.name}/mend",
            model=MendRequest,
            form=_mend_form,
        )
        held = await self._engine.findings(sweep).find(FindingId(asked.finding))
        if held is None or held.fixed_at is not None:
            raise Gone("There is no such finding, or it is fixed")
        if held.finding.account is None:
            advice = sweep.kinds.get(held.finding.kind, "")
            raise Refused(f"No task mends this; a person does: {advice}")
        request = Request(
            request=f"{held.id}:{held.run}",
            user=held.finding.account,
            reason=f"{sweep.name}: {held.finding.title}"[:_REASON],
            by=actor.name,
            mode="harden",
        )
        await self._collector.take("sweeps", "admin_request", request.model_dump_json().encode())


def _mend_form(fields: Form) -> dict[str, object]:
    return {"finding": fields.get("finding", [""])[0]}


def _no_form(_: Form) -> dict[str, object]:
    return {}


def _accept_form(fields: Form) -> dict[str, object]:
    said = {name: fields.get(name, [""])[0] for name in ("finding", "reason")}
    until = fields.get("until", [""])[0]
    # A browser sends a day alone: until it is over, then.
    return {**said, "until": f"{until}T23:59:59Z" if len(until) == _DAY else until or None}
