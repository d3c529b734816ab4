"""Read incidents of Microsoft Sentinel, as automation rules, the REST interface and SDKs tell them.

The owner and the labels are the analysts' and never the account. The entities are the incident's,
not one alert's: where an alert we do not answer brought some of them, nobody can tell whose they
are, and a person decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from shared.alerts import kinds
from shared.alerts.carrier import (
    Incomplete,
    JsonCarrier,
    NotForUs,
    Reading,
    feedback,
    held,
)
from shared.alerts.drafting import about
from shared.alerts.kinds import Irrelevant, Meaning
from shared.alerts.payload import Record
from shared.alerts.sentinel_entities import Entities
from shared.alerts.text import clean, fold, name, notes
from shared.alerts.times import first_moment
from shared.errors import Undecodable
from shared.model import AccountRef, AlertDraft, Awaited, Place, Value

_TYPE: Final = "microsoft.securityinsights/incidents"
_RESOURCE: Final = re.compile(
    r"/subscriptions/[0-9a-f-]{36}/resourcegroups/[^/]{1,90}"
    r"/providers/microsoft\.operationalinsights/workspaces/[a-z0-9-]{4,63}"
    r"/providers/microsoft\.securityinsights/incidents/[a-z0-9-]{1,64}",
    re.IGNORECASE,
)
_LIVE: Final = frozenset({"new", "active"})
_HARMLESS: Final = frozenset({"falsepositive", "benignpositive"})
_TIMES: Final = ("firstActivityTimeUtc", "createdTimeUtc")


class SentinelIncident(JsonCarrier):
    """Read incidents of Microsoft Sentinel: from an automation rule, REST, an SDK or a playbook."""

    envelope = "value"

    def read_one(self, item: Record) -> Iterator[Reading]:
        """Say what one incident is; each account it is about makes a draft of its own."""
        incident = _unwrapped(item)
        told = incident.record("properties") if incident.has("properties") else incident
        _check_shape(incident, told)
        native = incident.text("name") or told.text("incidentNumber")
        if not native:
            raise Undecodable("the incident has neither a name nor a number")
        found = _meaning(told)
        if isinstance(found, Irrelevant):
            yield NotForUs(reason=found.reason, native_id=name(native))
            return
        if over := _over(told):
            # A reopened incident keeps its name: what was ignored must not hide it.
            yield NotForUs(reason=over, native_id=name(native, "closed"))
            return
        yield from _drafts(incident, told, found, name(native))


class _Found(Value):
    """What an incident means, and which of its alerts or products mean something else."""

    meaning: Meaning
    others: tuple[str, ...] = ()


def _unwrapped(item: Record) -> Record:
    """Take off what a playbook or an automation rule puts around an incident."""
    inner = item.record("body") if item.has("body") else item
    sort = inner.text("objectSchemaType")
    if sort and fold(sort) != "incident":
        raise Undecodable(f"this is a Sentinel {clean(sort, 40)}, not an incident")
    return inner.record("object") if inner.has("object") else inner


def _check_shape(incident: Record, told: Record) -> None:
    declared = (incident.text("type") or "").lower().endswith(_TYPE)
    if not told.has("title") or not (declared or told.has("incidentNumber", "status")):
        raise Undecodable(
            "not a Sentinel incident: neither its type nor title, incidentNumber and status are"
            " there"
        )


def _meaning(told: Record) -> _Found | Irrelevant:
    """Ask its alerts where they are told, else its title and each of the products it names."""
    title = told.text("title") or ""
    alerts = [alert.record("properties") for alert in told.records("alerts")]
    if alerts:
        found = [(_title(alert) or title, _alert_meaning(alert, title)) for alert in alerts]
    else:
        products = told.record("additionalData").texts("alertProductNames") or ("",)
        found = [
            (each, kinds.of_alert(title=kinds.incident_title(title), products=[each]))
            for each in dict.fromkeys(products)
        ]
    meant = [meaning for _, meaning in found if isinstance(meaning, Meaning)]
    if not meant:
        return next(meaning for _, meaning in found if isinstance(meaning, Irrelevant))
    others = [what for what, meaning in found if isinstance(meaning, Irrelevant)]
    return _Found(meaning=meant[0], others=tuple(dict.fromkeys(others)))


def _title(alert: Record) -> str | None:
    return alert.text("alertDisplayName", "displayName", "friendlyName")


def _alert_meaning(alert: Record, title: str) -> Meaning | Irrelevant:
    keys = ("productName", "providerName", "productComponentName")
    return kinds.of_alert(
        title=_title(alert) or kinds.incident_title(title),
        ids=alert.texts("alertType"),
        codes=alert.texts("alertType"),
        products=[each for key in keys if (each := alert.text(key))],
    )


def _over(told: Record) -> str | None:
    status = fold(told.text("status") or "")
    verdict = told.text("classification")
    if status == "closed":
        return f"the incident is closed ({verdict})" if verdict else "the incident is closed"
    if status and status not in _LIVE:
        word = clean(told.text("status") or "", 40)
        raise Undecodable(f"status {word!r} is not one Sentinel documents")
    return f"it is classified as {verdict}" if fold(verdict or "") in _HARMLESS else None


def _drafts(incident: Record, told: Record, found: _Found, native: str) -> Iterator[Reading]:
    entities = _entities(incident, told)
    accounts = entities.accounts(found.meaning.kind)
    lines = _lines(told, found, entities)
    lines |= feedback(*(_title(alert.record("properties")) for alert in told.records("alerts")))
    lines |= held(_held(told, found, accounts))
    resource = incident.text("id") or ""
    draft = AlertDraft(
        native_id=native,
        kind=found.meaning.kind,
        title=clean(told.text("title") or ""),
        severity=kinds.severity(told.text("severity")),
        occurred_at=first_moment(*map(told.value, _TIMES)),
        evidence=lines,
    )
    if not entities and _RESOURCE.fullmatch(resource):
        awaits = Awaited(place=Place.SENTINEL_INCIDENT, id=resource)
        yield Incomplete(draft=draft, awaits=awaits)
    else:
        yield from about(draft, accounts)


def _entities(incident: Record, told: Record) -> Entities:
    places = ((told, "relatedEntities"), (told, "entities"), (incident, "entities"))
    found = (Entities(record.value(key)) for record, key in places)
    return next(filter(None, found), Entities(None))


def _held(told: Record, found: _Found, accounts: tuple[AccountRef, ...]) -> str | None:
    if found.meaning.held:
        return found.meaning.held
    if found.others and len(accounts) > 1:
        return f'it also holds "{clean(found.others[0], 120)}": whose account is whose is not said'
    return None if told.has("status") else "the incident does not say whether it is still open"


def _lines(told: Record, found: _Found, entities: Entities) -> dict[str, str]:
    return notes(
        ip=", ".join(entities.ips[:10]),
        incident=told.text("incidentNumber"),
        also="; ".join(found.others[:10]),
        portal=told.text("incidentUrl"),
        description=told.text("description"),
    )
