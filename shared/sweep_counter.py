"""Where sweeps are looked at and asked for: run one now, accept a finding until a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Final

from pydantic import Field

from shared.alerts.admin_request import Request
from shared.desk import BASE, Page, json_page, wants_json
from shared.errors import Gone, Refused
from shared.model import Json, Utc
from shared.pages.posture_runs import (
    FindingView,
    SweepRow,
    finding_view,
    run_view,
    sweep_row,
    sweep_view,
)
from shared.posture import Acceptance, FindingId, Held, SweepName
from shared.principal import Role
from shared.score_board import ScoreBoard
from shared.sweeps.engine import Engine
from shared.sweeps.findings import SHARDS
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

    def __init__(
        self,
        *,
        window: Window,
        trail: Trail,
        engine: Engine,
        collector: Collector,
        board: ScoreBoard,
        clock: Clock,
    ) -> None:
        self._window = window
        self._board = board
        self._trail = trail
        self._engine = engine
        self._collector = collector
        self._clock = clock

    async def show(self, rest: str, headers: Mapping[str, str]) -> Page:
        """Show all sweeps, or one: `NAME`, `NAME/trend`, `NAME/findings/X` (ids that begin so).

        The Secure Score has a `board` besides.
        """
        if reason := self._window.door.shut(headers):
            title = "Nobody is signed in"
            return self._window.problem(headers, HTTPStatus.FORBIDDEN, title, reason)
        try:
            return json_page(await self._shown(rest.strip("/")))
        except FAILURES as error:
            return self._window.failed(headers, error, nothing="Not shown")

    async def move(self, name: str, what: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Take a request: `run` and `mend` for a responder; the rest for an administrator."""
        try:
            sweep = self._sweep(name)
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
            return json_page(await self._shown(name))
        target = {"Location": f"{BASE}/sweeps/{name}"}
        return Page(status=HTTPStatus.SEE_OTHER, body="", headers=target)

    async def _shown(self, rest: str) -> Json:
        name, _, more = rest.partition("/")
        if not name:
            rows = [await self._row(sweep) for sweep in self._engine.sweeps.values()]
            return {"sweeps": [row.model_dump(mode="json") for row in rows]}
        sweep = self._sweep(name)
        if not more:
            return await self._one(sweep)
        if more == "board" and name == SECURE_SCORE:
            return await self._board.show()
        if more == "trend":
            return await self._trend(sweep)
        part, _, shard = more.partition("/")
        if part == "findings" and shard and set(shard) <= set(SHARDS):
            held = self._engine.findings(sweep).all(shard)
            views = [self._view(sweep, one).model_dump(mode="json") async for one in held]
            return {"findings": views}
        raise Gone("A sweep has a trend, and findings by the beginning of their id")

    async def _one(self, sweep: Sweep) -> Json:
        row = await self._row(sweep)
        ended = await self._engine.floor.last_ended(sweep.name)
        findings = self._engine.findings(sweep)
        ids = [place[-1] for place in ended.worst] if ended else []
        held = [await findings.find(finding) for finding in ids]
        worst = [self._view(sweep, found) for found in held if found]
        return sweep_view(row, ended, worst).model_dump(mode="json")

    async def _trend(self, sweep: Sweep) -> Json:
        runs: list[Json] = []
        async for run in self._engine.floor.history(sweep.name):
            if len(runs) == _RUNS:
                break
            runs.append(run_view(run).model_dump(mode="json"))
        return {"sweep": sweep.name, "runs": runs}

    async def _run(self, sweep: Sweep, headers: Mapping[str, str], body: bytes) -> None:
        _, actor = self._window.request(
            headers, body, role=Role.RESPONDER, model=RunRequest, form=_no_form
        )
        await self._engine.start(sweep.name, actor.name)

    async def _accept(self, sweep: Sweep, headers: Mapping[str, str], body: bytes) -> None:
        asked, actor = self._window.request(
            headers, body, role=Role.ADMINISTRATOR, model=AcceptRequest, form=_accept_form
        )
        accepted = None
        if asked.until is not None:
            now = self._clock()
            if not now < asked.until <= now + _LONGEST:
                raise Refused("A finding is accepted until a day ahead, within a year")
            accepted = Acceptance(by=actor.name, at=now, until=asked.until, reason=asked.reason)
        until = f"accepted until {asked.until:%Y-%m-%d}" if asked.until else "accepted no longer"
        said = f"Finding {asked.finding} of {sweep.name} is {until}: {asked.reason}"
        data: Json = {"sweep": sweep.name, "finding": asked.finding}
        await self._trail.note(Noted.ACCEPTED, said, actor=actor, data=data)
        await self._engine.findings(sweep).accept(FindingId(asked.finding), accepted)

    async def _mend(self, sweep: Sweep, headers: Mapping[str, str], body: bytes) -> None:
        """Ask for the account to be hardened, once for each run that found it."""
        asked, actor = self._window.request(
            headers, body, role=Role.RESPONDER, model=MendRequest, form=_mend_form
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

    async def _row(self, sweep: Sweep) -> SweepRow:
        run = await self._engine.floor.latest(sweep.name)
        return sweep_row(sweep.name, sweep.summary, sweep.every, run)

    def _view(self, sweep: Sweep, held: Held) -> FindingView:
        advice = sweep.kinds.get(held.finding.kind, "")
        return finding_view(held, advice, self._clock())

    def _sweep(self, name: str) -> Sweep:
        sweep = self._engine.sweeps.get(SweepName(name))
        if sweep is None:
            raise Gone(f"There is no such sweep; there are {', '.join(self._engine.sweeps)}")
        return sweep


def _mend_form(fields: Form) -> dict[str, object]:
    return {"finding": fields.get("finding", [""])[0]}


def _no_form(_: Form) -> dict[str, object]:
    return {}


def _accept_form(fields: Form) -> dict[str, object]:
    said = {name: fields.get(name, [""])[0] for name in ("finding", "reason")}
    return {**said, "until": fields.get("until", [""])[0] or None}
