"""Answers and refusals, in the words Graph and Exchange use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

DENIED: Final = "Insufficient privileges to complete the operation."


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body (`None`: no content) and headers."""

    status: int
    body: dict[str, Any] | list[Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class GraphRefusal(Exception):  # noqa: N818 - an outcome, named as a noun
    """Graph says no."""

    def __init__(
        self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


class ExchangeRefusal(Exception):  # noqa: N818
    """Exchange says no; `kind` is the .NET exception that stands between the pipes."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.message = message


def denied() -> GraphRefusal:
    """Refuse for want of a permission or a role; Graph does not say which."""
    return GraphRefusal(403, "Authorization_RequestDenied", DENIED)


def no_such_object(key: str) -> GraphRefusal:
    """Refuse because the directory has no such object."""
    text = (
        f"Resource '{key}' does not exist or one of its queried reference-property objects are "
        "not present."
    )
    return GraphRefusal(404, "Request_ResourceNotFound", text)


def bad_request(message: str, *, code: str = "Request_BadRequest") -> GraphRefusal:
    """Refuse a request that cannot be right."""
    return GraphRefusal(400, code, message)


def only_enabled(fields: Mapping[str, Any], resource: str) -> bool:
    """Read a change that switches a resource on or off; the lab plays no other change of it."""
    if fields.keys() != {"accountEnabled"} or not isinstance(fields["accountEnabled"], bool):
        raise bad_request(f"Invalid value specified for property of resource '{resource}'.")
    return bool(fields["accountEnabled"])


def graph_error(
    status: int, *, code: str, message: str, request_id: str, at: datetime, extra: Mapping[str, str]
) -> Answer:
    """Shape a refusal as an OData error body."""
    inner = {
        "date": at.strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": request_id,
        "client-request-id": request_id,
    }
    body = {"error": {"code": code, "message": message, "innerError": inner}}
    return Answer(status, body, extra)


def exchange_error(status: int, *, kind: str, message: str, code: str) -> Answer:
    """Shape a refusal as the REST side of the Exchange Online module receives it."""
    text = f"|{kind}|{message}"
    body = {
        "error": {
            "code": code,
            "message": "Error executing request. " + message,
            "details": [{"code": "Context", "target": "", "message": text}],
            "innererror": {
                "message": "Error executing cmdlet",
                "type": "Microsoft.Exchange.Admin.OData.Core.ODataServiceException",
                "internalException": {"message": text, "type": kind},
            },
        }
    }
    return Answer(status, body)
