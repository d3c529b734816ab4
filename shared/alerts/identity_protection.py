"""Read Entra ID Protection's detections, risky users and sign-ins, as Graph serves them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from shared.alerts import identity, risk, sign_in
from shared.alerts.carrier import (
    JsonCarrier,
    NotForUs,
    Reading,
    Recognised,
    feedback,
    guest_mark,
    held,
)
from shared.alerts.payload import Record, parse
from shared.alerts.risk import Standing
from shared.alerts.text import clean, name, notes
from shared.alerts.times import first_moment
from shared.errors import Undecodable
from shared.model import AlertDraft, AlertKind

_PRINCIPALS: Final = frozenset(
    {"serviceprincipalriskdetection", "riskyserviceprincipal", "agentriskdetection", "riskyagent"}
)
_AGENT_KEYS: Final = ("servicePrincipalId", "agentId", "appId")
_RETIRED: Final = "this is an identityRiskEvent, a shape Graph retired: send riskDetections instead"


class IdentityProtection(JsonCarrier):
    """Read Entra ID Protection's detections, risky users and sign-ins, as Graph serves them."""

    envelope = "value"

    def read_one(self, item: Record) -> Iterable[Reading]:
        """Say what one object is: a detection, a risky user, a sign-in, or what looks alike."""
        declared = item.graph_type or ""
        if declared in _PRINCIPALS or _about_agent(item, declared):
            reason = "it is about an application or agent, not a user"
            return (NotForUs(reason=reason, native_id=name(item.text("id"))),)
        if item.has("riskEventStatus"):
            raise Undecodable(_RETIRED)
        if item.has("riskLevelDuringSignIn"):
            return (sign_in.read(item),)
        if declared == "riskdetection" or _detects(item):
            return (detection(item),)
        if _history(item):
            reason = "it is a line of a risky user's history, not the present state"
            return (NotForUs(reason=reason, native_id=name(item.text("id"))),)
        if declared == "riskyuser" or item.has("riskState", "riskLevel", "userPrincipalName"):
            return (risky_user(item),)
        raise Undecodable(
            "neither a risk detection, nor a risky user, nor a sign-in of Entra ID Protection"
        )


def _about_agent(item: Record, declared: str) -> bool:
    user = declared in {"riskdetection", "riskyuser"} or item.text("userId", "userPrincipalName")
    return item.has("riskState") and not user and any(item.has(key) for key in _AGENT_KEYS)


def _detects(item: Record) -> bool:
    return item.has("riskState") and (item.has("riskEventType") or item.has("riskType"))


def _history(item: Record) -> bool:
    """Past states of a risky user look like the user, but carry the user's id beside their own."""
    return item.has("userId", "riskState", "riskLastUpdatedDateTime")


def detection(item: Record) -> Reading:
    """Read a riskDetection. It reappears under its id as its state changes, so both name it."""
    native, state = _id(item), item.text("riskState")
    verdict = risk.judge(state, item.text("riskDetail"))
    if verdict.standing is Standing.CLOSED:
        return NotForUs(reason=verdict.reason, native_id=name(native, state))
    account = identity.account(directory=item.text("userId"), upn=item.text("userPrincipalName"))
    event = item.text("riskEventType", "riskType")
    return Recognised(
        draft=AlertDraft(
            native_id=name(native, state),
            kind=AlertKind.RISKY_SIGN_IN,
            title=clean(f"Risk detection: {event or 'type not given'}"),
            severity=risk.severity(item.text("riskLevel"), verdict.standing),
            occurred_at=_first(item, "activityDateTime", "detectedDateTime", "lastUpdatedDateTime"),
            account=account,
            evidence=_lines(item) | _feedback(item) | held(verdict.reason) | guest_mark(account),
        )
    )


def risky_user(item: Record) -> Reading:
    """Read a riskyUser. Its id is the user's for ever, so state and time name the episode."""
    native, state = _id(item), item.text("riskState")
    named = name(native, state, item.text("riskLastUpdatedDateTime") or item.text("riskLevel"))
    verdict = risk.judge(state, item.text("riskDetail"))
    if verdict.standing is Standing.CLOSED:
        return NotForUs(reason=verdict.reason, native_id=named)
    if item.value("isDeleted") is True:
        return NotForUs(reason="the user is deleted", native_id=named)
    account = identity.account(directory=native, upn=item.text("userPrincipalName"))
    return Recognised(
        draft=AlertDraft(
            native_id=named,
            kind=AlertKind.RISKY_USER,
            title="Risky user",
            severity=risk.severity(item.text("riskLevel"), verdict.standing),
            occurred_at=_first(item, "riskLastUpdatedDateTime"),
            account=account,
            evidence=_lines(item) | _feedback(item) | held(verdict.reason) | guest_mark(account),
        )
    )


def _id(item: Record) -> str:
    native = item.text("id")
    if not native:
        raise Undecodable("the record has no id")
    return native


def _first(item: Record, *keys: str) -> datetime | None:
    return first_moment(*map(item.value, keys))


def _feedback(item: Record) -> dict[str, str]:
    return feedback(item.text("riskDetail"), item.text("riskEventType"))


def _lines(item: Record) -> dict[str, str]:
    place = item.record("location")
    parts = (place.text("city"), place.text("state"), place.text("countryOrRegion"))
    return notes(
        risk_event_type=item.text("riskEventType", "riskType"),
        risk_state=item.text("riskState"),
        risk_detail=item.text("riskDetail"),
        ip=item.text("ipAddress"),
        location=", ".join(filter(None, parts)),
        client=_agent(item.text("additionalInfo")),
        activity=item.text("activity"),
        activity_time=item.text("activityDateTime"),
        detected_time=item.text("detectedDateTime"),
        timing=item.text("detectionTimingType"),
        source=item.text("source"),
        correlation_id=item.text("correlationId"),
        request_id=item.text("requestId"),
    )


def _agent(additional: str | None) -> str | None:
    """Find the user agent in `additionalInfo`: a JSON text of `Key` and `Value` pairs."""
    try:
        pairs = parse(additional) if additional else []
    except Undecodable:
        return None
    for pair in Record({"pairs": pairs}).records("pairs"):
        if pair.text("Key") == "userAgent":
            return pair.text("Value")
    return None
