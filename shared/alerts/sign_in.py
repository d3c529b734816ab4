"""Sign-in records of Entra: an alert only where this very sign-in was risky and the risk is live.

Source: learn.microsoft.com/graph/api/resources/signin
"""

from __future__ import annotations

from typing import Final

from shared.alerts import identity, risk
from shared.alerts.carrier import NotForUs, Reading, Recognised, guest_mark, held
from shared.alerts.payload import Record
from shared.alerts.risk import Standing
from shared.alerts.text import clean, fold, name, notes
from shared.alerts.times import moment
from shared.errors import Undecodable
from shared.model import AlertDraft, AlertKind

_RISKLESS: Final = frozenset({"", "none"})
_PASSWORD_KNOWN: Final = frozenset({"0", "50055", "50072", "50074", "50076", "50079", "53003"})
"""Results after a right password: success, an expired password, a second factor asked for or to be
set up, Conditional Access.
Source: learn.microsoft.com/entra/identity-platform/reference-error-codes
"""


def read(item: Record) -> Reading:
    """Read one sign-in record of a user. Raises `Undecodable`."""
    native, state = item.text("id"), item.text("riskState")
    if not native:
        raise Undecodable("the sign-in has no id")
    verdict = risk.judge(state, item.text("riskDetail"))
    if verdict.standing is Standing.CLOSED:
        return NotForUs(reason=verdict.reason, native_id=name(native, state))
    level = item.text("riskLevelDuringSignIn")
    if fold(level or "") in _RISKLESS:
        reason = "the sign-in itself was not risky; the user's risk comes as a risky user"
        return NotForUs(reason=reason, native_id=name(native, state))
    account = identity.account(directory=item.text("userId"), upn=item.text("userPrincipalName"))
    return Recognised(
        draft=AlertDraft(
            native_id=name(native, state),
            kind=AlertKind.RISKY_SIGN_IN,
            title="Risky sign-in",
            severity=risk.severity(level, verdict.standing),
            occurred_at=moment(item.value("createdDateTime")),
            account=account,
            evidence=_lines(item) | held(verdict.reason or _failed(item)) | guest_mark(account),
        )
    )


def _failed(item: Record) -> str | None:
    """Say so where nobody got in: guessing at a password does not make its owner compromised."""
    code = item.record("status").text("errorCode")
    if code is None:
        return "the record does not say whether the sign-in succeeded"
    if code in _PASSWORD_KNOWN:
        return None
    return f"the sign-in failed with error {clean(code, 12)}: nobody got in with it"


def _lines(item: Record) -> dict[str, str]:
    place, status = item.record("location"), item.record("status")
    parts = (place.text("city"), place.text("state"), place.text("countryOrRegion"))
    return notes(
        risk_event_type=", ".join(item.texts("riskEventTypes_v2") or item.texts("riskEventTypes")),
        risk_state=item.text("riskState"),
        risk_detail=item.text("riskDetail"),
        ip=item.text("ipAddress"),
        location=", ".join(filter(None, parts)),
        client=item.text("clientAppUsed"),
        app=item.text("appDisplayName"),
        result=status.text("errorCode"),
        activity_time=item.text("createdDateTime"),
        correlation_id=item.text("correlationId"),
    )
