"""What is read of the sweeps: for programs as JSON, for people as pages, to keep as files."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from shared.desk import Page, json_page, wants_json
from shared.errors import Gone, Refused
from shared.model import Json
from shared.pages.posture_runs import (
    FindingView,
    SweepRow,
    SweepView,
    finding_view,
    run_view,
    sweep_row,
    sweep_view,
)
from shared.pages.posture_view import (
    MONTH,
    Named,
    PostureView,
    SweepMonth,
    SweepPage,
    as_csv,
    open_trend,
    score_trend,
    sweep_month,
)
from shared.posture import OVER, FindingState, Held, Place, Run, SweepName
from shared.principal import Role
from shared.score_board import ScoreBoard
from shared.sweeps.engine import Engine
from shared.sweeps.findings import SHARDS
from shared.sweeps.sweep import Sweep
from shared.tasks.ledger import Clock
from shared.tasks.score_decisions import SECURE_SCORE
from shared.window import Window

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

_RUNS: Final = 400
"""Runs that a trend goes back: a year and a month of days."""
_MONTH: Final = 31
"""Runs that one request of the posture page reads: a month of days."""
_LISTED: Final = 50
"""Findings that the page of a sweep names; the rest is in its files."""
_UNMENDED: Final = frozenset({FindingState.OPEN, FindingState.UNKNOWN})
_WORST: Final = 10
"""Findings that the posture page names, over all sweeps."""
_ROWS: Final = 20_000
"""Findings in one file; a larger sweep is fetched in parts."""


class SweepDesk:
    """Reads sweeps and shows them; changes nothing."""

    def __init__(self, *, window: Window, engine: Engine, board: ScoreBoard, clock: Clock) -> None:
        self._window = window
        self._engine = engine
        self._board = board
        self._clock = clock

    async def show(self, rest: str, headers: Mapping[str, str]) -> Page:
        """Show the posture, `NAME`, `report`, or what lies below a sweep.

        Below lie `trend`, `findings/X` (ids that begin so), `findings.csv` and `findings.json`; the
        Secure Score has a `board` besides. Raises `Gone` where there is nothing.
        """
        name, _, more = rest.partition("/")
        if rest == "report":
            return self._report(await self._posture())
        if rest == "posture.json":
            return json_page((await self._posture()).model_dump(mode="json"))
        if more in {"findings.csv", "findings.json"}:
            return await self._file(self.sweep(name), more)
        if more or wants_json(headers):
            return json_page(await self.shown(rest))
        if not name:
            return self._window.html(self._window.pages.posture(await self._posture()))
        return await self._page(self.sweep(name), headers)

    async def shown(self, rest: str) -> Json:
        """Give what a path names as JSON."""
        name, _, more = rest.partition("/")
        if not name:
            rows = await asyncio.gather(*map(self._row, self._engine.sweeps.values()))
            return {"sweeps": [row.model_dump(mode="json") for row in rows]}
        sweep = self.sweep(name)
        if not more:
            return (await self._one(sweep)).model_dump(mode="json")
        if more == "board" and name == SECURE_SCORE:
            return await self._board.show()
        if more == "trend":
            runs = [run_view(run) for run in await self._history(sweep)]
            return {"sweep": name, "runs": [run.model_dump(mode="json") for run in runs]}
        part, _, shard = more.partition("/")
        if part == "findings" and shard and set(shard) <= set(SHARDS):
            views = [view async for view in self._findings(sweep, shard)]
            return {"findings": [view.model_dump(mode="json") for view in views]}
        raise Gone("A sweep has a trend, and findings by the beginning of their id")

    def sweep(self, name: str) -> Sweep:
        """Find a sweep. Raises `Gone`, naming those there are."""
        sweep = self._engine.sweeps.get(SweepName(name))
        if sweep is None:
            raise Gone(f"There is no such sweep; there are {', '.join(self._engine.sweeps)}")
        return sweep

    async def _page(self, sweep: Sweep, headers: Mapping[str, str]) -> Page:
        view, history = await asyncio.gather(self._one(sweep), self._history(sweep))
        door = self._window.door
        counts = view.ended.counts if view.ended else None
        noted = (counts.open + counts.unknown if counts else 0) - len(view.worst)
        shown = SweepPage(
            at=self._clock(), sweep=view, trend=open_trend(history), left_off=max(0, noted)
        )
        may_run, may_accept = (
            door.may(headers, role) for role in (Role.RESPONDER, Role.ADMINISTRATOR)
        )
        pages = self._window.pages
        return self._window.html(pages.sweep(shown, may_run=may_run, may_accept=may_accept))

    def _report(self, view: PostureView) -> Page:
        page = self._window.html(self._window.pages.posture_report(view))
        name = f"posture-{view.at.date().isoformat()}.html"
        attached = {"Content-Disposition": f'attachment; filename="{name}"'}
        return page.model_copy(update={"headers": {**page.headers, **attached}})

    async def _file(self, sweep: Sweep, name: str) -> Page:
        views = list[FindingView]()
        async for view in self._findings(sweep, ""):
            if len(views) == _ROWS:
                raise Refused(
                    f"More than {_ROWS:,} findings: fetch findings/0 to findings/f one by one"
                )
            views.append(view)
        file = f'attachment; filename="{sweep.name}-{name}"'
        if name.endswith(".json"):
            found = json_page({"findings": [view.model_dump(mode="json") for view in views]})
        else:
            found = json_page({}).model_copy(update={"media": "text/csv", "body": as_csv(views)})
        return found.model_copy(update={"headers": {**found.headers, "Content-Disposition": file}})

    async def _posture(self) -> PostureView:
        """Put the page together; what does not need each other is read side by side."""
        at, sweeps = self._clock(), tuple(self._engine.sweeps.values())
        score, read = await asyncio.gather(
            self._board.view(), asyncio.gather(*(self._month(sweep, at) for sweep in sweeps))
        )
        places = [
            (place, sweep)
            for sweep, (_, ended) in zip(sweeps, read, strict=True)
            for place in (ended.worst if ended else ())
        ]
        heaviest = sorted(places, key=lambda one: one[0])[:_WORST]
        worst = await asyncio.gather(*(self._named(sweep, place) for place, sweep in heaviest))
        return PostureView(
            at=at,
            score=score,
            trend=score_trend(score),
            sweeps=tuple(month for month, _ in read),
            worst=tuple(one for one in worst if one and one.finding.state in _UNMENDED),
        )

    async def _month(self, sweep: Sweep, at: datetime) -> tuple[SweepMonth, Run | None]:
        """Count a sweep's month, and give its last run that came to an end."""
        row, history = await asyncio.gather(self._row(sweep), self._recent(sweep, at))
        ended = next((run for run in history if run.state in OVER), None)
        return sweep_month(row, history, at), ended

    async def _recent(self, sweep: Sweep, at: datetime) -> list[Run]:
        """Read a sweep's runs of the last month, and back to one that came to its end."""
        runs = list[Run]()
        async for run in self._engine.floor.history(sweep.name, part=_MONTH):
            if at - run.started_at > MONTH and any(one.state in OVER for one in runs):
                break
            runs.append(run)
            if len(runs) == _RUNS:
                break
        return runs

    async def _named(self, sweep: Sweep, place: Place) -> Named | None:
        held = await self._engine.findings(sweep).find(place[-1])
        return Named(sweep=sweep.name, finding=self._view(sweep, held)) if held else None

    async def _one(self, sweep: Sweep) -> SweepView:
        row, ended = await asyncio.gather(
            self._row(sweep), self._engine.floor.last_ended(sweep.name)
        )
        findings = self._engine.findings(sweep)
        ids = [place[-1] for place in ended.worst[:_LISTED]] if ended else []
        held = await asyncio.gather(*map(findings.find, ids))
        return sweep_view(row, ended, [self._view(sweep, found) for found in held if found])

    async def _history(self, sweep: Sweep) -> list[Run]:
        runs = list[Run]()
        async for run in self._engine.floor.history(sweep.name):
            if len(runs) == _RUNS:
                break
            runs.append(run)
        return runs

    async def _findings(self, sweep: Sweep, shard: str) -> AsyncIterator[FindingView]:
        async for held in self._engine.findings(sweep).all(shard):
            yield self._view(sweep, held)

    async def _row(self, sweep: Sweep) -> SweepRow:
        run = await self._engine.floor.latest(sweep.name)
        return sweep_row(sweep.name, sweep.summary, sweep.every, run)

    def _view(self, sweep: Sweep, held: Held) -> FindingView:
        advice = sweep.kinds.get(held.finding.kind, "")
        return finding_view(held, advice, self._clock())
