"""Where people say what cases were: a false alarm, or none after all; one case or many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Annotated, Final

from pydantic import Field

from shared.desk import Page, json_page, wants_json
from shared.errors import FirebreakError
from shared.model import Actor, CaseId, TenantId
from shared.principal import Role
from shared.tasks.false_alarm import FalseAlarms, Judged, NotJudged
from shared.tasks.listing import SHOWN
from shared.window import FAILURES, Form, Signed, Window

_AT_ONCE: Final = 8
"""Cases that are written side by side, so that the pages stay quick meanwhile."""

type Say = Callable[[CaseId, Actor, str], Awaitable[Judged]]


class VerdictRequest(Signed):
    """What these cases were; as many at most as a page of the list shows."""

    cases: Annotated[
        tuple[Annotated[str, Field(pattern="^[0-9a-f]{8,64}$")], ...],
        Field(min_length=1, max_length=SHOWN),
    ]
    reason: Annotated[str, Field(max_length=500)]


class VerdictCounter:
    """Takes a person's word on cases."""

    def __init__(self, *, window: Window, alarms: FalseAlarms, tenant: TenantId) -> None:
        self._window = window
        self._alarms = alarms
        self._tenant = tenant

    async def hear(self, what: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Take a word: `false-alarm`, or `take-back` of it."""
        say = {"false-alarm": self._alarms.say, "take-back": self._alarms.take_back}.get(what)
        if say is None:
            told = "A case is called a false alarm, or that is taken back"
            return self._window.problem(headers, HTTPStatus.NOT_FOUND, "Not here", told)

        async def one(case: CaseId, by: Actor, reason: str) -> Judged:
            return await say(self._tenant, case, by=by, reason=reason)

        try:
            asked, actor = self._window.request(
                headers,
                body,
                role=Role.APPROVER,
                at=f"verdicts/{what}",
                model=VerdictRequest,
                form=_form,
            )
            cases = tuple(map(CaseId, dict.fromkeys(asked.cases)))
            if len(cases) == 1:
                return self._about_one(headers, await one(cases[0], actor, asked.reason))
            judged, failed = await _all(one, cases, actor, asked.reason)
        except FAILURES as error:
            return self._window.failed(headers, error, nothing="Nothing was changed")
        return self._about_many(headers, judged, failed)

    def _about_one(self, headers: Mapping[str, str], judged: Judged) -> Page:
        if wants_json(headers):
            return self._as_json([judged], [])
        return self._window.back_to(judged.case)

    def _about_many(
        self, headers: Mapping[str, str], judged: list[Judged], failed: list[NotJudged]
    ) -> Page:
        if wants_json(headers):
            return self._as_json(judged, failed)
        return self._window.html(self._window.pages.verdicts(judged, failed))

    def _as_json(self, judged: list[Judged], failed: list[NotJudged]) -> Page:
        found = {
            "judged": [one.model_dump(mode="json") for one in judged],
            "failed": [one.model_dump(mode="json") for one in failed],
        }
        return json_page(found, status=HTTPStatus.ACCEPTED if judged else HTTPStatus.CONFLICT)


async def _all(
    say: Say, cases: tuple[CaseId, ...], by: Actor, reason: str
) -> tuple[list[Judged], list[NotJudged]]:
    """Say it of each; what does not work for one case keeps it from no other."""
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(case: CaseId) -> Judged | NotJudged:
        async with room:
            try:
                return await say(case, by, reason)
            except FirebreakError as error:
                return NotJudged(case=case, reason=str(error))

    found = await asyncio.gather(*map(one, cases))
    judged = [each for each in found if isinstance(each, Judged)]
    return judged, [each for each in found if isinstance(each, NotJudged)]


def _form(fields: Form) -> dict[str, object]:
    return {"cases": tuple(fields.get("case", ())), "reason": fields.get("reason", [""])[0]}
