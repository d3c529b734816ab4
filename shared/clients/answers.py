"""What an answer means: every status becomes an object or exactly one error of the tree.

Unknown is never "no": a 403 or a body that cannot be read never becomes an empty answer.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from shared.errors import (
    Conflict,
    Defect,
    Denied,
    FirebreakError,
    Gone,
    Refused,
    Transient,
)
from shared.model import Json

if TYPE_CHECKING:
    import httpx

_READS: Final = frozenset({"GET", "HEAD"})
_LATER: Final = frozenset({408, 423, 429, 500, 502, 503, 504, 509})
_MOVED: Final = frozenset({409, 412})
_GONE: Final = frozenset({404, 410})
_SYNCED: Final = "on-premises mastered"
_LIMIT: Final = 300
"""Seconds: no server's wish to be left alone is believed for longer."""


def read_answer(service: str, response: httpx.Response, *, permission: str) -> Json:
    """Return the answer's object, or raise what its status means."""
    if response.is_success:
        return _object(service, response)
    code, message = _error(response)
    raise classify(service, response, code=code, message=message, permission=permission)


def classify(
    service: str, response: httpx.Response, *, code: str, message: str, permission: str
) -> FirebreakError:
    """Name the error that a failed answer is."""
    status = response.status_code
    said = f"{service} answered {status} {code}: {message}".rstrip(": ")
    if status in (401, 403):
        return Denied(f"{said}. {_advice(status, message, permission)}", permission=permission)
    if status in _GONE:
        return Gone(said)
    if status in _MOVED:
        return Conflict(said)
    if status in _LATER or status >= 500:  # noqa: PLR2004 - every server error is passing
        return Transient(
            said,
            retry_after=retry_after(response),
            may_have_happened=response.request.method not in _READS and status != 429,  # noqa: PLR2004
        )
    if status == 400 and _SYNCED in message:  # noqa: PLR2004
        return Refused(
            "The directory on premises owns this account, and Graph may not write this to it",
            steps=("Make the change in Active Directory on premises",),
        )
    return Defect(said)


def unanswered(service: str, request: httpx.Request | None, error: Exception) -> Transient:
    """Name the error that no answer at all is: a write that may have happened is marked."""
    write = request is not None and request.method not in _READS
    return Transient(f"{service} did not answer ({type(error).__name__})", may_have_happened=write)


def retry_after(response: httpx.Response) -> float | None:
    """Seconds the server asks us to wait, given as a number or as a date; `None` if it does not."""
    wish = response.headers.get("Retry-After", "").strip()
    if not wish:
        return None
    if wish.isdigit():
        return min(float(wish), _LIMIT)
    try:
        moment = parsedate_to_datetime(wish)
    except ValueError:
        return None
    return min(max((moment - datetime.now(UTC)).total_seconds(), 0.0), _LIMIT)


def _advice(status: int, message: str, permission: str) -> str:
    if status == 401:  # noqa: PLR2004
        return "Our token was not accepted: check the managed identity and its tenant"
    if "licens" in message.lower() or "premium" in message.lower():
        return "The tenant has no licence for this"
    return (
        f"Grant the application permission {permission} (a new grant can take hours to show in "
        "managed identity tokens); for an administrator's account the application also needs the "
        "Entra role Privileged Authentication Administrator"
    )


def _object(service: str, response: httpx.Response) -> Json:
    if not response.content:
        return {}
    try:
        found = json.loads(response.content)
    except ValueError as error:
        raise Defect(
            f"{service} answered {response.status_code} with a body that is not JSON"
        ) from (error)
    if not isinstance(found, dict):
        raise Defect(f"{service} answered with JSON that is not an object")
    return found


def _error(response: httpx.Response) -> tuple[str, str]:
    """Read code and message from an OData or Exchange error body; never raises."""
    try:
        error = json.loads(response.content)["error"]
        code, message = str(error.get("code", "")), str(error.get("message", ""))
        for detail in error.get("details") or ():
            message = str(detail.get("message", "")) or message
        inner = (error.get("innererror") or {}).get("internalException") or {}
        return code, (message or str(inner.get("message", "")))[:_LIMIT]
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", ""
