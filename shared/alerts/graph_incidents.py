"""Read Defender incidents with their alerts: Graph's form and the Defender API's.

Each alert of an incident is read as if it had come alone. An incident that came without its alerts
names nobody: it is fetched again with them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from shared.alerts import defender_api, kinds
from shared.alerts.carrier import Incomplete, JsonCarrier, NotForUs, Reading, Unreadable
from shared.alerts.graph_alerts_v2 import read_alert
from shared.alerts.payload import Record
from shared.alerts.text import clean, fold, name, notes
from shared.alerts.times import moment
from shared.errors import Undecodable
from shared.model import AlertDraft, AlertKind, Awaited, Place

_NUMBER: Final = re.compile(r"[0-9]{1,19}", re.ASCII)
_LIVE: Final = frozenset({"active", "inprogress", "awaitingaction"})
_UNSAID: Final = frozenset({"", "unknown", "unknownfuturevalue"})
_HARMLESS: Final = frozenset({"falsepositive", "informationalexpectedactivity"})


class GraphIncidents(JsonCarrier):
    """Read Defender incidents with their alerts: Graph's form and the Defender API's."""

    envelope = "value"
    tenant_key = "tenantId"

    def read_one(self, item: Record) -> Iterator[Reading]:
        """Say what the alerts of one incident are; a merged or closed incident is nothing."""
        graphs_own = _graphs_own(item)
        native = item.text("id", "incidentId")
        if not native:
            raise Undecodable("the incident has no id")
        if over := _over(item):
            yield NotForUs(reason=over, native_id=name(native, item.text("status"), "closed"))
            return
        alerts = item.records("alerts")
        if not alerts:
            yield _without_alerts(item, native)
            return
        reader = read_alert if graphs_own else defender_api.read_alert
        for alert in alerts:
            yield from _safely(reader, alert, native)


def _without_alerts(item: Record, native: str) -> Reading:
    """Ask for the incident once more: Graph leaves its alerts out unless it expands them."""
    incident = _number(native)
    draft = AlertDraft(
        native_id=name("incident", incident),
        kind=AlertKind.UNSUPPORTED,
        title=clean(item.text("displayName", "incidentName") or "Microsoft Defender incident"),
        severity=kinds.severity(item.text("severity")),
        occurred_at=moment(item.value("createdDateTime")) or moment(item.value("createdTime")),
        evidence=notes(incident=incident, portal=item.text("incidentWebUrl", "incidentUri")),
    )
    return Incomplete(draft=draft, awaits=Awaited(place=Place.GRAPH_INCIDENT, id=incident))


def _number(native: str) -> str:
    """Check an incident's id, which Graph counts up. Raises `Undecodable` for anything else."""
    if not _NUMBER.fullmatch(native):
        raise Undecodable(f"an incident is named by a number, not {clean(native, 40)!r}")
    return native


def _safely(
    reader: Callable[[Record], Iterator[Reading]], alert: Record, incident: str
) -> Iterator[Reading]:
    """Read one alert; one that cannot be read does not cover up the others."""
    try:
        yield from tuple(reader(alert))
    except Undecodable as error:
        yield Unreadable(reason=f"an alert of incident {clean(incident, 60)}: {error}")


def _graphs_own(item: Record) -> bool:
    """Tell Graph's form from the Defender API's. Raises `Undecodable` where it is neither."""
    declared = item.graph_type
    if declared == "security.incident":
        return True
    if declared:
        raise Undecodable(f"this is a microsoft.graph.{clean(declared, 80)}, not an incident")
    if item.has("incidentId", "incidentName"):
        return False
    if item.has("id", "incidentWebUrl", "createdDateTime"):
        return True
    raise Undecodable(
        "not a Defender incident: neither @odata.type, nor id and incidentWebUrl, nor incidentId"
        " and incidentName are there"
    )


def _over(item: Record) -> str | None:
    status = fold(item.text("status") or "")
    if target := item.text("redirectIncidentId"):
        return f"it was merged into incident {clean(target, 60)}, which is read instead"
    if status == "redirected":
        return "it was merged into another incident, which is read instead"
    if status == "resolved":
        return "the incident is resolved"
    if status not in _LIVE | _UNSAID:
        word = clean(item.text("status") or "", 40)
        raise Undecodable(f"status {word!r} is not one documented for incidents")
    if fold(item.text("classification") or "") in _HARMLESS:
        return f"the incident is classified as {clean(item.text('classification') or '', 40)}"
    return None
