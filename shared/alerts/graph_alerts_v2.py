"""Read Microsoft Graph security alerts (alerts_v2): one, a list page, an array or NDJSON."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from shared.alerts import kinds
from shared.alerts.carrier import JsonCarrier, NotForUs, Reading, Recognised, guest_mark, held
from shared.alerts.graph_evidence import Evidence
from shared.alerts.kinds import Irrelevant, Meaning
from shared.alerts.payload import Record
from shared.alerts.text import clean, fold, name, notes
from shared.alerts.times import moment
from shared.errors import Undecodable
from shared.model import AlertDraft

_LIVE: Final = frozenset({"new", "inprogress"})
_UNSAID: Final = frozenset({"", "unknown", "unknownfuturevalue"})
_CROWD: Final = 250
"""Accounts of one alert that are answered without a person having looked."""
_HARMLESS: Final = {
    "falsepositive": "it is classified as a false positive",
    "informationalexpectedactivity": "it is classified as expected activity",
}


class GraphAlertsV2(JsonCarrier):
    """Read Microsoft Graph security alerts (alerts_v2): one, a list page, an array or NDJSON."""

    envelope = "value"

    def read_one(self, item: Record) -> Iterator[Reading]:
        """Say what one alert is; each user or mailbox it is about makes a draft of its own."""
        _check_shape(item)
        native = item.text("id")
        if not native:
            raise Undecodable("the alert has no id")
        meaning = _meaning(item)
        if isinstance(meaning, Irrelevant):
            yield NotForUs(reason=meaning.reason, native_id=name(native))
            return
        status = fold(item.text("status") or "")
        if over := _over(item, status):
            # A reopened alert keeps its id: what was ignored must not hide it.
            yield NotForUs(reason=over, native_id=name(native, status, "closed"))
            return
        yield from _drafts(item, meaning, name(native))


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


def _meaning(item: Record) -> Meaning | Irrelevant:
    title = item.text("title") or ""
    sources = _texts(item, "serviceSource", "detectionSource", "productName")
    quoted = f'"{clean(title, 120)}" ({clean(sources[0], 60) if sources else "no source named"})'
    if kinds.custom(sources):
        return Irrelevant(reason=f"{quoted} comes from a custom rule, whose title is free text")
    codes = _texts(item, "detectorId", "category")
    policies = _texts(item, "detectorId", "alertPolicyId")
    return (
        kinds.by_policy(ids=policies, operations=(), title=title)
        or kinds.by_detection(codes=codes, title=title, products=sources)
        or Irrelevant(reason=f"{quoted} is no sign-in or outbound mail alert we answer")
    )


def _over(item: Record, status: str) -> str | None:
    if status == "resolved":
        return "the alert is resolved"
    if status not in _LIVE | _UNSAID:
        word = clean(item.text("status") or "", 40)
        raise Undecodable(f"status {word!r} is not one Graph documents")
    return _HARMLESS.get(fold(item.text("classification") or ""))


def _drafts(item: Record, meaning: Meaning, native: str) -> Iterator[Reading]:
    evidence = Evidence(item)
    accounts = evidence.accounts(meaning.kind)
    if not accounts and evidence.about_principal:
        yield NotForUs(reason="it is about an application, not a user", native_id=native)
        return
    if len(accounts) > _CROWD:
        raise Undecodable(f"the alert names more than {_CROWD} accounts: a person looks first")
    lines = _lines(item, evidence)
    for account in accounts or (None,):
        yield Recognised(
            draft=AlertDraft(
                native_id=native,
                kind=meaning.kind,
                title=clean(item.text("title") or "Microsoft Defender alert"),
                severity=kinds.severity(item.text("severity")),
                occurred_at=_since(item),
                account=account,
                evidence=lines | held(meaning.held or _unsaid(item)) | guest_mark(account),
            )
        )


def _since(item: Record) -> datetime | None:
    keys = ("firstActivityDateTime", "createdDateTime")
    return next(filter(None, (moment(item.value(key)) for key in keys)), None)


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
    )
