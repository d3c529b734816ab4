"""The directory's audit log: who changed what, for tenants with Entra ID P1."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from lab.tenant.answers import GraphRefusal, bad_request
from lab.tenant.directory_state import DirectoryEvent
from lab.tenant.limits import Service
from lab.tenant.operations import Ask, Json, Shape, operation
from lab.tenant.settings import Licence
from lab.tenant.user_view import exact
from lab.tenant.world import World

TYPE: Final = "microsoft.graph.directoryAudit"
_MOMENT: Final = r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,7})?Z)"

type _Test = Callable[[DirectoryEvent, str], bool]

_CLAUSES: Final[Mapping[re.Pattern[str], _Test]] = MappingProxyType(
    {
        re.compile(r"initiatedBy/user/id eq '([^']+)'"): lambda e, v: e.by == v,
        re.compile(r"targetResources/any\(t:t/id eq '([^']+)'\)"): lambda e, v: any(
            oid == v for _, oid in e.targets
        ),
        re.compile(r"activityDisplayName eq '([^']+)'"): lambda e, v: e.activity == v,
        re.compile(rf"activityDateTime ge {_MOMENT}"): lambda e, v: (
            e.at >= datetime.fromisoformat(v)
        ),
        re.compile(rf"activityDateTime le {_MOMENT}"): lambda e, v: (
            e.at <= datetime.fromisoformat(v)
        ),
    }
)


@operation(
    "GET",
    "/auditLogs/directoryAudits",
    any_of=("AuditLog.Read.All",),
    shape=Shape.MANY,
    returns=TYPE,
    service=Service.REPORTS,
)
def list_directory_audits(ask: Ask) -> Json:
    """List what was changed in the directory, the newest first."""
    if not ask.world.licensed(Licence.ENTRA_P1):
        raise GraphRefusal(
            403,
            "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
            "Neither tenant is B2C or tenant doesn't have premium license",
        )
    found = [event for event in ask.world.state.directory.events if _wanted(ask, event)]
    found.sort(key=lambda event: (event.at, event.id), reverse=True)
    return ask.page(found, lambda e: _shown(ask.world, e), context="auditLogs/directoryAudits")


def record(  # noqa: PLR0913 - a line of a log
    world: World,
    activity: str,
    *,
    by: str,
    targets: tuple[tuple[str, str], ...],
    at: datetime | None = None,
    category: str = "ApplicationManagement",
    changed: Mapping[str, str] = MappingProxyType({}),
    before: Mapping[str, str] = MappingProxyType({}),
) -> DirectoryEvent:
    """Write a line of the log."""
    event = DirectoryEvent(
        id=f"Directory_{world.guid()}",
        at=at or world.now(),
        activity=activity,
        category=category,
        by=by,
        targets=targets,
        properties=dict(changed),
        before=dict(before),
    )
    world.state.directory.events.append(event)
    return event


def _wanted(ask: Ask, event: DirectoryEvent) -> bool:
    text = ask.query.get("$filter")
    return text is None or all(_holds(clause, event) for clause in text.split(" and "))


def _holds(clause: str, event: DirectoryEvent) -> bool:
    for pattern, test in _CLAUSES.items():
        if match := pattern.fullmatch(clause.strip()):
            return test(event, match[1])
    raise bad_request("Invalid filter clause", code="BadRequest")


def _shown(world: World, event: DirectoryEvent) -> Json:
    changes = [
        {"displayName": name, "oldValue": event.before.get(name), "newValue": value}
        for name, value in event.properties.items()
    ]
    return {
        "id": event.id,
        "category": event.category,
        "correlationId": event.id.removeprefix("Directory_"),
        "result": "success",
        "resultReason": "",
        "activityDisplayName": event.activity,
        "activityDateTime": exact(event.at),
        "loggedByService": "Core Directory",
        "operationType": event.activity.partition(" ")[0],
        "initiatedBy": _initiator(world, event.by),
        "targetResources": [
            _target(world, kind, oid, changes if number == 0 else [])
            for number, (kind, oid) in enumerate(event.targets)
        ],
        "additionalDetails": [],
    }


def _initiator(world: World, by: str) -> Json:
    user = world.state.users.get(by)
    if user is None:
        app = {"appId": None, "displayName": None, "servicePrincipalId": by}
        return {"user": None, "app": app}
    shown = {"id": by, "displayName": None, "userPrincipalName": user.upn, "ipAddress": None}
    return {"user": shown, "app": None}


def _target(world: World, kind: str, oid: str, changes: list[Json]) -> Json:
    directory = world.state.directory
    user, app = world.state.users.get(oid), directory.apps.get(oid) or directory.registered.get(oid)
    return {
        "id": oid,
        "displayName": app.name if app else None,
        "type": kind,
        "userPrincipalName": user.upn if user else None,
        "modifiedProperties": changes,
    }
