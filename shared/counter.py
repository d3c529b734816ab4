"""Where people ask for what a case changed to be put back."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from shared.desk import Page, json_page, wants_json
from shared.model import CaseId, ResponderName, TenantId
from shared.principal import Role
from shared.tasks.undo import Undo, UndoStep
from shared.window import FAILURES, Form, Signed, Window


class UndoRequest(Signed):
    """What `firebreak undo` sends, signed: `responder` alone, or everything."""

    responder: ResponderName | None = None


class Counter:
    """Takes what people ask for, writes it down and puts it on the queue."""

    def __init__(self, *, window: Window, undo: Undo, tenant: TenantId) -> None:
        self._window = window
        self._undo = undo
        self._tenant = tenant

    async def show_undo(self, case: str, headers: Mapping[str, str]) -> Page:
        """Show what would be put back, before anything is."""
        if shut := self._window.shut(headers):
            return shut
        try:
            whose, steps = await self._undo.plan(self._tenant, self._window.case(case))
        except FAILURES as error:
            return self._window.failed(headers, error, nothing="Nothing can be put back")
        if wants_json(headers):
            return _steps(steps)
        return self._window.html(self._window.pages.undo(CaseId(case), whose, steps))

    async def ask_undo(self, case: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Put back what a person at a page, or the command line, asks for."""
        try:
            request, actor = self._window.request(
                headers,
                body,
                role=Role.RESPONDER,
                at=f"cases/{case}/undo",
                model=UndoRequest,
                form=_form,
            )
            steps = await self._undo.ask(
                self._tenant, self._window.case(case), actor=actor, only=request.responder
            )
        except FAILURES as error:
            return self._window.failed(headers, error, nothing="Nothing was put back")
        if wants_json(headers):
            return _steps(steps, status=HTTPStatus.ACCEPTED)
        return self._window.back_to(case)


def _form(fields: Form) -> dict[str, object]:
    return {"responder": fields.get("responder", [""])[0] or None}


def _steps(steps: tuple[UndoStep, ...], *, status: int = HTTPStatus.OK) -> Page:
    return json_page({"steps": [step.model_dump(mode="json") for step in steps]}, status=status)
