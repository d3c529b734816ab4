"""What every counter does before it takes a request: who is it, may they, and what do they say."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from pydantic import ValidationError

from shared.desk import NOBODY, Page, json_page, wants_json
from shared.door import OPERATOR, Door
from shared.errors import Conflict, FirebreakError, Gone, Refused
from shared.model import Actor, CaseId, Value
from shared.principal import Role
from shared.tasks.ledger import Clock

if TYPE_CHECKING:
    from shared.pages.render import Pages

_CASE: Final = re.compile(r"[0-9a-f]{8,64}")
_MOST: Final = 64 * 1024
"""Bytes of a form or request; the longest real one is a few hundred."""

type Form = Mapping[str, list[str]]


class Signed(Value):
    """What the command line sends: who types it, for the record. The secret proves no more."""

    by: str


class Window:
    """The part of a counter that people see."""

    def __init__(self, *, door: Door, clock: Clock) -> None:
        self.door = door
        self._clock = clock

    @property
    def base(self) -> str:
        """What the paths of these pages begin with."""
        return self.door.base

    def shut(self, headers: Mapping[str, str]) -> Page | None:
        """Answer whoever may read nothing here; `None` for everybody else."""
        reason = self.door.shut(headers)
        return self.problem(headers, HTTPStatus.FORBIDDEN, NOBODY, reason) if reason else None

    def request[R: Signed](
        self,
        headers: Mapping[str, str],
        body: bytes,
        *,
        role: Role,
        at: str,
        model: type[R],
        form: Callable[[Form], dict[str, object]],
    ) -> tuple[R, Actor]:
        """Read a request: the command line's, signed for this place, or a form of a page of ours.

        Raises `PermissionError` where nobody may, `Refused` where it cannot be read.
        """
        if len(body) > _MOST:
            raise Refused(f"A request has at most {_MOST} bytes")
        try:
            if self.door.signed(headers, body, self._clock(), at=at):
                asked = model.model_validate_json(body)
                return asked, Actor(id=OPERATOR, name=asked.by)
            admitted = self.door.admit(headers, role)
            if self.door.foreign(headers):
                raise PermissionError(
                    "Another site sent this in your name; go by the case's own page"
                )
            fields = form(parse_qs(body.decode(errors="replace"), keep_blank_values=True))
            return model.model_validate({**fields, "by": admitted.actor.name}), admitted.actor
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise Refused(f"Not a request: {where}: {first['msg']}") from error

    def case(self, case: str) -> CaseId:
        """Read a case's id. Raises `Gone` where it cannot be one."""
        if not _CASE.fullmatch(case):
            raise Gone("There is no such case")
        return CaseId(case)

    def back_to(self, case: str) -> Page:
        """Lead to the case's page after something was asked for."""
        target = f"{self.base}/cases/{case}"
        return Page(status=HTTPStatus.SEE_OTHER, body="", headers={"Location": target})

    def failed(self, headers: Mapping[str, str], error: Exception, *, nothing: str) -> Page:
        """Say what went wrong; `nothing` is the heading where it was refused."""
        match error:
            case PermissionError():
                return self.problem(headers, HTTPStatus.FORBIDDEN, "Not allowed", str(error))
            case Gone():
                return self.problem(headers, HTTPStatus.NOT_FOUND, "Not here", str(error))
            case Conflict():
                said = "The case changed in this moment; look at it again"
                return self.problem(headers, HTTPStatus.CONFLICT, "Not now", said)
            case Refused():
                return self.problem(headers, HTTPStatus.CONFLICT, nothing, str(error))
        raise error

    def html(self, body: str, *, status: int = HTTPStatus.OK) -> Page:
        """Answer a browser."""
        return Page(status=status, body=body, headers=self.pages.security_headers())

    def problem(
        self, headers: Mapping[str, str], status: HTTPStatus, title: str, what_to_do: str
    ) -> Page:
        """Say what is wrong and what the reader can do."""
        if wants_json(headers):
            return json_page({"error": what_to_do}, status=status)
        return self.html(self.pages.problem(status, title, what_to_do), status=status)

    @cached_property
    def pages(self) -> Pages:
        """The pages, loaded when the first is shown."""
        from shared.pages.render import Pages

        return Pages(self.base, local=self.door.local, house=self.door.house)


FAILURES: Final = (PermissionError, FirebreakError)
"""What a counter answers with a page instead of failing."""
