"""Where people look at alerts that opened no case, see why, and have them read again."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from pydantic import ValidationError

from shared.alerts.explain import explained
from shared.desk import Page, json_page, wants_json
from shared.errors import Gone, Refused
from shared.model import Alert, AlertId, Json
from shared.pages.lists import AlertFilters, AlertsView
from shared.pages.text import visible
from shared.pages.view import alert_line, alerts_view
from shared.principal import Role
from shared.tasks.ledger import Clock
from shared.tasks.shown import Shown, Wanted
from shared.tasks.trail import Noted, Trail
from shared.telemetry import Log
from shared.window import FAILURES, Form, Signed, Window

MOST: Final = 25
"""Alerts of one page."""
_RAW: Final = 4_000
"""Letters of a body that are shown."""
_ID: Final = re.compile(r"[0-9a-f]{8,64}")
_DAYS: Final = re.compile(r"([0-9]{1,4})d")


class AlertCounter:
    """Shows alerts, and takes the wish to have one read again."""

    def __init__(
        self, *, window: Window, shown: Shown, trail: Trail, clock: Clock, log: Log
    ) -> None:
        self._window = window
        self._trail = trail
        self._shown = shown
        self._clock = clock
        self._log = log

    async def show(self, headers: Mapping[str, str], query: Mapping[str, str]) -> Page:
        """List them, filtered by `state`, `source` and `since`, from `after` on."""
        if shut := self._window.shut(headers):
            return shut
        try:
            wanted = self._wanted(query)
        except Refused as error:
            said = str(error)
            return self._window.problem(headers, HTTPStatus.BAD_REQUEST, "Not a filter", said)
        view = await self._view(wanted, query)
        if wants_json(headers):
            return json_page(view.model_dump(mode="json"))
        may = self._window.door.may(headers, Role.RESPONDER)
        return self._window.html(self._window.pages.alerts(view, may=may))

    async def why(self, alert_id: str, headers: Mapping[str, str]) -> Page:
        """Show one alert: what it says, how its body is read now, and how that begins."""
        if shut := self._window.shut(headers):
            return shut
        try:
            alert = await self._shown.one(_id(alert_id))
        except Gone as error:
            return self._window.failed(headers, error, nothing="Not here")
        body = await self._shown.body(alert)
        raw, readings = body.decode(errors="replace"), self._readings(alert, body)
        if wants_json(headers):
            told = alert.model_dump(mode="json", exclude={"raw"})
            return json_page({"alert": told, "readings": readings, "raw": visible(raw, limit=_RAW)})
        html = self._window.pages.alert(
            alert_line(alert, raw),
            readings,
            at=self._clock(),
            may=self._window.door.may(headers, Role.RESPONDER),
        )
        return self._window.html(html)

    async def again(self, alert_id: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Have an alert read again, for a responder or the command line."""
        try:
            _, actor = self._window.request(
                headers,
                body,
                role=Role.RESPONDER,
                at=f"alert/{alert_id}/again",
                model=Signed,
                form=_nothing,
            )
            known = await self._shown.one(_id(alert_id))
            said = f"Alert {known.id} is to be read again"
            await self._trail.note(Noted.ASKED, said, actor=actor, data={"alert": known.id})
            alert = await self._shown.again(known.id)
        except FAILURES as error:
            return self._window.failed(headers, error, nothing="Nothing was read again")
        self._log.warning("alert.read_again", alert=alert.id, state=alert.state, actor=actor.id)
        if wants_json(headers):
            return json_page({"alert": alert.id}, status=HTTPStatus.ACCEPTED)
        target = {"Location": f"{self._window.base}/alert/{alert.id}/why"}
        return Page(status=HTTPStatus.SEE_OTHER, body="", headers=target)

    async def _view(self, wanted: Wanted, query: Mapping[str, str]) -> AlertsView:
        (alerts, older), people = await asyncio.gather(
            self._shown.page(wanted, most=MOST), self._shown.for_people()
        )
        filters = AlertFilters(
            state=wanted.state,
            people=wanted.people,
            source=wanted.source or "",
            since=query.get("since", "").strip(),
        )
        return alerts_view(alerts, at=self._clock(), people=people, filters=filters, older=older)

    def _wanted(self, query: Mapping[str, str]) -> Wanted:
        given = {name: query[name].strip() or None for name in Wanted.model_fields if name in query}
        since = given.get("since") or ""
        if days := _DAYS.fullmatch(since):
            given["since"] = (self._clock() - timedelta(days=int(days[1]))).isoformat()
        elif since and "T" not in since:
            given["since"] = f"{since}T00:00:00Z"
        try:
            return Wanted.model_validate(given)
        except ValidationError as error:
            first = error.errors()[0]
            raise Refused(
                f"{first['loc'][0]}: {first['msg']}. Times are like 2026-11-23 or "
                "2026-11-23T08:30:00Z, or 7d"
            ) from error

    def _readings(self, alert: Alert, body: bytes) -> list[Json]:
        carrier = self._shown.carrier(alert)
        return [explained(each, body) for each in carrier.read(body)] if carrier and body else []


def _id(alert: str) -> AlertId:
    if not _ID.fullmatch(alert):
        raise Gone("There is no such alert")
    return AlertId(alert)


def _nothing(_: Form) -> dict[str, object]:
    return {}
