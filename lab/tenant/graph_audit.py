"""The unified audit log: searches that run for a while, and what they found."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from lab.tenant.answers import Answer, GraphRefusal, bad_request
from lab.tenant.limits import Service
from lab.tenant.logbook import AuditRecord, AuditSearch
from lab.tenant.operations import Ask, Json, Shape, operation
from lab.tenant.user_view import exact

TYPE: Final = "microsoft.graph.security.auditLogQuery"
_RECORD: Final = "microsoft.graph.security.auditLogRecord"
_ALL: Final = "/security/auditLog/queries"
_EVERYTHING: Final = "AuditLogsQuery.Read.All"
_SERVICES: Final = ("CRM", "Endpoint", "Entra", "Exchange", "OneDrive", "SharePoint")
_READ: Final = (_EVERYTHING, *(f"AuditLogsQuery-{service}.Read.All" for service in _SERVICES))
_NOT_STARTED: Final = 0.2
"""The part of its time that a search waits for its turn."""
_LISTS: Final = {
    "userPrincipalNameFilters": "upns",
    "operationFilters": "operations",
    "serviceFilters": "services",
}
WRITABLE: Final = frozenset({"displayName", "filterStartDateTime", "filterEndDateTime", *_LISTS})


@operation("GET", _ALL, any_of=_READ, shape=Shape.MANY, returns=TYPE, service=Service.SECURITY)
def list_searches(ask: Ask) -> Json:
    """List all searches there are."""
    searches = ask.world.state.logbook.searches.values()
    return ask.page(searches, lambda one: _search(ask, one), context="security/auditLog/queries")


@operation("POST", _ALL, any_of=_READ, returns=TYPE, consumes=TYPE, service=Service.SECURITY)
def start_search(ask: Ask) -> Answer:
    """Start a search. It asks and changes nothing, so nobody is told of a write."""
    fields = ask.fields()
    if unknown := fields.keys() - WRITABLE:
        raise bad_request(f"The simulated tenant does not search by {sorted(unknown)}.")
    start, end = (_moment(fields.get(f"filter{edge}DateTime")) for edge in ("Start", "End"))
    if start and end and start >= end:
        raise bad_request(
            "filterStartDateTime must be before filterEndDateTime.", code="BadRequest"
        )
    search = AuditSearch(
        id=ask.world.guid(),
        name=fields.get("displayName"),
        started_at=ask.world.now(),
        start=start,
        end=end,
        **{name: tuple(fields.get(field, ())) for field, name in _LISTS.items()},
    )
    ask.world.state.logbook.searches[search.id] = search
    return Answer(201, _entity(ask, search))


@operation("GET", f"{_ALL}/{{qid}}", any_of=_READ, returns=TYPE, service=Service.SECURITY)
def read_search(ask: Ask) -> Json:
    """Read how far a search has come."""
    return _entity(ask, _find(ask))


@operation(
    "GET",
    f"{_ALL}/{{qid}}/records",
    any_of=_READ,
    shape=Shape.MANY,
    returns=_RECORD,
    service=Service.SECURITY,
)
def list_records(ask: Ask) -> Json:
    """List what a finished search found, of the services that the caller may see."""
    search = _find(ask)
    if _status(ask, search) != "succeeded":
        raise bad_request("The query has not completed.", code="BadRequest")
    late = timedelta(seconds=ask.world.settings.audit_lag)
    over = search.started_at + timedelta(seconds=ask.world.settings.audit_search)
    found = [
        record
        for record in ask.world.state.logbook.records
        if search.wants(record) and record.at + late <= over and _may_see(ask, record)
    ]
    return ask.page(found, lambda one: _record(ask, one), context="auditLog/queries/records")


def _find(ask: Ask) -> AuditSearch:
    search = ask.world.state.logbook.searches.get(ask.path["qid"])
    if search is None:
        raise GraphRefusal(404, "UnknownError", "The query was not found.")
    return search


def _status(ask: Ask, search: AuditSearch) -> str:
    if search.id in ask.world.state.logbook.given_up:
        return "failed"
    takes = ask.world.settings.audit_search
    passed = (ask.world.now() - search.started_at).total_seconds()
    if passed >= takes:
        return "succeeded"
    return "notStarted" if passed < takes * _NOT_STARTED else "running"


def _may_see(ask: Ask, record: AuditRecord) -> bool:
    return bool(ask.claims.roles & {_EVERYTHING, f"AuditLogsQuery-{record.service}.Read.All"})


def _moment(text: Any) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise bad_request(f"Cannot convert '{text}' to a date.", code="BadRequest") from error
    if moment.tzinfo is None:
        raise bad_request(f"Cannot convert '{text}' to a date.", code="BadRequest")
    return moment


def _entity(ask: Ask, search: AuditSearch) -> Json:
    context = f"{ask.root}/$metadata#security/auditLog/queries/$entity"
    return {"@odata.context": context, **_search(ask, search)}


def _search(ask: Ask, search: AuditSearch) -> Json:
    return {
        "id": search.id,
        "displayName": search.name,
        "filterStartDateTime": exact(search.start) if search.start else None,
        "filterEndDateTime": exact(search.end) if search.end else None,
        "recordTypeFilters": [],
        "keywordFilter": None,
        "serviceFilters": list(search.services),
        "operationFilters": list(search.operations),
        "userPrincipalNameFilters": list(search.upns),
        "ipAddressFilters": [],
        "objectIdFilters": [],
        "administrativeUnitIdFilters": [],
        "status": _status(ask, search),
    }


def _record(ask: Ask, record: AuditRecord) -> Json:
    return {
        "id": record.id,
        "createdDateTime": exact(record.at),
        "auditLogRecordType": record.kind,
        "operation": record.operation,
        "organizationId": ask.world.tenant_id,
        "userType": "Regular",
        "userId": record.upn,
        "service": record.service,
        "objectId": record.object_id,
        "userPrincipalName": record.upn,
        "clientIp": record.ip,
        "administrativeUnits": [],
        "auditData": {"dynamicProperties": dict(record.details)},
    }
