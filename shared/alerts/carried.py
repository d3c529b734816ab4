"""Microsoft's own alert inside another product's: told by its shape, read by its own carrier.

A SIEM passes an alert on whole, as an object or as JSON in a text. Then everything in it counts as
if it had come from Microsoft: state, kind, account and time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final

from shared.alerts.carrier import JsonCarrier, Reading, Unreadable
from shared.alerts.entra_diagnostics import EntraDiagnostics
from shared.alerts.graph_alerts_legacy import GraphAlertsLegacy
from shared.alerts.graph_alerts_v2 import GraphAlertsV2
from shared.alerts.identity_protection import IdentityProtection
from shared.alerts.o365_activity import O365Activity
from shared.alerts.payload import Record, parse
from shared.alerts.sentinel_alert import SentinelAlert
from shared.errors import Undecodable

_MOST: Final = 100
"""Alerts inside one alert; a SIEM groups more, but shows those it began with."""


def _graph(item: Record) -> bool:
    shaped = item.has("id", "serviceSource", "title", "createdDateTime")
    return item.graph_type == "security.alert" or shaped


def _risk(item: Record) -> bool:
    risky = item.has("riskState", "riskLevel") or item.has("riskLevelDuringSignIn")
    return risky and item.has("id", "userPrincipalName")


_SHAPES: Final[tuple[tuple[Callable[[Record], bool], type[JsonCarrier]], ...]] = (
    (lambda item: item.has("SystemAlertId", "ProviderName"), SentinelAlert),
    (_graph, GraphAlertsV2),
    (lambda item: item.has("id", "vendorInformation", "eventDateTime"), GraphAlertsLegacy),
    (lambda item: item.has("Operation", "Workload"), O365Activity),
    (lambda item: item.has("category", "properties", "operationName"), EntraDiagnostics),
    (_risk, IdentityProtection),
)


def carried(places: Iterable[object]) -> tuple[Reading, ...]:
    """Read the Microsoft alerts that stand at these places, as objects or as JSON text."""
    return tuple(reading for item in islice(_found(places), _MOST) for reading in _read(item))


def _found(places: Iterable[object]) -> Iterator[tuple[JsonCarrier, Record]]:
    for place in places:
        if fields := _object(place):
            item = Record(fields)
            reader = next((reader for fits, reader in _SHAPES if fits(item)), None)
            if reader:
                yield reader(), item


def _object(place: object) -> dict[str, object]:
    if isinstance(place, str) and place.lstrip().startswith("{"):
        try:
            place = parse(place)
        except Undecodable:
            # A SIEM cuts long texts off: what is left of the alert is not read.
            return {}
    return place if isinstance(place, dict) else {}


def _read(found: tuple[JsonCarrier, Record]) -> tuple[Reading, ...]:
    reader, item = found
    try:
        return tuple(reader.read_one(item))
    except Undecodable as error:
        return (Unreadable(reason=f"the Microsoft alert it carries: {error}"),)
