"""Read alert records of the Office 365 Management Activity API.

One native alert makes several records: one for the alert itself and one for each entity. Only the
record of a user entity says who it is about. The schema is at
https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-schema
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from shared.alerts import identity, kinds
from shared.alerts.call import Call, Greeting
from shared.alerts.carrier import (
    Incomplete,
    JsonCarrier,
    NotForUs,
    Reading,
    Recognised,
    guest_mark,
    held,
)
from shared.alerts.kinds import Irrelevant, Meaning
from shared.alerts.payload import Record, parse
from shared.alerts.text import clean, fold, name, notes
from shared.alerts.times import moment
from shared.errors import Undecodable
from shared.model import AccountRef, AlertDraft, AlertKind, Awaited, Place, Severity

_ALERT: Final = "40"
"""RecordType SecurityComplianceAlerts; a number or a string, depending on the forwarder."""
_HYGIENE: Final = "51"
"""RecordType HygieneEvent: mailboxes put on and taken off the list of restricted senders."""
_OPERATIONS: Final = frozenset({"alerttriggered", "alertentitygenerated"})
_UPDATED: Final = "alertupdated"
_UNPUBLISHED: Final = (
    "AadRiskDetection records have no published schema: switch on the pull of risk_detections, or"
    " send Entra's UserRiskEvents"
)
_LIVE: Final = frozenset({"active", "investigating"})
_CLOSED: Final = frozenset({"resolved", "dismissed"})
_RISK: Final = "294"
"""RecordType AadRiskDetection, whose fields Microsoft does not publish."""
_FEED: Final = "audit.general"
"""The feed that alerts and restricted senders come in."""
_CONTENT_ID: Final = re.compile(r"[A-Za-z0-9$._-]{1,400}")
_VELOCITY: Final = "mcas_alert_anubis_detection_velocity"


class O365Activity(JsonCarrier):
    """Read alert records of the Office 365 Management Activity API."""

    tenant_key = "OrganizationId"

    def greet(self, call: Call) -> Greeting | None:
        """Answer the call that validates a webhook; it bears the same Webhook-AuthID as others.

        The service wants a 200 and nothing else.
        """
        asked = call.header("Webhook-ValidationCode")
        return Greeting(text="", proven=True) if asked else None

    def read_one(self, item: Record) -> Iterable[Reading]:
        """Say what one audit record is."""
        record_type, operation = item.text("RecordType"), fold(item.text("Operation") or "")
        if item.has("contentId", "contentType") and not operation:
            return (_pointer(item),)
        if not operation or not item.has("Workload"):
            raise Undecodable(_shape(item))
        if operation == _VELOCITY:
            return (_velocity(item),)
        if record_type == _RISK:
            raise Undecodable(_UNPUBLISHED)
        if record_type == _HYGIENE or operation == "hygienetenantevents":
            return (_hygiene(item),)
        if record_type == _ALERT or operation in _OPERATIONS | {_UPDATED}:
            return (_alert(item, operation),)
        reason = f"audit record {clean(item.text('Operation') or '', 80)!r} is not an alert"
        return (NotForUs(reason=reason, native_id=name(item.text("Id")), routine=True),)

    def settle(self, readings: list[Reading]) -> list[Reading]:
        """Let an alert's user record speak for its other records in the same body."""
        named = {
            reading.draft.native_id
            for reading in readings
            if isinstance(reading, Recognised) and reading.draft.account
        }
        return [_covered(reading, named) for reading in readings]


def _covered(reading: Reading, named: set[str]) -> Reading:
    if not isinstance(reading, Recognised) or reading.draft.account:
        return reading
    native = reading.draft.native_id
    if native not in named:
        return reading
    reason = "another record of this alert names the account"
    return NotForUs(reason=reason, native_id=name(native, reading.draft.evidence.get("entity")))


def _shape(item: Record) -> str:
    if item.has("validationCode"):
        return "this is the validation request of a webhook subscription, not an alert"
    return "not an audit record of Office 365: Operation and Workload are not both there"


def _pointer(item: Record) -> Reading:
    """Read a notification that content is there. Its address is not followed, only its id used."""
    content = item.text("contentId") or ""
    if fold(item.text("contentType") or "") != _FEED:
        word = clean(item.text("contentType") or "", 40)
        reason = f"content of the type {word!r} holds no alerts"
        return NotForUs(reason=reason, native_id=name(content), routine=True)
    if not _CONTENT_ID.fullmatch(content):
        raise Undecodable("the notification's contentId is not one that Office 365 makes")
    draft = AlertDraft(
        native_id=name(content),
        kind=AlertKind.UNSUPPORTED,
        title="Content of the Office 365 activity feed",
        severity=Severity.UNKNOWN,
        occurred_at=moment(item.value("contentCreated")),
        evidence=notes(content=content),
    )
    return Incomplete(draft=draft, awaits=Awaited(place=Place.O365_CONTENT, id=content))


def _alert(item: Record, operation: str) -> Reading:
    native = item.text("AlertId", "Id")
    if not native:
        raise Undecodable("the alert record has neither AlertId nor Id")
    data = _data(item)
    meaning = _meaning(item, data)
    if isinstance(meaning, Irrelevant):
        return NotForUs(reason=meaning.reason, native_id=name(native))
    status = fold(item.text("Status") or "")
    if status in _CLOSED:
        return NotForUs(reason=f"the alert is {status}", native_id=name(native, status))
    if operation == _UPDATED:
        reason = "it updates an alert that came in records of its own"
        return NotForUs(reason=reason, native_id=name(native, operation))
    if status and status not in _LIVE:
        word = clean(item.text("Status") or "", 40)
        raise Undecodable(f"Status {word!r} is not one the schema documents")
    return _recognised(item, data, meaning)


def _data(item: Record) -> Record:
    """Read `Data`: a JSON text, empty in some records, and beside the point where it is broken."""
    value = item.value("Data")
    try:
        found = parse(value) if isinstance(value, str) and value.strip() else value
    except Undecodable:
        return Record({})
    return Record(found if isinstance(found, dict) else {})


def _meaning(item: Record, data: Record) -> Meaning | Irrelevant:
    title = item.text("Name") or data.text("an") or ""
    written = fold(item.text("AlertType") or "") == "custom"
    return kinds.by_policy(
        ids=[text for text in (item.text("PolicyId"), data.text("cid")) if text],
        operations=[text for key in ("op", "lon") if (text := data.text(key))],
        # What an administrator called a rule of their own is free text.
        title="" if written else title,
    ) or Irrelevant(reason=f'alert policy "{clean(title, 120)}" is not one we answer')


def _recognised(item: Record, data: Record, meaning: Meaning) -> Recognised:
    account = _account(item, data)
    unsaid = None if item.has("Status") else "the record does not say whether the alert is open"
    return Recognised(
        draft=AlertDraft(
            native_id=name(item.text("AlertId", "Id")),
            kind=meaning.kind,
            title=clean(item.text("Name") or "Office 365 alert"),
            severity=kinds.severity(item.text("Severity") or data.text("sev")),
            occurred_at=_since(item, data),
            account=account,
            evidence=_lines(item, data) | held(meaning.held or unsaid) | guest_mark(account),
        )
    )


def _account(item: Record, data: Record) -> AccountRef | None:
    """Find the user: ObjectId and `eid` of a user entity, which must not contradict each other.

    `UserId` is the alerting service, `f3u` whoever acted, `suid` differs for no known reason: a
    person may look at them, we do not act on them.
    """
    entity = item.text("EntityType") or data.text("etype") or ""
    if fold(entity) != "user":
        return None
    claims = [text for text in (item.text("ObjectId"), data.text("eid")) if text]
    addresses = [identity.address(claim) for claim in claims]
    alias = identity.address(item.text("AlertEntityId"))
    folded = {address.lower() for address in (*addresses, alias) if address}
    if not addresses or None in addresses or len(folded) != 1:
        return None
    return identity.account(upn=addresses[0])


def _since(item: Record, data: Record) -> datetime | None:
    claims = (data.value("ts"), item.value("CreationTime"))
    return next(filter(None, map(moment, claims)), None)


def _lines(item: Record, data: Record) -> dict[str, str]:
    return notes(
        alert_id=item.text("AlertId"),
        record_id=item.text("Id"),
        policy_id=item.text("PolicyId") or data.text("cid"),
        operation=data.text("op", "lon"),
        entity=item.text("EntityType") or data.text("etype"),
        entity_id=item.text("AlertEntityId"),
        entity_object=item.text("ObjectId"),
        actor=data.text("f3u"),
        suid=data.text("suid"),
        ip=data.text("sip"),
        category=item.text("Category"),
        source=item.text("Source"),
        activity_time=data.text("ts"),
        activity_end=data.text("te"),
    )


def _hygiene(item: Record) -> Reading:
    """Read a HygieneEvent: `EventValue` was put on the list of restricted senders, or taken off.

    It carries no severity, and high volume alone is often an application relaying through a
    mailbox: the policy sees `unknown`.
    """
    native, event = name(item.text("Id")), fold(item.text("Event") or "")
    if event == "delisted":
        return NotForUs(reason="the sender was taken off the restricted list", native_id=native)
    if event != "listed" or not native:
        raise Undecodable("the HygieneEvent has no Id, or Event is neither Listed nor Delisted")
    account = identity.account(upn=item.text("EventValue"))
    return Recognised(
        draft=AlertDraft(
            native_id=native,
            kind=AlertKind.OUTBOUND_SPAM,
            title="Sender put on the restricted list",
            severity=Severity.UNKNOWN,
            occurred_at=moment(item.value("CreationTime")),
            account=account,
            evidence=notes(reason=item.text("Reason"), record_id=native) | guest_mark(account),
        )
    )


def _velocity(item: Record) -> Reading:
    """Read the record of a Cloud Apps impossible-travel alert, which names its user as the actor.

    No public schema says how its end is reported, so nothing happens by itself.
    """
    native = name(item.text("Id"))
    if not native:
        raise Undecodable("the record has no Id")
    account = identity.account(upn=item.text("UserId"))
    return Recognised(
        draft=AlertDraft(
            native_id=native,
            kind=AlertKind.RISKY_SIGN_IN,
            title="Impossible travel",
            severity=kinds.severity(item.text("Severity")),
            occurred_at=moment(item.value("CreationTime")),
            account=account,
            evidence=notes(record_id=native, ip=item.text("ClientIP"))
            | held("the record does not say whether the alert is open")
            | guest_mark(account),
        )
    )
