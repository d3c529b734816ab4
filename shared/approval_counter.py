"""Where people answer what waits: release it, decline it, or say since when it went on."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from itertools import zip_longest
from typing import Annotated

from pydantic import Field

from shared.desk import Page, json_page, wants_json
from shared.errors import Gone, Refused
from shared.links import ELSEWHERE, Links
from shared.model import Json, ResponderName, TenantId, Utc
from shared.principal import Role
from shared.tasks.approvals import LINK, Answered, Approvals, Yes
from shared.tasks.awaited import Wanted
from shared.tasks.ledger import Clock
from shared.tasks.restart import Restart
from shared.window import FAILURES, Form, Signed, Window

_REASON = 2000


class ApproveRequest(Signed):
    """Release these changes, all or none."""

    changes: Annotated[tuple[Yes, ...], Field(min_length=1)]
    reason: Annotated[str, Field(max_length=_REASON)] = ""
    link: str = ""
    """The signed link by which the person came, if any."""


class DeclineRequest(Signed):
    """Let this change be."""

    responder: ResponderName
    fingerprint: str
    reason: Annotated[str, Field(max_length=_REASON)]
    link: str = ""


class SinceRequest(Signed):
    """The compromise began then; `again` also plans anew what has ended."""

    since: Utc
    again: bool = False


class ApprovalCounter:
    """Shows what waits and takes the answers; the queue carries them out."""

    def __init__(
        self,
        *,
        window: Window,
        approvals: Approvals,
        restart: Restart,
        links: Links,
        clock: Clock,
        tenant: TenantId,
    ) -> None:
        self._window = window
        self._approvals = approvals
        self._restart = restart
        self._links = links
        self._clock = clock
        self._tenant = tenant

    async def show(self, headers: Mapping[str, str], query: Mapping[str, str]) -> Page:
        """List what waits for a person, `after` where the page before ended, or in one `case`."""
        if shut := self._window.shut(headers):
            return shut
        try:
            view = await self._approvals.waiting.page(self._tenant, Wanted.of(query))
        except Gone as error:
            return self._window.failed(headers, error, nothing="Not here")
        except Refused as error:
            said = str(error)
            return self._window.problem(headers, HTTPStatus.BAD_REQUEST, "Not a page", said)
        if wants_json(headers):
            return json_page(view.model_dump(mode="json"))
        may = self._window.door.may(headers, Role.APPROVER)
        return self._window.html(self._window.pages.approvals(view, may=may))

    async def by_link(self, token: str, headers: Mapping[str, str]) -> Page:
        """Show the one change a link leads to; opening it uses nothing up."""
        if shut := self._window.shut(headers):
            return shut
        try:
            link = self._links.read(token)
            wish = Yes(responder=link.responder, fingerprint=link.fingerprint)
            card = await self._approvals.one(self._tenant, link.case, wish, link=link.number)
        except FAILURES as error:
            return self._window.failed(headers, error, nothing="This link leads nowhere any more")
        may = self._window.door.may(headers, Role.APPROVER)
        html = self._window.pages.linked(card, at=self._clock(), may=may, link=token)
        return self._window.html(html)

    async def approve(self, case: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Release changes exactly as they were shown."""
        try:
            asked, actor = self._window.request(
                headers,
                body,
                role=Role.APPROVER,
                at=f"cases/{case}/approve",
                model=ApproveRequest,
                form=_approve_form,
            )
            answered = await self._approvals.approve(
                self._tenant,
                self._window.case(case),
                asked.changes,
                by=actor,
                data={"reason": asked.reason, **self._by(asked.link, case, asked.changes)},
            )
        except FAILURES as error:
            return self._window.failed(headers, error, nothing="Nothing was released")
        return self._answered(case, headers, answered)

    async def decline(self, case: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Let a change be, and say why."""
        try:
            asked, actor = self._window.request(
                headers,
                body,
                role=Role.APPROVER,
                at=f"cases/{case}/decline",
                model=DeclineRequest,
                form=_decline_form,
            )
            wish = Yes(responder=asked.responder, fingerprint=asked.fingerprint)
            answered = await self._approvals.decline(
                self._tenant,
                self._window.case(case),
                wish,
                reason=asked.reason,
                by=actor,
                data=self._by(asked.link, case, (wish,)),
            )
        except FAILURES as error:
            return self._window.failed(headers, error, nothing="Nothing was declined")
        return self._answered(case, headers, answered)

    async def since(self, case: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Change when the compromise began, and plan again what is not done."""
        try:
            asked, actor = self._window.request(
                headers,
                body,
                role=Role.RESPONDER,
                at=f"cases/{case}/since",
                model=SinceRequest,
                form=_since_form,
            )
            told = await self._restart.since(
                self._tenant, self._window.case(case), asked.since, by=actor, again=asked.again
            )
        except FAILURES as error:
            return self._window.failed(headers, error, nothing="The start was not changed")
        if wants_json(headers):
            return json_page(told.model_dump(mode="json"), status=HTTPStatus.ACCEPTED)
        return self._window.back_to(case)

    def _by(self, token: str, case: str, wishes: tuple[Yes, ...]) -> Json:
        """Say by which link somebody came. Raises `Refused` where it is not for this answer."""
        if not token:
            return {}
        link = self._links.read(token)
        named = {(link.case, link.responder, link.fingerprint)}
        if {(case, wish.responder, wish.fingerprint) for wish in wishes} != named:
            raise Refused(f"This link is for another change; {ELSEWHERE}")
        return {LINK: link.number}

    def _answered(
        self, case: str, headers: Mapping[str, str], answered: tuple[Answered, ...]
    ) -> Page:
        if not wants_json(headers):
            return self._window.back_to(case)
        found: Json = {"answered": [one.model_dump(mode="json") for one in answered]}
        return json_page(found, status=HTTPStatus.ACCEPTED)


def _approve_form(fields: Form) -> dict[str, object]:
    """Read one change, perhaps in part, or several: each responder's name and fingerprint."""
    only = tuple(fields.get("only", ())) if "choosing" in fields else None
    # What lacks its other half is a change that nobody was shown, and is refused as that.
    named = zip_longest(fields.get("responder", [""]), fields.get("fingerprint", []), fillvalue="")
    return {
        "changes": [{"responder": r, "fingerprint": f, "only": only} for r, f in named],
        "reason": _one(fields, "reason"),
        "link": _one(fields, "link"),
    }


def _decline_form(fields: Form) -> dict[str, object]:
    names = ("responder", "fingerprint", "reason", "link")
    return {name: _one(fields, name) for name in names}


def _since_form(fields: Form) -> dict[str, object]:
    """Read the browser's time field, which has no zone; the page says that it means UTC."""
    return {"since": f"{_one(fields, 'since')}Z", "again": bool(_one(fields, "again"))}


def _one(fields: Form, name: str) -> str:
    return fields.get(name, [""])[0]
