"""Read legacy Graph security alerts (v1): one, a list page, an array or NDJSON.

Graph stopped serving them on 31 August 2026; connectors and archives still do.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from shared.alerts import identity, kinds
from shared.alerts.carrier import JsonCarrier, NotForUs, Reading, held
from shared.alerts.drafting import about
from shared.alerts.kinds import OUTBOUND, Irrelevant, Meaning
from shared.alerts.payload import Record
from shared.alerts.text import clean, fold, name, notes
from shared.alerts.times import moment
from shared.errors import Undecodable
from shared.model import AccountRef, AlertDraft, AlertKind

_LIVE: Final = frozenset({"newalert", "inprogress"})
_CLOSED: Final = frozenset({"resolved", "dismissed"})
_UNSAID: Final = frozenset({"", "unknown", "unknownfuturevalue"})
_HARMLESS: Final = {
    "falsepositive": "its feedback is false positive",
    "benignpositive": "its feedback is benign positive",
}


class GraphAlertsLegacy(JsonCarrier):
    """Read legacy Graph security alerts (v1): one, a list page, an array or NDJSON."""

    envelope = "value"
    tenant_key = "azureTenantId"

    def read_one(self, item: Record) -> Iterator[Reading]:
        """Say what one alert is; each user state it is about makes a draft of its own."""
        if item.graph_type != "alert" and not item.has("vendorInformation", "eventDateTime"):
            raise Undecodable("not a legacy Graph alert: no vendorInformation and eventDateTime")
        native = item.text("id")
        if not native:
            raise Undecodable("the alert has no id")
        meaning = _meaning(item)
        if isinstance(meaning, Irrelevant):
            yield NotForUs(reason=meaning.reason, native_id=name(native))
            return
        status = fold(item.text("status") or "")
        if over := _over(item, status):
            yield NotForUs(reason=over, native_id=name(native, status, "closed"))
            return
        yield from about(_draft(item, meaning, name(native)), _accounts(item, meaning.kind))


def _meaning(item: Record) -> Meaning | Irrelevant:
    vendor, category = item.record("vendorInformation"), item.text("category") or ""
    sources = [word for key in ("provider", "subProvider") if (word := vendor.text(key))]
    return kinds.of_alert(
        operations=[category], codes=[category], title=item.text("title") or "", products=sources
    )


def _over(item: Record, status: str) -> str | None:
    if status in _CLOSED:
        return f"the alert is {status}"
    if status not in _LIVE | _UNSAID:
        word = clean(item.text("status") or "", 40)
        raise Undecodable(f"status {word!r} is not one Graph documents for legacy alerts")
    return _HARMLESS.get(fold(item.text("feedback") or ""))


def _accounts(item: Record, kind: AlertKind) -> tuple[AccountRef, ...]:
    """Name the users of the alert; who only received the mail is a victim of outgoing spam."""
    states = [
        state
        for state in item.records("userStates")
        if kind not in OUTBOUND or fold(state.text("emailRole") or "") != "recipient"
    ]
    found = (
        identity.account(
            directory=state.text("aadUserId"),
            upn=state.text("userPrincipalName"),
            sid=state.text("onPremisesSecurityIdentifier"),
            on_windows=identity.windows(state.text("domainName"), state.text("accountName")),
        )
        for state in states
    )
    return tuple(identity.distinct(each for each in found if each))


def _draft(item: Record, meaning: Meaning, native: str) -> AlertDraft:
    unsaid = fold(item.text("status") or "") in _UNSAID
    why = "the alert does not say whether it is still open" if unsaid else None
    return AlertDraft(
        native_id=native,
        kind=meaning.kind,
        title=clean(item.text("title") or "Microsoft Graph alert"),
        severity=kinds.severity(item.text("severity")),
        occurred_at=_since(item),
        evidence=_lines(item) | held(meaning.held or why),
    )


def _since(item: Record) -> datetime | None:
    keys = ("eventDateTime", "createdDateTime")
    return next(filter(None, (moment(item.value(key)) for key in keys)), None)


def _lines(item: Record) -> dict[str, str]:
    states, vendor = item.records("userStates")[:10], item.record("vendorInformation")
    ips = dict.fromkeys(ip for state in states if (ip := state.text("logonIp")))
    places = dict.fromkeys(at for state in states if (at := state.text("logonLocation")))
    return notes(
        ip=", ".join(ips),
        location="; ".join(places),
        category=item.text("category"),
        source=vendor.text("provider"),
        activity_time=item.text("eventDateTime"),
        portal=", ".join(item.texts("sourceMaterials")[:3]),
    )
