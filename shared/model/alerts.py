"""What a source says happened."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from shared.model.accounts import AccountRef
from shared.model.words import AlertId, CaseId, TenantId, Utc, Value


class AlertKind(StrEnum):
    """What an alert says happened."""

    RISKY_SIGN_IN = "risky_sign_in"
    RISKY_USER = "risky_user"
    OUTBOUND_SPAM = "outbound_spam"
    OUTBOUND_SPAM_WARNING = "outbound_spam_warning"
    SUSPICIOUS_FORWARDING = "suspicious_forwarding"
    SUSPICIOUS_INBOX_RULE = "suspicious_inbox_rule"
    CONSENT_PHISHING = "consent_phishing"
    ADMIN_REQUEST = "admin_request"
    HARDENING_REQUEST = "hardening_request"
    UNSUPPORTED = "unsupported"


class Severity(StrEnum):
    """How loud the source was; `unknown` is not `low`."""

    INFORMATIONAL = "informational"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    UNKNOWN = "unknown"


class AlertDraft(Value):
    """What a parser read: one alert about at most one account, before anybody gave it an id."""

    native_id: str
    kind: AlertKind
    title: str
    severity: Severity
    occurred_at: Utc | None = None
    account: AccountRef | None = None
    evidence: dict[str, str] = {}  # noqa: RUF012 - pydantic copies it


class Place(StrEnum):
    """Where an alert can be read again that came before those it is about."""

    SENTINEL_INCIDENT = "sentinel_incident"
    """An incident of Microsoft Sentinel, by its Azure resource id."""
    GRAPH_INCIDENT = "graph_incident"
    """An incident of Microsoft Defender, by its id in Graph."""
    GRAPH_ALERT = "graph_alert"
    """An alert of Microsoft Defender, by its id in Graph."""
    GRAPH_RISK_DETECTION = "graph_risk_detection"
    """A risk detection of Entra ID Protection, by its id."""
    GRAPH_RISKY_USER = "graph_risky_user"
    """A risky user, by object id."""
    O365_CONTENT = "o365_content"
    """Content of the Office 365 activity feed, by its id there."""
    PIECES = "pieces"
    """What was streamed of one alert in several records, by the alert's id; we kept them."""


class PullName(StrEnum):
    """What can be pulled where nothing pushes."""

    ALERTS = "alerts_v2"
    RISK_DETECTIONS = "risk_detections"
    RESTRICTED_SENDERS = "restricted_senders"
    OFFICE_ACTIVITY = "office_activity"


class Awaited(Value):
    """What an alert waits for: the same thing, as its source will tell it later."""

    place: Place
    id: str


class AlertState(StrEnum):
    """Where an alert stands; the last four are what a person is shown."""

    RECEIVED = "received"
    TRIAGED = "triaged"
    IGNORED = "ignored"
    UNREADABLE = "unreadable"
    UNRESOLVED = "unresolved"
    POISONED = "poisoned"


ALERTS_FOR_PEOPLE: Final = frozenset(
    {AlertState.UNREADABLE, AlertState.UNRESOLVED, AlertState.POISONED}
)
"""Nothing was done about alerts in these states: a person has to look."""


class Alert(Value):
    """One normalised message from a carrier, stored before it was acknowledged."""

    id: AlertId
    tenant: TenantId
    source: str
    carrier: str
    native_id: str
    kind: AlertKind
    title: str
    severity: Severity
    occurred_at: Utc
    occurred_at_is_receipt: bool = False
    received_at: Utc
    account: AccountRef | None = None
    evidence: dict[str, str] = {}  # noqa: RUF012 - pydantic copies it
    awaits: Awaited | None = None
    """Where it is read again, while it does not say yet who it is about."""
    raw: str
    body_erased: bool = False
    """What lay under `raw` was kept as long as the policy says."""
    state: AlertState = AlertState.RECEIVED
    reason: str = ""
    case: CaseId | None = None


class Origin(Value):
    """Where an alert of a case came from: its carrier, its id there, and who sent it."""

    carrier: str
    native_id: str
    source: str = ""
