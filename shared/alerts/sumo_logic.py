"""Read Sumo Logic's alerts: monitors and scheduled searches by webhook, and Cloud SIEM insights.

Source: help.sumologic.com, "Alert Variables" and "Insight JSON". The body of a webhook is a
template; ours keeps the variables' names as keys. An insight's assignee is an analyst.
"""

from __future__ import annotations

from typing import Final

from shared.alerts import identity
from shared.alerts.payload import Record, parse
from shared.alerts.siem import SiemCarrier, State, Told, severity
from shared.alerts.text import fold, name
from shared.errors import Undecodable
from shared.model import AccountRef

_TRIGGERS: Final = frozenset({"critical", "warning"})
_OVER: Final = frozenset(
    {
        "resolved",
        "resolvedcritical",
        "resolvedwarning",
        "resolvedmissingdata",
        "missingdata",
        "closed",
    }
)
_LIVE: Final = _TRIGGERS | {"new", "inprogress"}
_OBJECT_IDS: Final = ("UserId", "user_id", "AadUserId")
_NAMES: Final = ("userPrincipalName", "user_username", "user_email")
_USERNAME: Final = "_username"


class SumoLogic(SiemCarrier):
    """Read Sumo Logic's alerts: monitors, scheduled searches and Cloud SIEM insights."""

    def told(self, item: Record) -> Told:
        """Take one alert or insight apart."""
        if item.has("readableId") or item.has("insight"):
            return _insight(item.record("insight") if item.has("insight") else item)
        title, trigger = item.text("name", "alertName"), item.text("triggerType")
        native = item.text("alertId", "id")
        if not title or not native or not item.has("triggerTime"):
            raise Undecodable(
                "neither an alert nor an insight of Sumo Logic: name, id and triggerTime are not"
                " all there"
            )
        rows = _rows(item.value("resultsJson"))
        loud = {"critical": "critical", "warning": "medium"}.get(fold(trigger or ""))
        return Told(
            native=name(native, item.text("triggerTime")),
            title=title,
            rules=(title, item.text("id")),
            severity=severity(loud),
            times=(item.value("triggerTimeStart"), item.value("triggerTime")),
            accounts=tuple(map(_account, rows)),
            state=State(word=trigger, live=_LIVE, over=_OVER),
            places=tuple(place for row in rows for place in (row.fields, row.value("_raw"))),
            lines={"rule": title, "portal": item.text("alertResponseUrl", "queryUrl")},
        )


def _insight(insight: Record) -> Told:
    native, title = insight.text("id", "readableId"), insight.text("name")
    if not native or not title:
        raise Undecodable("the insight has no id or no name")
    entity = insight.record("entity")
    signals = insight.records("signals")
    person = fold(entity.text("entityType") or "") == _USERNAME
    records = (record for signal in signals for record in signal.records("allRecords"))
    return Told(
        native=name(native),
        title=title,
        rules=(title, *(signal.text("ruleId") for signal in signals)),
        severity=severity(insight.text("severity")),
        times=(insight.value("timestamp"), insight.value("created")),
        accounts=(identity.written(entity.text("value", "username", "name")) if person else None,),
        state=State(word=insight.record("status").text("name"), live=_LIVE, over=_OVER),
        places=tuple(record.value("fields") for record in records),
        lines={"rule": title, "insight": insight.text("readableId")},
    )


def _rows(results: object) -> tuple[Record, ...]:
    """Read the result rows, which come as JSON in a text and may have been cut off."""
    if isinstance(results, str):
        try:
            results = parse(results) if results.strip() else []
        except Undecodable:
            return ()
    rows = results if isinstance(results, list) else [results]
    return tuple(Record(row) for row in rows if isinstance(row, dict))


def _account(row: Record) -> AccountRef | None:
    return identity.account(directory=row.text(*_OBJECT_IDS), upn=row.text(*_NAMES))
