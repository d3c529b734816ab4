"""Read a person's own request: this account is compromised, show what you would do, harden it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import StringConstraints, ValidationError

from shared.alerts import identity
from shared.alerts.carrier import JsonCarrier, Reading, Recognised
from shared.alerts.payload import Record
from shared.alerts.text import clean, notes
from shared.errors import Undecodable
from shared.model import AccountRef, AlertDraft, AlertKind, Severity, Upn, Utc, Value

type Short = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]


class Request(Value):
    """What `firebreak respond` sends. `since` is when the compromise began, as far as is known."""

    request: Short
    """An id of the sender's making; the same one again is the same request."""
    user: Short
    """Object id or user principal name."""
    reason: Short
    by: Short
    since: Utc | None = None
    mode: Literal["respond", "dry_run", "harden"] = "respond"
    """`harden`: nobody is in the account; what a sweep found about it is to be mended."""


class AdminRequest(JsonCarrier):
    """Read a person's own request: this account is compromised, show what you would do, harden it.

    Severity is high because a person looked, and low where nobody is in the account; the policy has
    a rule for each kind.
    """

    def read_one(self, item: Record) -> Iterable[Reading]:
        """Read one request."""
        try:
            request = Request.model_validate(item.fields)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"])
            raise Undecodable(f"not a request: {field}: {first['msg']}") from error
        oid, upn = identity.object_id(request.user), identity.address(request.user)
        if not oid and not upn:
            raise Undecodable("user is neither an object id nor a user principal name")
        hardening = request.mode == "harden"
        draft = AlertDraft(
            native_id=clean(request.request),
            kind=AlertKind.HARDENING_REQUEST if hardening else AlertKind.ADMIN_REQUEST,
            title=clean(f"Requested by {request.by}: {request.reason}"),
            severity=Severity.LOW if hardening else Severity.HIGH,
            occurred_at=request.since,
            account=AccountRef(object_id=oid, upn=Upn(upn) if upn else None),
            evidence=notes(
                by=request.by,
                reason=request.reason,
                dry_run="yes" if request.mode == "dry_run" else None,
            ),
        )
        return (Recognised(draft=draft),)
