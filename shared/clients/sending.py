"""The one way out over HTTP: each call is timed and counted, and none tells its URL or its body."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from shared.clients.answers import unanswered
from shared.signals.table import Fact, Metric, Seen
from shared.signals.trace import measured, span

if TYPE_CHECKING:
    import httpx

_TOO_MANY: Final = 429
_REFUSED: Final = frozenset({401, 403})
_WORD: Final = re.compile(r"\$?[A-Za-z]{1,40}(_v2)?")
"""A collection or an action; an id, an address or a domain has more than letters in it."""


async def sent(
    http: httpx.AsyncClient, service: str, request: httpx.Request, *, what: str | None = None
) -> httpx.Response:
    """Send a request to a service, by its name in sentences; `what` is said instead of the path.

    Raises `Transient` where no answer came.
    """
    import httpx

    name = service.rpartition(" ")[0].removeprefix("The ") or service
    facts = {
        Fact.SERVICE: name.lower(),
        Fact.METHOD: request.method,
        Fact.WHAT: what or shape(request.url.path),
    }
    with span(Seen.CALL, facts) as said:
        try:
            response = await http.send(request)
        except httpx.HTTPError as error:
            _count(name.lower(), "unanswered")
            raise unanswered(service, request, error) from error
        outcome = _outcome(response.status_code)
        said.say({Fact.STATUS: response.status_code, Fact.OUTCOME: outcome})
        _count(name.lower(), outcome)
        return response


def shape(path: str) -> str:
    """Show a path with its words and without its ids."""
    parts = path.strip("/").split("/")
    return "/".join(part if _WORD.fullmatch(part) else "{}" for part in parts)


def _outcome(status: int) -> str:
    if status == _TOO_MANY:
        return "throttled"
    if status in _REFUSED:
        return "refused"
    return "ok" if status < 400 else "failed"  # noqa: PLR2004 - where HTTP's errors begin


def _count(service: str, outcome: str) -> None:
    measured(Metric.CALLS, facts={Fact.SERVICE: service, Fact.OUTCOME: outcome})
    if outcome == "throttled":
        measured(Metric.THROTTLES, facts={Fact.SERVICE: service})
