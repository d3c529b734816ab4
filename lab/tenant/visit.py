"""One request on its way through the tenant: what came in, and what will be done with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol, Self
from urllib.parse import parse_qsl, unquote

from lab.tenant.answers import Answer

type Headers = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """A request as it arrived; header names in lower case."""

    method: str
    host: str
    """Scheme and host, such as https://graph.microsoft.com."""
    path: str
    """The path as sent, percent-encoded."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def arrived(
        cls, *, method: str, host: str, target: bytes, headers: Headers, body: bytes
    ) -> Self:
        """Take a request apart; `target` is path and query as sent."""
        path, _, query = target.decode("latin-1").partition("?")
        return cls(
            method=method,
            host=host,
            path=path,
            query=dict(parse_qsl(query, keep_blank_values=True)),
            headers={name.decode("latin-1").lower(): v.decode("latin-1") for name, v in headers},
            body=body,
        )

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """The decoded parts of the path."""
        return tuple(unquote(part) for part in self.path.split("/") if part)

    @property
    def url(self) -> str:
        """The URL up to its query."""
        return f"{self.host}{self.path}"

    def json(self) -> dict[str, Any] | None:
        """Read the body as a JSON object; `None` where there is none. Raises `ValueError`."""
        if not self.body:
            return None
        found = json.loads(self.body)
        if not isinstance(found, dict):
            raise ValueError("not a JSON object")  # noqa: TRY004 - a body is bad or it is not
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request that was routed and, unless `refused` is set, let in."""

    method: str
    path: str
    """The template or the cmdlet."""
    perform: Callable[[], Answer]
    refused: Answer | None = None
    owner: str = ""
    """Whose concurrency it uses up; empty where none is counted."""


class Service(Protocol):
    """A service the tenant plays."""

    def open(self, incoming: Incoming, *, at: datetime) -> Visit:
        """Route a request and let it in or refuse it; nothing takes effect yet."""

    def fail(self, status: int, *, headers: Mapping[str, str]) -> Answer:
        """Shape a fault on order as this service would."""

    def begin(self, owner: str) -> None:
        """Count a request that is being answered."""

    def end(self, owner: str) -> None:
        """Count a request that has been answered."""
