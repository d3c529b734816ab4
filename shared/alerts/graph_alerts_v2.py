"""Read Microsoft Graph security alerts (alerts_v2): one, a list page, an array or NDJSON."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from shared.alerts import kinds
from shared.alerts.carrier import JsonCarrier, NotForUs, Reading, feedback, held
from shared.alerts.disruption import NOTE, disrupted
from shared.alerts.drafting import about
from shared.alerts.graph_evidence import Evidence
from shared.alerts.kinds import Irrelevant, Meaning
from shared.alerts.payload import Record
from shared.alerts.text import clean, fold, name, notes
from shared.alerts.times import first_moment
from shared.errors import Undecodable
from shared.model import AlertDraft, AlertKind

_LIVE: Final = frozenset({"new", "inprogress"})
_UNSAID: Final = frozenset({"", "unknown", "unknownfuturevalue"})
_HARMLESS: Final = {
    "falsepositive": "it is classified as a false positive",
    "informationalexpectedactivity": "it is classified as expected activity",
}


class GraphAlertsV2(JsonCarrier):
    """Read Microsoft Graph security alerts (alerts_v2): one, a list page, an array or NDJSON."""

    envelope = "value"
    tenant_key = "tenantId"

    def read_one(self, item: Record) -> Iterator[Reading]:
        """Say what one alert is; each user or mailbox it is about makes a draft of its own."""
        yield from read_alert(item)


def read_alert(item: Record) -> Iterator[Reading]:
    """Say what one alerts_v2 object is, wherever it came. Raises `Undecodable`."""
    _check_shape(item)
    native = item.text("id")
    if not native:
        raise Undecodable("the alert has no id")
    evidence = Evidence(item)
    meaning = _meaning(item, evidence)
    if isinstance(meaning, Irrelevant):
        yield NotForUs(reason=meaning.reason, native_id=name(native))
        return
    status = fold(item.text("status") or "")
    if over := _over(item, status):
        # A reopened alert keeps its id: what was ignored must not hide it.
        yield NotForUs(reason=over, native_id=name(native, status, "closed"))
        return
    yield from _drafts(item, meaning, name(native), evidence)


def _check_shape(item: Record) -> None:
    declared = item.graph_type
    if declared == "security.alert":
        return
    if declared:
        raise Undecodable(f"this is a microsoft.graph.{clean(declared, 80)}, not a security alert")
    if not item.has("serviceSource", "title", "createdDateTime"):
        raise Undecodable(
            "not a Graph alerts_v2 alert: neither @odata.type nor serviceSource, title and"
            " createdDateTime are there"
        )


def _texts(item: Record, *keys: str) -> list[str]:
    return [text for key in keys if (text := item.text(key))]


def _meaning(item: Record, evidence: Evidence) -> Meaning | Irrelevant:
    return kinds.of_alert(
        ids=_texts(item, "detectorId", "alertPolicyId"),
        codes=_texts(item, "detectorId", "category"),
        title=item.text("title") or "",
        products=_texts(item, "serviceSource", "detectionSource", "productName"),
        otherwise=_disruption(item, evidence),
    )


def _disruption(item: Record, evidence: Evidence) -> Meaning | None:
    """Whatever the attack was: whom Defender calls compromised and has locked is compromised."""
    if disrupted(item.text("title") or "") and evidence.compromised:
        return Meaning(kind=AlertKind.RISKY_USER)
    return None


def _over(item: Record, status: str) -> str | None:
    if status == "resolved":
        return "the alert is resolved"
    if status not in _LIVE | _UNSAID:
        word = clean(item.text("status") or "", 40)
        raise Undecodable(f"status {word!r} is not one Graph documents")
    return _HARMLESS.get(fold(item.text("classification") or ""))


def _drafts(item: Record, meaning: Meaning, native: str, evidence: Evidence) -> Iterator[Reading]:
    accounts = evidence.accounts(meaning.kind)
    if meaning.kind is AlertKind.RISKY_USER:
        accounts = evidence.compromised
    if not accounts and evidence.about_principal:
        yield NotForUs(reason="it is about an application, not a user", native_id=native)
        return
    draft = AlertDraft(
        native_id=native,
        kind=meaning.kind,
        title=clean(item.text("title") or "Microsoft Defender alert"),
        severity=kinds.severity(item.text("severity")),
        occurred_at=_since(item),
        evidence=_lines(item, evidence)
        | feedback(item.text("title"), item.text("detectorId"))
        | held(meaning.held or _unsaid(item)),
    )
    yield from about(draft, accounts)


def _since(item: Record) -> datetime | None:
    keys = ("firstActivityDateTime", "createdDateTime")
    return first_moment(*map(item.value, keys))


def _unsaid(item: Record) -> str | None:
    known = fold(item.text("status") or "") in _LIVE
    return None if known else "the alert does not say whether it is still open"


def _lines(item: Record, evidence: Evidence) -> dict[str, str]:
    return notes(
        ip=", ".join(evidence.ips[:10]),
        location="; ".join(evidence.places[:10]),
        detector=item.text("detectorId"),
        policy_id=item.text("alertPolicyId"),
        category=item.text("category"),
        source=item.text("serviceSource"),
        incident=item.text("incidentId"),
        provider_alert_id=item.text("providerAlertId"),
        portal=item.text("alertWebUrl"),
        activity_time=item.text("lastActivityDateTime", "firstActivityDateTime"),
        verdict=", ".join(evidence.verdicts[:10]),
        disruption=NOTE if disrupted(item.text("title") or "") else None,
    )
