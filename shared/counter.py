"""Where people ask for something to be done: today, to put back what a case changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from pydantic import ValidationError

from shared.desk import BASE, Page, json_page, wants_json
from shared.door import Door
from shared.errors import Conflict, Gone, Refused
from shared.model import CaseId, ResponderName, TenantId, Value
from shared.tasks.ledger import Clock
from shared.tasks.undo import Undo, UndoStep

if TYPE_CHECKING:
    from shared.pages.render import Pages

_CASE: Final = re.compile(r"[0-9a-f]{8,64}")


class UndoRequest(Value):
    """What `firebreak undo` sends, signed: `responder` alone, or everything."""

    responder: ResponderName | None = None
    by: str


class Counter:
    """Takes what people ask for, writes it down and puts it on the queue."""

    def __init__(self, *, door: Door, undo: Undo, clock: Clock, tenant: TenantId) -> None:
        self._door = door
        self._undo = undo
        self._clock = clock
        self._tenant = tenant

    async def show_undo(self, case: str, headers: Mapping[str, str]) -> Page:
        """Show what would be put back, before anything is."""
        if reason := self._door.shut(headers):
            return self._problem(headers, HTTPStatus.FORBIDDEN, "Nobody is signed in", reason)
        try:
            steps = await self._undo.plan(self._tenant, self._case(case))
        except Gone as error:
            return self._problem(headers, HTTPStatus.NOT_FOUND, "Not here", str(error))
        if wants_json(headers):
            return _steps(steps)
        html = self._pages.undo(CaseId(case), steps)
        return Page(body=html, headers=self._pages.security_headers())

    async def ask_undo(self, case: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Put back what a person at a page, or the command line, asks for."""
        try:
            request = self._request(headers, body)
            steps = await self._undo.ask(
                self._tenant, self._case(case), actor=request.by, only=request.responder
            )
        except PermissionError as error:
            return self._problem(headers, HTTPStatus.FORBIDDEN, "Not allowed", str(error))
        except Gone as error:
            return self._problem(headers, HTTPStatus.NOT_FOUND, "Not here", str(error))
        except Conflict:
            said = "The case changed in this moment; look at it again"
            return self._problem(headers, HTTPStatus.CONFLICT, "Not now", said)
        except Refused as error:
            return self._problem(headers, HTTPStatus.CONFLICT, "Nothing was put back", str(error))
        if wants_json(headers):
            return _steps(steps, status=HTTPStatus.ACCEPTED)
        return Page(
            status=HTTPStatus.SEE_OTHER, body="", headers={"Location": f"{BASE}/cases/{case}"}
        )

    def _request(self, headers: Mapping[str, str], body: bytes) -> UndoRequest:
        if self._door.signed(headers, body, self._clock()):
            try:
                return UndoRequest.model_validate_json(body)
            except ValidationError as error:
                raise Refused(f"Not a request: {error.errors()[0]['msg']}") from error
        if reason := self._door.shut(headers):
            raise PermissionError(reason)
        if self._door.foreign(headers):
            raise PermissionError("Another site sent this in your name; go by the case's own page")
        asked = parse_qs(body.decode(errors="replace")).get("responder", [""])[0]
        return UndoRequest(
            responder=ResponderName(asked) if asked else None, by=self._door.person(headers)
        )

    def _case(self, case: str) -> CaseId:
        if not _CASE.fullmatch(case):
            raise Gone("There is no such case")
        return CaseId(case)

    def _problem(
        self, headers: Mapping[str, str], status: HTTPStatus, title: str, what_to_do: str
    ) -> Page:
        if wants_json(headers):
            return json_page({"error": what_to_do}, status=status)
        html = self._pages.problem(status, title, what_to_do)
        return Page(status=status, body=html, headers=self._pages.security_headers())

    @cached_property
    def _pages(self) -> Pages:
        from shared.pages.render import Pages

        return Pages(base=BASE)


def _steps(steps: tuple[UndoStep, ...], *, status: int = HTTPStatus.OK) -> Page:
    return json_page({"steps": [step.model_dump(mode="json") for step in steps]}, status=status)
