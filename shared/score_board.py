"""The Secure Score's own part of the sweeps' counter: its board, and decisions about controls."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import Field

from shared.clients.secure_scores import ControlState, DayScore
from shared.clients.tenant import Tenant
from shared.model import Json
from shared.pages.lists import CaseRow
from shared.pages.posture_score import ScoreView, quarter_of, score_view
from shared.policy.secure_score import Board
from shared.principal import Role
from shared.store.verbs import Store
from shared.sweeps.posture.secure_score import BOARD, DAY
from shared.sweeps.sweep import Kept
from shared.tasks import keys
from shared.tasks.ledger import Clock
from shared.tasks.score_decisions import SECURE_SCORE, ScoreDecisions
from shared.tasks.trail import Noted, Trail
from shared.window import Form, Signed, Window

_SHOWN: Final = timedelta(days=400)
"""How far back the trend goes."""

_COUNTED: Final = 200
"""Cases that are counted: a storm opens more, and the page has to stay quick."""


class ControlRequest(Signed):
    """Say what was decided about a control of Secure Score."""

    control: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,128}$")]
    state: ControlState
    reason: Annotated[str, Field(min_length=1, max_length=300)]


class ScoreBoard:
    """Shows the board and takes decisions."""

    def __init__(
        self, *, window: Window, store: Store, trail: Trail, clock: Clock, tenant: Tenant
    ) -> None:
        self._window = window
        self._trail = trail
        self._store = store
        self._clock = clock
        self._tenant = tenant
        self._decisions = ScoreDecisions(store, tenant.id, tenant.secure_scores)

    async def show(self) -> Json:
        """Give the board, the trend, what each control would have met, and what was decided."""
        decisions = [one.model_dump(mode="json") for one in await self._decisions.all()]
        return {**(await self.view()).model_dump(mode="json"), "decisions": decisions}

    async def view(self) -> ScoreView:
        """Give the board, the trend and what each control would have met."""
        kept, now = Kept(self._store, keys.sweep(self._tenant.id, SECURE_SCORE)), self._clock()
        days, found, rows = await asyncio.gather(
            self._days(kept, now), kept.one(BOARD), self._cases()
        )
        board = None if found is None else Board.model_validate(found)
        return score_view(board, days, rows, now, cut=len(rows) == _COUNTED)

    async def _days(self, kept: Kept, now: datetime) -> list[DayScore]:
        first = f"{DAY}{(now - _SHOWN).date().isoformat()}"
        return [DayScore.model_validate(body) async for _, body in kept.all(DAY, after=first)]

    async def decide(self, headers: Mapping[str, str], body: bytes) -> None:
        """Take an administrator's decision about a control to Microsoft."""
        asked, actor = self._window.request(
            headers,
            body,
            role=Role.ADMINISTRATOR,
            at=f"sweeps/{SECURE_SCORE}/control",
            model=ControlRequest,
            form=_form,
        )
        said = f"Control {asked.control} is {asked.state}: {asked.reason}"
        data: Json = {"control": asked.control, "state": asked.state}
        await self._trail.note(Noted.DECIDED, said, actor=actor, data=data)
        await self._decisions.decide(
            asked.control, asked.state, reason=asked.reason, by=actor.name, at=self._clock()
        )

    async def _cases(self) -> list[CaseRow]:
        """Read the newest cases of this quarter."""
        start, at = quarter_of(self._clock().date()), keys.cases(self._tenant.id)
        scan = self._store.scan(at, prefix=keys.LISTED, most=_COUNTED)
        read = [CaseRow.model_validate(row.body) async for row in scan]
        return [case for case in read if case.opened_at.date() >= start]


def _form(fields: Form) -> dict[str, object]:
    return {name: fields.get(name, [""])[0] for name in ("control", "state", "reason")}
