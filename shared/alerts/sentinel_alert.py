"""Read alerts of Microsoft Sentinel: rows of its SecurityAlert table, or what a playbook sends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from shared.alerts import kinds
from shared.alerts.carrier import (
    JsonCarrier,
    NotForUs,
    Reading,
    feedback,
    held,
)
from shared.alerts.drafting import UNSAID, about
from shared.alerts.kinds import Irrelevant, Meaning
from shared.alerts.payload import Record
from shared.alerts.sentinel_entities import Entities
from shared.alerts.text import clean, fold, name, notes
from shared.alerts.times import first_moment
from shared.errors import Undecodable
from shared.model import AlertDraft

_LIVE: Final = frozenset({"new", "active", "inprogress"})
_OVER: Final = frozenset({"resolved", "dismissed", "closed"})
_UNSAID: Final = frozenset({"", "unknown"})
_TIMES: Final = ("StartTimeUtc", "StartTime", "TimeGenerated", "EndTimeUtc")


class SentinelAlert(JsonCarrier):
    """Read alerts of Microsoft Sentinel: rows of its SecurityAlert table, or what a playbook sends.

    What they say of accounts stands in their entities. `CompromisedEntity` is a host as often as a
    user, and Identity Protection stopped filling it in 2022.
    """

    envelope = "value"

    def read_one(self, item: Record) -> Iterator[Reading]:
        """Say what one alert is; each account it is about makes a draft of its own."""
        alert = item.record("body") if item.has("body") else item
        native = alert.text("SystemAlertId")
        if not native or not _title(alert) or not alert.has("ProviderName"):
            raise Undecodable(
                "not a Sentinel alert: SystemAlertId, ProviderName or the alert's name is missing"
            )
        meaning = _meaning(alert)
        if isinstance(meaning, Irrelevant):
            yield NotForUs(reason=meaning.reason, native_id=name(native))
            return
        status = fold(alert.text("Status") or "")
        if status in _OVER:
            # A reopened alert keeps its id: what was ignored must not hide it.
            yield NotForUs(reason=f"the alert is {status}", native_id=name(native, status))
            return
        if status not in _LIVE | _UNSAID:
            word = clean(alert.text("Status") or "", 40)
            raise Undecodable(f"Status {word!r} is not one Sentinel documents")
        yield from _drafts(alert, meaning, name(native))


def _title(alert: Record) -> str:
    return alert.text("AlertDisplayName", "DisplayName", "AlertName") or ""


def _meaning(alert: Record) -> Meaning | Irrelevant:
    keys = ("ProviderName", "ProductName", "ProductComponentName")
    return kinds.of_alert(
        title=_title(alert),
        ids=alert.texts("AlertType"),
        codes=alert.texts("AlertType"),
        products=[each for key in keys if (each := alert.text(key))],
    )


def _drafts(alert: Record, meaning: Meaning, native: str) -> Iterator[Reading]:
    entities = Entities(alert.value("Entities"))
    open_ = fold(alert.text("Status") or "") in _LIVE
    unsaid = None if open_ else UNSAID
    draft = AlertDraft(
        native_id=native,
        kind=meaning.kind,
        title=clean(_title(alert)),
        severity=kinds.severity(alert.text("AlertSeverity", "Severity")),
        occurred_at=first_moment(*map(alert.value, _TIMES)),
        evidence=_lines(alert, entities)
        | feedback(_title(alert), *alert.texts("AlertType"))
        | held(meaning.held or unsaid),
    )
    yield from about(draft, entities.accounts(meaning.kind))


def _lines(alert: Record, entities: Entities) -> dict[str, str]:
    return notes(
        ip=", ".join(entities.ips[:10]),
        detector=alert.text("AlertType"),
        source=alert.text("ProductName", "ProviderName"),
        provider_alert_id=alert.text("VendorOriginalId", "ProviderAlertId"),
        description=alert.text("Description"),
    )
