"""What an answer means: every status becomes an object or exactly one error of the tree.

Unknown is never "no": a 403 or a body that cannot be read never becomes an empty answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from shared.errors import (
    Conflict,
    Defect,
    Denied,
    FirebreakError,
    Gone,
    NoMailbox,
    Refused,
    Throttled,
    Transient,
)
from shared.model import Json

if TYPE_CHECKING:
    import httpx
    from azure.core.exceptions import AzureError

_READS: Final = frozenset({"GET", "HEAD"})
_LATER: Final = frozenset({408, 423, 429})
_TOO_MANY: Final = 429
_MOVED: Final = frozenset({409, 412})
_GONE: Final = frozenset({404, 410})
_DEFAULT: Final = (
    "This is the account's default authentication method, which is not removed before another is",
    (
        "Open the account's authentication methods in the Entra admin center",
        "Choose another default sign-in method there, then delete this one",
    ),
)
_UNWILLING: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = MappingProxyType(
    {
        "on-premises mastered": (
            "The directory on premises owns this account, and Graph may not write this to it",
            ("Make the change in Active Directory on premises",),
        ),
        "default authentication method": _DEFAULT,
        "default method": _DEFAULT,
        "UserCredentialPolicy does not allow": (
            "The tenant's policy for authentication methods does not allow this one",
            ("Enable the method for this account in the Entra admin center, under Policies",),
        ),
        "Enable-OrganizationCustomization": (
            "The organisation's settings were never customised, and Exchange lets none be set",
            (
                "Run Enable-OrganizationCustomization in Exchange PowerShell",
                "Wait until it is in force, which can take a day, and ask again",
            ),
        ),
        "external guest user": (
            "A guest's methods belong to the home tenant",
            ("Ask the guest's home organisation to let the guest in again",),
        ),
    }
)
"""What a 400 says that is no bug of ours: the account or the tenant is such that it cannot be."""
UNLICENSED: Final = "The tenant has no licence for this"
_NEEDS_P2: Final = "AadPremiumLicenseRequired"
"""How Privileged Identity Management says so, with a 400."""
_NO_MAILBOX: Final = "MailboxNotEnabledForRESTAPI"
_NOT_THERE: Final = frozenset({"RoleAssignmentDoesNotExist"})
_THERE: Final = frozenset({"RoleAssignmentExists"})
_SAID_THERE: Final = (
    "added object references already exist",
    "A conflicting object with one or more of the specified property values is present",
)
"""What is a 400 for Graph, and for us a thing that is gone or that somebody else did first."""
_LONGEST: Final = 300
"""Seconds: no server's wish to be left alone is believed for longer."""
_SAID: Final = 300
"""Characters of a server's message that are kept."""


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
    if status in (401, 403) or code == _NEEDS_P2:
        return Denied(f"{said}. {_advice(status, message, permission)}", permission=permission)
    if status in _GONE or code in _NOT_THERE:
        return NoMailbox(said) if code == _NO_MAILBOX else Gone(said)
    if status in _MOVED or code in _THERE or any(t in message for t in _SAID_THERE):
        return Conflict(said)
    if _passes(status):
        return _passing(said, response)
    if status == 400:  # noqa: PLR2004
        for said_so, (reason, steps) in _UNWILLING.items():
            if said_so in message:
                return Refused(reason, steps=steps)
    return Defect(said)


def _passing(said: str, response: httpx.Response) -> Transient:
    if response.status_code == _TOO_MANY:
        return Throttled(said, retry_after=retry_after(response))
    return Transient(
        said,
        retry_after=retry_after(response),
        may_have_happened=response.request.method not in _READS,
    )


def unlicensed(error: Denied) -> bool:
    """Whether a refusal is for want of a licence, which no permission mends."""
    return UNLICENSED in str(error)


def unanswered(service: str, request: httpx.Request, error: Exception) -> Transient:
    """Name the error that no answer at all is: a write that may have happened is marked."""
    return Transient(
        f"{service} did not answer ({type(error).__name__})",
        may_have_happened=request.method not in _READS,
    )


def tokenless(error: AzureError) -> Denied | Transient:
    """Name the error that having no token is: a refusal stays one, trouble at the endpoint passes.

    Only the kind of the failure is told: what the endpoint said is about credentials.
    """
    from azure.core.exceptions import ClientAuthenticationError

    status = getattr(error, "status_code", None) or 0
    kind = f"{type(error).__name__} {status or ''}".rstrip()
    said = f"The token endpoint gave no token ({kind})"
    if not isinstance(error, ClientAuthenticationError) or _passes(status):
        return Transient(said)
    return Denied(f"{said}. Check that the app has a managed identity and which one it should use")


def retry_after(response: httpx.Response) -> float | None:
    """Seconds the server asks us to wait, given as a number or as a date; `None` if it does not."""
    wish = response.headers.get("Retry-After", "").strip()
    if wish.isascii() and wish.isdigit():
        return min(float(wish), _LONGEST)
    try:
        moment = parsedate_to_datetime(wish)
        # A date without a zone is in GMT, as all of HTTP's dates are (RFC 9110, 5.6.7).
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (aware - datetime.now(UTC)).total_seconds()
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), _LONGEST)


def _passes(status: int) -> bool:
    return status in _LATER or status >= 500  # noqa: PLR2004 - every server error is passing


def _advice(status: int, message: str, permission: str) -> str:
    if status == 401:  # noqa: PLR2004
        return "Our token was not accepted: check the managed identity and its tenant"
    if "licens" in message.lower() or "premium" in message.lower():
        return UNLICENSED
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
    except (ValueError, RecursionError) as error:
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
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "", ""
    request = response.request
    return _discreet(code, request), _discreet(message or str(inner.get("message", "")), request)


def _discreet(said: str, request: httpx.Request) -> str:
    """Take out of an answer what no reader may see: the token and a new password of its request."""
    for secret in (_token(request), _password(request)):
        if secret:
            said = said.replace(secret, "[redacted]")
    return said[:_SAID]


def _token(request: httpx.Request) -> str:
    return str(request.headers.get("Authorization", "")).partition(" ")[2]


def _password(request: httpx.Request) -> str:
    try:
        return str(json.loads(request.content)["passwordProfile"]["password"])
    except (ValueError, KeyError, TypeError):
        return ""
