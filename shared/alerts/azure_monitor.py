"""Read alerts of Azure Monitor: the common alert schema, and log alerts of the older schemas.

A rule's name is free text and says nothing. What happened stands in the rows of the result, where
the older schemas send them, or in what the rule splits by; else the rule's own custom property
`firebreak_kind` says it. No address in a payload is ever followed: it could be anybody's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from shared.alerts import identity
from shared.alerts.carrier import (
    JsonCarrier,
    NotForUs,
    Reading,
    Recognised,
    guest_mark,
)
from shared.alerts.identity_protection import IdentityProtection
from shared.alerts.payload import ALERTS, Record
from shared.alerts.sentinel_alert import SentinelAlert
from shared.alerts.text import clean, fold, name, notes
from shared.alerts.times import first_moment
from shared.errors import Undecodable
from shared.model import AccountRef, AlertDraft, AlertKind, Severity, Value

_COMMON: Final = "azuremonitorcommonalertschema"
_KIND: Final = "firebreak_kind"
_DECLARABLE: Final = frozenset(AlertKind) - {AlertKind.ADMIN_REQUEST, AlertKind.UNSUPPORTED}
"""A person's request is signed by the operator, not by a rule."""
_OBJECT_IDS: Final = ("UserId", "AccountObjectId", "AadUserId", "UserObjectId")
_NAMES: Final = ("UserPrincipalName", "AccountUpn", "Upn")
_TIMES: Final = ("ActivityDateTime", "StartTime", "TimeGenerated", "Timestamp")
_SEVERITIES: Final[Mapping[str, Severity]] = MappingProxyType(
    {
        "sev0": Severity.HIGH,
        "sev1": Severity.HIGH,
        "sev2": Severity.MEDIUM,
        "sev3": Severity.LOW,
        "sev4": Severity.INFORMATIONAL,
        "critical": Severity.HIGH,
        "error": Severity.HIGH,
        "warning": Severity.MEDIUM,
        "informational": Severity.INFORMATIONAL,
        "verbose": Severity.INFORMATIONAL,
    }
)


class AzureMonitor(JsonCarrier):
    """Read alerts of Azure Monitor: the common alert schema, and log alerts of older schemas."""

    def read_one(self, item: Record) -> Iterable[Reading]:
        """Say what one alert is; each row of its result, or what it splits by, makes a reading."""
        fired = _common(item) if fold(item.text("schemaId") or "") == _COMMON else _legacy(item)
        if fold(fired.condition) != "fired":
            word = clean(fired.condition, 40)
            if fold(word) != "resolved":
                raise Undecodable(f"monitorCondition {word!r} is neither Fired nor Resolved")
            yield NotForUs(reason="the alert is resolved", native_id=name(fired.id, "resolved"))
            return
        if not fired.log:
            yield NotForUs(
                reason=f'"{fired.rule}" is no log alert: it is about a resource', native_id=fired.id
            )
            return
        for row in fired.rows or ({},):
            yield from _readings(fired, Record(dict(row)))


class _Fired(Value):
    """What the schemas have in common."""

    id: str
    rule: str
    condition: str = "Fired"
    severity: Severity
    log: bool = True
    """Whether it is the result of a query, and not of a metric or of the activity log."""
    kind: AlertKind | None = None
    times: tuple[object, ...] = ()
    description: str | None = None
    rows: tuple[dict[str, object], ...] = ()


def _common(item: Record) -> _Fired:
    data = item.record("data")
    essentials, context = data.record("essentials"), data.record("alertContext")
    native = essentials.text("alertId", "originAlertId")
    if not native:
        raise Undecodable("the alert has no alertId")
    condition = context.record("condition")
    splits = [_dimensions(each) for each in condition.records("allOf")]
    return _Fired(
        id=name(native),
        rule=clean(essentials.text("alertRule") or "", 120),
        condition=essentials.text("monitorCondition") or "",
        severity=_severity(essentials.text("severity")),
        log=fold(essentials.text("signalType") or "") == "log",
        kind=_declared(data.record("customProperties"), context.record("properties")),
        times=(condition.value("windowStartTime"), essentials.value("firedDateTime")),
        description=essentials.text("description"),
        rows=_rows(context, "SearchResults") or tuple(filter(None, splits)),
    )


def _legacy(item: Record) -> _Fired:
    """Read a log alert of the older schemas, with or without the envelope that names it."""
    if item.has("context", "status") or item.record("data").has("context"):
        return _Fired(
            id=name(
                (item.record("data") if item.has("data") else item).record("context").text("id")
            ),
            rule="a metric alert",
            severity=Severity.UNKNOWN,
            log=False,
        )
    data = item.record("data") if item.has("schemaId") else item
    rule = data.text("AlertRuleName")
    ended = data.text("SearchIntervalEndtimeUtc")
    if not rule or not ended:
        raise Undecodable(
            "not an Azure Monitor alert: neither the common alert schema nor AlertRuleName and"
            " SearchIntervalEndtimeUtc of a log alert"
        )
    return _Fired(
        id=name(rule, ended),
        rule=clean(rule, 120),
        severity=_severity(data.text("Severity")),
        times=(data.value("SearchIntervalStartTimeUtc"), ended),
        description=data.text("Description"),
        rows=_rows(data, "SearchResult"),
    )


def _dimensions(criterion: Record) -> dict[str, object]:
    pairs = criterion.records("dimensions")
    return {key: pair.value("value") for pair in pairs if (key := pair.text("name"))}


def _rows(record: Record, key: str) -> tuple[dict[str, object], ...]:
    """Match the rows of a result's tables to its columns."""
    found: list[dict[str, object]] = []
    for table in record.record(key).records("tables"):
        columns = [column.text("name") or "" for column in table.records("columns")]
        rows = table.value("rows")
        for row in rows if isinstance(rows, list) else []:
            if not isinstance(row, list) or len(row) != len(columns):
                raise Undecodable("a row of the result does not fit its columns")
            found.append(dict(zip(columns, row, strict=True)))
        if len(found) > ALERTS:
            raise Undecodable(f"the result has more than {ALERTS} rows: a person looks first")
    return tuple(found)


def _declared(*places: Record) -> AlertKind | None:
    word = next(filter(None, (place.text(_KIND) for place in places)), None)
    if word is None:
        return None
    found = {fold(kind): kind for kind in _DECLARABLE}.get(fold(word))
    if found is None:
        named = ", ".join(sorted(_DECLARABLE))
        raise Undecodable(f"{_KIND} {clean(word, 40)!r} is not one of {named}")
    return found


def _severity(word: str | None) -> Severity:
    text = fold(word or "")
    return _SEVERITIES.get(f"sev{text}" if text.isdigit() else text, Severity.UNKNOWN)


def _readings(fired: _Fired, row: Record) -> Iterator[Reading]:
    """Let those read a row whose table it is from; else the rule has to say what it means."""
    if reader := _owner(row):
        if not row.has("Id"):
            row = Record({**row.fields, "Id": fired.id})
        yield from reader.read_one(row)
        return
    if fired.kind is None:
        yield NotForUs(
            reason=f'"{fired.rule}" does not say what happened: give the rule the custom property'
            f" {_KIND}, or let its query return rows of SecurityAlert or AADUserRiskEvents",
            native_id=fired.id,
        )
        return
    account = identity.account(directory=row.text(*_OBJECT_IDS), upn=row.text(*_NAMES))
    if account is None and row.has("ServicePrincipalId"):
        yield NotForUs(reason="it is about an application, not a user", native_id=fired.id)
        return
    yield _recognised(fired, fired.kind, row, account)


def _owner(row: Record) -> JsonCarrier | None:
    if row.has("SystemAlertId", "ProviderName"):
        return SentinelAlert()
    if row.has("RiskState") and (row.has("RiskEventType") or row.has("Id")):
        return IdentityProtection()
    return None


def _recognised(
    fired: _Fired, kind: AlertKind, row: Record, account: AccountRef | None
) -> Recognised:
    return Recognised(
        draft=AlertDraft(
            native_id=fired.id,
            kind=kind,
            title=fired.rule,
            severity=fired.severity,
            occurred_at=first_moment(*map(row.value, _TIMES), *fired.times),
            account=account,
            evidence=notes(
                rule=fired.rule,
                description=fired.description,
                ip=row.text("IPAddress", "IpAddress", "ClientIP"),
            )
            | guest_mark(account),
        )
    )
