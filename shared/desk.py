"""What people read: cases, alerts that need a person, and whether the app is well."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from functools import cached_property
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from shared.door import Door, header
from shared.errors import FirebreakError, Refused
from shared.model import Alert, AlertId, AlertState, CaseId, CaseStatus, Json, Value
from shared.pages.case_filter import CaseFilter, waits_for
from shared.pages.choices import ChainState
from shared.pages.lists import CasesView, FoundView
from shared.pages.view import case_json, case_view, cases_view
from shared.policy.document import Policy
from shared.principal import Role
from shared.settings import Settings
from shared.store.verbs import Store
from shared.tasks import keys, sealed
from shared.tasks.erased import said_of
from shared.tasks.ledger import CaseFile, Clock
from shared.tasks.listing import Listing

if TYPE_CHECKING:
    from shared.pages.approval_cards import Card
    from shared.pages.render import Pages
    from shared.pages.values import CaseView

type Cards = Callable[[CaseFile], tuple[Card, ...]]

NOBODY: Final = "Nobody is signed in"
"""The heading of what is answered to whoever may read nothing."""
_COUNTED: Final = 200
"""Notifications that were given up and are counted for a probe."""
_NO_QUERY: Final[Mapping[str, str]] = MappingProxyType({})
_ID: Final = re.compile(r"[0-9a-f]{8,64}")


class Page(Value):
    """An answer to a browser."""

    status: int = 200
    media: str = "text/html"
    body: str
    headers: dict[str, str] = {}  # noqa: RUF012 - pydantic copies it


class Desk:
    """Reads what is stored and shows it; changes nothing."""

    def __init__(
        self,
        *,
        settings: Settings,
        door: Door,
        store: Store,
        clock: Clock,
        policy: Policy,
        cards: Cards,
    ) -> None:
        self._settings = settings
        self._door = door
        self._store = store
        self._clock = clock
        self._policy = policy
        self._cards = cards

    async def show(
        self, path: str, headers: Mapping[str, str], query: Mapping[str, str] = _NO_QUERY
    ) -> Page:
        """Show `cases`, `cases/ID`, `cases/ID.json` or `alert/ID`.

        Below a case lie `report`, one file to keep, `restore`, the owner's way back, and
        `evidence`, which is always JSON.

        JSON instead of a page is given to whoever accepts `application/json` and no HTML.
        """
        if reason := self._door.shut(headers):
            return self._problem(HTTPStatus.FORBIDDEN, NOBODY, reason)
        place, _, rest = path.partition("/")
        as_json = wants_json(headers)
        if path == "cases":
            return await self._cases(headers, query)
        if place == "alert" and _ID.fullmatch(rest):
            return await self._alert(AlertId(rest), as_json)
        match = re.fullmatch(rf"({_ID.pattern})(\.json|/report|/evidence|/restore)?", rest)
        if place != "cases" or not match:
            return self._missing()
        kind = match[2] or (".json" if as_json else "")
        return await self._case(CaseId(match[1]), kind, headers)

    async def health(self, headers: Mapping[str, str]) -> Page:
        """Say whether storage answers, and to a reader what policy is in force; names nobody.

        Whether Firebreak acts at all is nobody's business who is not let in.
        """
        well = {"status": "ok", "storage": "ok"}
        try:
            if self._door.shut(headers):
                await self._store.read(keys.cases(self._settings.tenant), "health")
                return json_page(well)
            dead, absent = await asyncio.gather(
                self._given_up(),
                self._store.read(keys.brakes(self._settings.tenant), keys.ABSENT),
            )
        except FirebreakError as error:
            return json_page({"status": "unwell", "storage": type(error).__name__}, status=503)
        rules = [rule.name for rule in self._policy.rules]
        ceiling = str(self._policy.mode_ceiling)
        return json_page(
            {
                **well,
                "mode_ceiling": ceiling,
                "rules": rules,
                "notifications_given_up": dead,
                "guards_absent": len(absent.body["names"]) if absent else 0,
            }
        )

    async def _given_up(self) -> int:
        """Count the notifications that nobody got."""
        told = keys.deliveries(self._settings.tenant)
        return len([row async for row in self._store.scan(told, prefix=keys.DEAD, most=_COUNTED)])

    async def _case(self, case: CaseId, kind: str, headers: Mapping[str, str]) -> Page:
        file = await CaseFile.load(self._store, self._clock, self._settings.tenant, case)
        if not file.exists or file.case.erased_at is not None:
            return self._erased(file, headers) if file.exists else self._missing()
        if kind == "/evidence":
            found = await sealed.open_all(file.journal, self._store)
            return json_page({"case": case, **found.model_dump(mode="json")})
        view = await self._view(file)
        if kind == ".json":
            return json_page(case_json(view))
        if kind == "/restore":
            return self._html(self._pages.way_back(view))
        if kind == "/report":
            name = f"firebreak-{case}.html"
            page = self._html(self._pages.report(view))
            more = {**page.headers, "Content-Disposition": f'attachment; filename="{name}"'}
            return page.model_copy(update={"headers": more})
        html = self._pages.case(
            view,
            cards=self._cards(file),
            may=self._door.may(headers, Role.APPROVER),
            since_form=self._door.may(headers, Role.RESPONDER),
        )
        return self._html(html)

    def _erased(self, file: CaseFile, headers: Mapping[str, str]) -> Page:
        said = said_of(file.case, file.journal.entries)
        if wants_json(headers):
            return json_page({"error": said}, status=HTTPStatus.GONE)
        return self._problem(HTTPStatus.GONE, "This case was erased", said)

    async def _view(self, file: CaseFile) -> CaseView:
        alerts = await asyncio.gather(*(self._read(alert) for alert in file.case.alerts))
        broken = file.journal.broken_at()
        return case_view(
            file.case,
            tuple(file.tasks.values()),
            file.journal.entries,
            tuple(alert for alert in alerts if alert),
            at=self._clock(),
            chain=ChainState.INTACT if broken is None else ChainState.BROKEN,
        )

    async def _cases(self, headers: Mapping[str, str], query: Mapping[str, str]) -> Page:
        try:
            asked = CaseFilter.of(query)
        except Refused as error:
            return self._problem(HTTPStatus.BAD_REQUEST, "Cannot be looked for", str(error))
        listing = Listing(self._store, self._settings.tenant)
        mine = waits_for(self._door.role(headers))
        view = await self._found(listing, asked, mine) or await self._all(listing, mine)
        if wants_json(headers):
            return json_page(view.model_dump(mode="json"))
        rules = tuple(rule.name for rule in self._policy.rules)
        return self._html(
            self._pages.cases(
                view, asked=asked, rules=rules, may=self._door.may(headers, Role.APPROVER)
            )
        )

    async def _found(
        self, listing: Listing, asked: CaseFilter, mine: frozenset[CaseStatus]
    ) -> FoundView | None:
        if not asked.asks and not asked.after:
            return None
        piece = await listing.find(asked, mine)
        return FoundView(at=self._clock(), found=piece.rows, read=piece.read, after=piece.after)

    async def _all(self, listing: Listing, mine: frozenset[CaseStatus]) -> CasesView:
        unsettled, settled, alerts = await asyncio.gather(
            listing.unsettled(), listing.settled(), listing.alerts_for_people()
        )
        rows = (*unsettled.rows, *settled.rows)
        return cases_view(
            rows, alerts, self._clock(), mine=mine, after=settled.after, cut=bool(unsettled.after)
        )

    async def _alert(self, alert_id: AlertId, as_json: bool) -> Page:  # noqa: FBT001
        """Lead from an alert, whose id the sender was given, to its case."""
        alert = await self._read(alert_id)
        if alert is None:
            return self._missing()
        if as_json:
            return json_page(alert.model_dump(mode="json", exclude={"raw"}))
        below = f"cases/{alert.case}" if alert.case else f"alert/{alert.id}/why"
        target = f"{self._settings.base}/{below}"
        if alert.state is AlertState.RECEIVED:
            told = "Triage has not read this alert yet; reload this page in a moment"
            if alert.awaits:
                told = "It does not say yet who it is about; its source is asked for half an hour"
            page = self._problem(HTTPStatus.ACCEPTED, "Received", told)
            return page.model_copy(update={"headers": {**page.headers, "Refresh": "2"}})
        return Page(status=HTTPStatus.SEE_OTHER, body="", headers={"Location": target})

    async def _read(self, alert: AlertId) -> Alert | None:
        row = await self._store.read(keys.inbox(self._settings.tenant), keys.alert_row(alert))
        return Alert.model_validate(row.body) if row else None

    def _missing(self) -> Page:
        return self._problem(
            HTTPStatus.NOT_FOUND, "Not here", "Look it up in the list of cases or of alerts"
        )

    def _problem(self, status: HTTPStatus, title: str, what_to_do: str) -> Page:
        return self._html(self._pages.problem(status, title, what_to_do), status=status)

    def _html(self, body: str, *, status: int = 200) -> Page:
        return Page(status=status, body=body, headers=self._pages.security_headers())

    @cached_property
    def _pages(self) -> Pages:
        from shared.pages.render import Pages

        return Pages(self._door.base, local=self._door.local, house=self._door.house)


def wants_json(headers: Mapping[str, str]) -> bool:
    """Whether the reader is a program: it takes JSON and no HTML."""
    accept = header(headers, "accept")
    return "application/json" in accept and "text/html" not in accept


def json_page(body: Json, *, status: int = 200) -> Page:
    """Answer a program."""
    return Page(
        status=status,
        media="application/json",
        body=json.dumps(body, ensure_ascii=False),
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )
