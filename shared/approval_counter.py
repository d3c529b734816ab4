"""Where people answer what waits: release it, decline it, or say since when it went on."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

from pydantic import Field

from shared.desk import Page, json_page, wants_json
from shared.model import Json, ResponderName, TenantId, Utc
from shared.pages.approval_cards import ApprovalsView
from shared.principal import Role
from shared.tasks.approvals import Answered, Approvals, Yes
from shared.tasks.ledger import Clock
from shared.tasks.restart import Restart
from shared.window import FAILURES, Form, Signed, Window

_REASON = 2000


class ApproveRequest(Signed):
    """Release these changes, all or none."""

    changes: Annotated[tuple[Yes, ...], Field(min_length=1)]
    reason: Annotated[str, Field(max_length=_REASON)] = ""


class DeclineRequest(Signed):
    """Let this change be."""

    responder: ResponderName
    fingerprint: str
    reason: Annotated[str, Field(max_length=_REASON)]


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
        clock: Clock,
        tenant: TenantId,
    ) -> None:
        self._window = window
        self._approvals = approvals
        self._restart = restart
        self._clock = clock
        self._tenant = tenant

    async def show(self, headers: Mapping[str, str]) -> Page:
        """List what waits for a person."""
        if reason := self._window.door.shut(headers):
            title = "Nobody is signed in"
            return self._window.problem(headers, HTTPStatus.FORBIDDEN, title, reason)
        view = ApprovalsView(at=self._clock(), cards=await self._approvals.waiting(self._tenant))
        if wants_json(headers):
            return json_page(view.model_dump(mode="json"))
        may = self._window.door.may(headers, Role.APPROVER)
        return self._window.html(self._window.pages.approvals(view, may=may))

    async def approve(self, case: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Release changes exactly as they were shown."""
        try:
            asked, actor = self._window.request(
                headers, body, role=Role.APPROVER, model=ApproveRequest, form=_approve_form
            )
            answered = await self._approvals.approve(
                self._tenant,
                self._window.case(case),
                asked.changes,
                by=actor,
                data={"reason": asked.reason},
            )
        except FAILURES as error:
            return self._window.failed(headers, error, nothing="Nothing was released")
        return self._answered(case, headers, answered)

    async def decline(self, case: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Let a change be, and say why."""
        try:
            asked, actor = self._window.request(
                headers, body, role=Role.APPROVER, model=DeclineRequest, form=_decline_form
            )
            answered = await self._approvals.decline(
                self._tenant,
                self._window.case(case),
                Yes(responder=asked.responder, fingerprint=asked.fingerprint),
                reason=asked.reason,
                by=actor,
                data={},
            )
        except FAILURES as error:
            return self._window.failed(headers, error, nothing="Nothing was declined")
        return self._answered(case, headers, answered)

    async def since(self, case: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Change when the compromise began, and plan again what is not done."""
        try:
            asked, actor = self._window.request(
                headers, body, role=Role.RESPONDER, model=SinceRequest, form=_since_form
            )
            told = await self._restart.since(
                self._tenant, self._window.case(case), asked.since, by=actor, again=asked.again
            )
        except FAILURES as error:
            return self._window.failed(headers, error, nothing="The start was not changed")
        if wants_json(headers):
            return json_page(told.model_dump(mode="json"), status=HTTPStatus.ACCEPTED)
        return self._window.back_to(case)

    def _answered(
        self, case: str, headers: Mapping[str, str], answered: tuple[Answered, ...]
    ) -> Page:
        if not wants_json(headers):
            return self._window.back_to(case)
        found: Json = {"answered": [one.model_dump(mode="json") for one in answered]}
        return json_page(found, status=HTTPStatus.ACCEPTED)


def _approve_form(fields: Form) -> dict[str, object]:
    only = tuple(fields.get("only", ())) if "choosing" in fields else None
    wish = {"responder": _one(fields, "responder"), "fingerprint": _one(fields, "fingerprint")}
    return {"changes": [{**wish, "only": only}], "reason": _one(fields, "reason")}


def _decline_form(fields: Form) -> dict[str, object]:
    return {name: _one(fields, name) for name in ("responder", "fingerprint", "reason")}


def _since_form(fields: Form) -> dict[str, object]:
    """Read the browser's time field, which has no zone; the page says that it means UTC."""
    return {"since": f"{_one(fields, 'since')}Z", "again": bool(_one(fields, "again"))}


def _one(fields: Form, name: str) -> str:
    return fields.get(name, [""])[0]
