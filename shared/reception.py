"""Where people ask for the owner's return: confirm, let in, and an access pass."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Annotated

from pydantic import Field

from shared.desk import Page, json_page, wants_json
from shared.errors import Conflict, Denied, Refused, Transient
from shared.model import Actor, CaseId, TenantId
from shared.principal import Role
from shared.tasks.access_pass import MINUTES, AccessPasses, Issued
from shared.tasks.restore import Restore
from shared.window import FAILURES, Form, Signed, Window

_REASON = 500
"""Letters of a reason."""

type Act = Callable[[CaseId, ReturnRequest, Actor], Awaitable[Page]]


class ReturnRequest(Signed):
    """What a form or the command line sends: each request reads what it needs of it."""

    reason: Annotated[str, Field(max_length=_REASON)] = ""
    check: str = ""
    minutes: int = MINUTES


class Reception:
    """Takes what people ask for on the owner's behalf."""

    def __init__(
        self, *, window: Window, restore: Restore, passes: AccessPasses, tenant: TenantId
    ) -> None:
        self._window = window
        self._restore = restore
        self._passes = passes
        self._tenant = tenant

    async def confirm(self, case: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Take a person's word that a line of the checklist is done."""

        async def act(of: CaseId, asked: ReturnRequest, by: Actor) -> Page:
            await self._restore.confirm(self._tenant, of, by=by, check=asked.check)
            return self._taken(headers, of, "/restore")

        return await self._take(case, "confirm", headers, body, Role.RESPONDER, act)

    async def restore(self, case: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Take the request to let the owner back in."""

        async def act(of: CaseId, asked: ReturnRequest, by: Actor) -> Page:
            await self._restore.ask(self._tenant, of, by=by, override=asked.reason)
            return self._taken(headers, of, "")

        return await self._take(case, "restore", headers, body, Role.APPROVER, act)

    async def access_pass(self, case: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Make a pass and show it, once, to whoever asked."""

        async def act(of: CaseId, asked: ReturnRequest, by: Actor) -> Page:
            issued = await self._passes.issue(self._tenant, of, by=by, minutes=asked.minutes)
            if wants_json(headers):
                return _as_json(issued)
            return self._window.html(self._window.pages.access_pass(of, issued))

        return await self._take(case, "access-pass", headers, body, Role.APPROVER, act)

    async def _take(
        self, case: str, what: str, headers: Mapping[str, str], body: bytes, role: Role, act: Act
    ) -> Page:
        try:
            asked, by = self._window.request(
                headers, body, role=role, at=f"cases/{case}/{what}", model=ReturnRequest, form=_form
            )
            return await act(self._window.case(case), asked, by)
        except FAILURES as error:
            return self._window.failed(headers, _told(error), nothing="Not done")

    def _taken(self, headers: Mapping[str, str], case: CaseId, place: str) -> Page:
        if wants_json(headers):
            return json_page({"case": case}, status=HTTPStatus.ACCEPTED)
        return self._window.back_to(f"{case}{place}")


def _as_json(issued: Issued) -> Page:
    shown = {"access_pass": issued.value.get_secret_value(), "notes": list(issued.notes)}
    return json_page({**shown, "valid_until": issued.valid_until.isoformat()})


def _form(fields: Form) -> dict[str, object]:
    return {name: fields[name][0] for name in ("reason", "check") if name in fields}


def _told(error: Exception) -> Exception:
    """Say to the person at the window what the tenant answered, where it did not do it."""
    if isinstance(error, (Denied, Transient)) and not isinstance(error, Conflict):
        return Refused(f"The tenant did not do it: {error}. Ask again when that is mended")
    return error
