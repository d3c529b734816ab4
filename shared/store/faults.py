"""What Azure Storage's errors mean, sorted into Firebreak's tree: each into exactly one class.

The sentences name the status and Azure's error code and never repeat its message, which may quote
what was sent; the original stays attached as the cause.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from shared.errors import Conflict, Defect, Denied, FirebreakError, Transient
from shared.signals.table import Fact, Metric, Seen
from shared.signals.trace import measured, span
from shared.store.verbs import Exists, Immutable

if TYPE_CHECKING:
    from azure.core.exceptions import HttpResponseError


class Missing(Conflict):
    """The one row or blob we spoke of is not there (any more)."""


class Absent(Transient):
    """The table, container or queue itself is not there yet."""


class Effect(Enum):
    """Whether a call leaves a trace: only then can a lost answer hide one."""

    READS = "reads"
    WRITES = "writes"


@dataclass(frozen=True, slots=True)
class Act:
    """What we were about to do, and the role that allows it."""

    what: str
    role: str
    effect: Effect


_KEPT: Final = frozenset({"BlobImmutableDueToPolicy", "BlobImmutableDueToLegalHold"})
_ABSENT: Final = frozenset({"TableNotFound", "ContainerNotFound", "QueueNotFound"})
_BY_STATUS: Final[Mapping[int, type[FirebreakError]]] = MappingProxyType(
    {
        HTTPStatus.NOT_FOUND: Missing,
        HTTPStatus.CONFLICT: Exists,
        HTTPStatus.PRECONDITION_FAILED: Conflict,
    }
)
_STORAGE: Final = MappingProxyType({Fact.SERVICE: "storage"})
_OUTCOMES: Final[Mapping[type[FirebreakError], str]] = MappingProxyType(
    {Conflict: "ok", Transient: "unanswered", Denied: "refused"}
)
"""The first that fits; a row of another version, or one that is not there, is a good answer."""
_THROTTLING: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_BUSY: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
_REFUSED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


@contextmanager
def translated(act: Act) -> Iterator[None]:
    """Raise what Azure's client raises as one of our own errors."""
    from azure.core.exceptions import AzureError

    try:
        yield
    # Arguments it cannot use, and answers it cannot read, the client reports as ValueError.
    except (AzureError, ValueError) as error:
        meant = translate(error, act)
        _told(act, meant, status=getattr(error, "status_code", None))
        raise meant from error
    measured(Metric.CALLS, facts={**_STORAGE, Fact.OUTCOME: "ok"})


def _told(act: Act, error: FirebreakError, *, status: int | None) -> None:
    """Count a call that went otherwise than well; where storage is in trouble, its span is kept.

    There are dozens of calls in a pass: a span for each would drown the rest.
    """
    outcome = next((word for kind, word in _OUTCOMES.items() if isinstance(error, kind)), "failed")
    outcome = "throttled" if status in _THROTTLING else outcome
    measured(Metric.CALLS, facts={**_STORAGE, Fact.OUTCOME: outcome})
    if outcome == "throttled":
        measured(Metric.THROTTLES, facts=_STORAGE)
    if outcome != "ok":
        said = {Fact.WHAT: act.what.replace(" ", "_"), Fact.OUTCOME: outcome}
        with span(Seen.CALL, {**_STORAGE, **said, Fact.ERROR: type(error).__name__}):
            pass


def translate(error: Exception, act: Act) -> FirebreakError:
    """Say what an exception of azure-core means for the caller."""
    from azure.core.exceptions import (
        HttpResponseError,
        IncompleteReadError,
        ServiceRequestError,
        ServiceResponseError,
    )

    if isinstance(error, (ServiceRequestError, ServiceResponseError, IncompleteReadError)):
        return Transient(
            f"Azure Storage could not be reached to {act.what} ({type(error).__name__})",
            may_have_happened=act.effect is Effect.WRITES and not _never_sent(error),
        )
    if isinstance(error, HttpResponseError):
        return _answered(error, act)
    return Defect(f"Azure Storage's client could not {act.what} ({type(error).__name__})")


def _answered(error: HttpResponseError, act: Act) -> FirebreakError:
    from azure.core.exceptions import ClientAuthenticationError

    status, code = _status(error), _code(error)
    said = f"Azure Storage answered {status} {code} when asked to {act.what}"
    if status in _BUSY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        # Only 429 is turned away at the door; after any other a write may have been carried out.
        lost = act.effect is Effect.WRITES and status != HTTPStatus.TOO_MANY_REQUESTS
        return Transient(said, retry_after=_retry_after(error), may_have_happened=lost)
    # Without a token the far side is not storage but the identity, which says 400 for a bad one.
    if status in _REFUSED or isinstance(error, ClientAuthenticationError):
        return _denied(code, act)
    return _kind(status, code)(said)


def _kind(status: int, code: str) -> type[FirebreakError]:
    """Sort an answer that is neither busy nor a refusal; the code knows more than the status.

    A queue that exists is answered with 204; and 409 is also the answer while a table or container
    is being deleted, which is not "exists".
    """
    if code.endswith("AlreadyExists"):
        return Exists
    if code in _ABSENT:
        return Absent
    if code in _KEPT:
        return Immutable
    if status == HTTPStatus.CONFLICT and code:
        return Transient
    return _BY_STATUS.get(status, Defect)


def _denied(code: str, act: Act) -> Denied:
    return Denied(
        f"We may not {act.what} ({code or 'no token'}): give Firebreak's identity the role "
        f"{act.role} on the storage account, and let the account's network rules admit it",
        permission=act.role,
    )


def _status(error: HttpResponseError) -> int:
    """Name the status; an error without an answer is judged by its class."""
    from azure.core.exceptions import (
        ResourceExistsError,
        ResourceModifiedError,
        ResourceNotFoundError,
    )

    by_class = {
        ResourceExistsError: HTTPStatus.CONFLICT,
        ResourceModifiedError: HTTPStatus.PRECONDITION_FAILED,
        ResourceNotFoundError: HTTPStatus.NOT_FOUND,
    }
    meant = (status for kind, status in by_class.items() if isinstance(error, kind))
    return error.status_code or next(meant, 0)


def _code(error: HttpResponseError) -> str:
    """Find Azure's error code: on the error, in a header, or in the body of a table's answer."""
    known = getattr(error, "error_code", None)
    if known:
        return str(getattr(known, "value", known))
    response: Any = error.response
    if response is None:
        return ""
    header = response.headers.get("x-ms-error-code")
    # `create_entity` raises what the transport saw, before the table client has read the body.
    return str(header) if header else _code_in_body(response)


def _code_in_body(response: Any) -> str:
    from azure.core.exceptions import AzureError
    from azure.core.pipeline.policies import ContentDecodePolicy

    try:
        body = ContentDecodePolicy.deserialize_from_http_generics(response)
        return str(body["odata.error"]["code"])
    except (AzureError, AttributeError, LookupError, TypeError):
        return "Unknown"  # an answer nobody can read; its status decides


def _retry_after(error: HttpResponseError) -> float | None:
    response: Any = error.response
    try:
        return float(response.headers["Retry-After"])
    except (AttributeError, KeyError, ValueError):
        return None  # Storage sends seconds or nothing


def _never_sent(error: Exception) -> bool:
    """Tell a connection that never stood from one that fell.

    The class alone does not: azure-core's aiohttp transport raises ServiceRequestError, documented
    as "before the request was sent", for a server that hung up after it, too.
    """
    from aiohttp import ClientConnectorError
    from azure.core.exceptions import ServiceRequestTimeoutError

    inner = getattr(error, "inner_exception", None)
    return isinstance(error, ServiceRequestTimeoutError) or isinstance(inner, ClientConnectorError)


async def created_once[T](
    act: Callable[[], Awaitable[T]], create: Callable[[], Awaitable[object]]
) -> T:
    """Do it; where the table, container or queue is missing, create that and do it again.

    So the first write ever pays, and no later one asks.
    """
    try:
        return await act()
    except Absent:
        with suppress(Exists):  # another first writer was quicker
            await create()
        return await act()
