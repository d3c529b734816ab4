"""Defender's alerts: reading one, grading it, and writing below it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from lab.tenant.answers import GraphRefusal, bad_request
from lab.tenant.defender import Comment, SecurityAlert
from lab.tenant.limits import Service
from lab.tenant.operations import Ask, Json, Shape, operation
from lab.tenant.user_view import exact

TYPE: Final = "microsoft.graph.security.alert"
COMMENT: Final = "microsoft.graph.security.alertComment"
_ONE: Final = "/security/alerts_v2/{aid}"
_READ: Final = ("SecurityAlert.Read.All", "SecurityAlert.ReadWrite.All")
_WRITE: Final = ("SecurityAlert.ReadWrite.All",)
WRITABLE: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "status": frozenset({"new", "inProgress", "resolved"}),
        "classification": frozenset(
            {"unknown", "falsePositive", "truePositive", "informationalExpectedActivity"}
        ),
        "determination": frozenset(
            {
                "unknown",
                "apt",
                "malware",
                "securityPersonnel",
                "securityTesting",
                "unwantedSoftware",
                "other",
                "multiStagedAttack",
                "compromisedAccount",
                "phishing",
                "maliciousUserActivity",
                "notMalicious",
                "notEnoughDataToValidate",
                "confirmedActivity",
                "lineOfBusinessApplication",
            }
        ),
    }
)
_UNSET: Final = "unknown"


@operation("GET", _ONE, any_of=_READ, returns=TYPE, service=Service.SECURITY)
def read_alert(ask: Ask) -> Json:
    """Read one alert with its comments."""
    return _entity(ask, _find(ask))


@operation("PATCH", _ONE, any_of=_WRITE, returns=TYPE, consumes=TYPE, service=Service.SECURITY)
def grade_alert(ask: Ask) -> Json:
    """Set status, classification or determination; to unknown is to take it back."""
    alert, fields = _find(ask), ask.fields()
    changes = grades(fields, WRITABLE)
    changed = replace(alert, **changes, updated_at=ask.world.now())
    ask.world.state.alerts[ask.path["aid"]] = changed
    ask.wrote(alert.oid, f"alert: {', '.join(f'{k} {v}' for k, v in sorted(fields.items()))}")
    return _entity(ask, changed)


@operation(
    "POST",
    f"{_ONE}/comments",
    any_of=_WRITE,
    shape=Shape.VALUE,
    consumes=COMMENT,
    service=Service.SECURITY,
)
def comment_on_alert(ask: Ask) -> Json:
    """Add one comment, given as one object as the documentation shows it."""
    alert = _find(ask)
    comment = said(ask)
    comments = (*alert.comments, comment)
    ask.world.state.alerts[ask.path["aid"]] = replace(alert, comments=comments)
    ask.wrote(alert.oid, "alert: commented")
    context = f"{ask.root}/$metadata#security/alerts_v2('{ask.path['aid']}')/comments"
    return {"@odata.context": context, "value": [comment_view(one) for one in comments]}


def grades(fields: Json, writable: Mapping[str, frozenset[str]]) -> dict[str, Any]:
    """Read the grades that a request sets, of which each is checked."""
    for name, value in fields.items():
        if name not in writable:
            raise bad_request(f"The property '{name}' cannot be updated.", code="BadRequest")
        if value not in writable[name]:
            raise bad_request(f"Invalid value for '{name}'.", code="BadRequest")
    return {
        name: None if value == _UNSET and name != "status" else value
        for name, value in fields.items()
    }


def said(ask: Ask) -> Comment:
    """Read the one comment that a request writes."""
    fields = ask.fields()
    text = fields.get("comment")
    if fields.keys() != {"comment"} or not isinstance(text, str) or not text:
        raise bad_request("The body must be one comment.", code="BadRequest")
    if (ask.body or {}).get("@odata.type", "").lstrip("#") != COMMENT:
        raise bad_request("The type of the comment must be given.", code="BadRequest")
    return Comment(text=text, by=ask.claims.oid, at=ask.world.now())


def _find(ask: Ask) -> SecurityAlert:
    alert = ask.world.state.alerts.get(ask.path["aid"])
    if alert is None:
        raise GraphRefusal(404, "NotFound", "The alert was not found.")
    return alert


def _entity(ask: Ask, alert: SecurityAlert) -> Json:
    return {"@odata.context": f"{ask.root}/$metadata#security/alerts_v2/$entity", **entity(alert)}


def entity(alert: SecurityAlert) -> Json:
    """Show an alert as it stands, wherever it is shown."""
    resolved = alert.status == "resolved"
    return {
        **alert.body,
        "status": alert.status,
        "classification": alert.classification,
        "determination": alert.determination,
        "lastUpdateDateTime": exact(alert.updated_at),
        "resolvedDateTime": exact(alert.updated_at) if resolved else None,
        "comments": [comment_view(one) for one in alert.comments],
    }


def comment_view(comment: Comment) -> Json:
    """Show a comment below an alert or an incident."""
    return {
        "comment": comment.text,
        "createdByDisplayName": comment.by,
        "createdDateTime": exact(comment.at),
    }
