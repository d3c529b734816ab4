"""Read Microsoft Graph security alerts (alerts_v2): one, a list page, an array or NDJSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from shared.alerts import kinds
from shared.alerts.carrier import JsonCarrier, NotForUs, Reading, feedback
from shared.alerts.disruption import NOTE, disrupted
from shared.alerts.drafting import Form, about, drafted, relevant
from shared.alerts.graph_evidence import Evidence
from shared.alerts.kinds import Irrelevant, Meaning
from shared.alerts.payload import Record
from shared.alerts.text import clean, fold, name, notes
from shared.errors import Undecodable
from shared.model import AlertKind

_FORM: Final = Form(
    vendor="Microsoft Defender",
    times=("firstActivityDateTime", "createdDateTime"),
    live=frozenset({"new", "inprogress"}),
)
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
    meaning = relevant(item, native, _meaning(item, evidence), _over)
    if isinstance(meaning, NotForUs):
        yield meaning
        return
    yield from _drafts(item, meaning, native, evidence)


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
    if status not in _FORM.live | _UNSAID:
        word = clean(item.text("status") or "", 40)
        raise Undecodable(f"status {word!r} is not one Graph documents")
    return _HARMLESS.get(fold(item.text("classification") or ""))


def _drafts(item: Record, meaning: Meaning, native: str, evidence: Evidence) -> Iterator[Reading]:
    accounts = evidence.accounts(meaning.kind)
    if meaning.kind is AlertKind.RISKY_USER:
        accounts = evidence.compromised
    if not accounts and evidence.about_principal:
        why = "it is about an application, not a user"
        yield NotForUs(reason=why, native_id=name(native))
        return
    said = feedback(item.text("title"), item.text("detectorId"))
    draft = drafted(item, meaning, native, _FORM, _lines(item, evidence) | said)
    yield from about(draft, accounts)


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
