"""Azure Resource Manager, as far as it has to do with Sentinel's incidents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from lab.tenant.answers import Answer
from lab.tenant.sentinel import Incident, Workspace
from lab.tenant.tokens import ARM, Minter, Rejected
from lab.tenant.visit import Incoming, Visit
from lab.tenant.world import World

_VERSION: Final = "2024-03-01"
_INCIDENT: Final = "/providers/microsoft.securityinsights/incidents/"
_TEMPLATE: Final = "/incidents/{id}"
_READERS: Final = frozenset({"Microsoft Sentinel Responder", "Microsoft Sentinel Contributor"})
_REQUIRED: Final = ("title", "severity", "status")
_CODES: Final = {429: "TooManyRequests", 503: "ServerBusy", 504: "GatewayTimeout"}


class ArmService:
    """Answers `/subscriptions/…`."""

    def __init__(self, world: World, *, minter: Minter, workspace: Workspace) -> None:
        self._world = world
        self._minter = minter
        self._workspace = workspace

    def open(self, incoming: Incoming, *, at: datetime) -> Visit:
        """Authenticate and route a request; nothing takes effect yet."""
        place, _, rest = incoming.path.lower().partition(_INCIDENT)
        name, _, what = rest.partition("/")
        path = f"{_TEMPLATE}/{'comments' if what.startswith('comments/') else what}".rstrip("/")
        try:
            self._minter.read(incoming.headers.get("authorization", ""), resource=ARM, at=at)
        except Rejected as error:
            refused = _error(401, "InvalidAuthenticationToken", str(error))
            return Visit(
                method=incoming.method, path=path, perform=lambda: refused, refused=refused
            )

        def perform() -> Answer:
            return self._perform(incoming, place=place, name=name, what=what)

        return Visit(method=incoming.method, path=path, perform=perform)

    def fail(self, status: int, *, headers: Mapping[str, str]) -> Answer:
        """Shape a fault on order."""
        shaped = _error(status, _CODES.get(status, "InternalServerError"), "A fault on order.")
        return Answer(status, shaped.body, headers)

    def begin(self, owner: str) -> None:
        """Nothing is counted."""

    def end(self, owner: str) -> None:
        """Nothing is counted."""

    def _perform(self, incoming: Incoming, *, place: str, name: str, what: str) -> Answer:
        if incoming.query.get("api-version") != _VERSION:
            text = f"The api-version must be given; this resource type knows {_VERSION}."
            return _error(400, "InvalidApiVersionParameter", text)
        if place != self._workspace.id.lower() or not self._workspace.roles & _READERS:
            # What one may not see and what is not there look the same.
            text = "The client does not have authorization to perform this action."
            return _error(403, "AuthorizationFailed", text)
        incident = self._workspace.incidents.get(name)
        if incident is None:
            return _error(404, "NotFound", f"Incident '{name}' was not found.")
        if incoming.method == "PUT":
            return self._put(incident, incoming, what)
        return self._show(incident, incoming.method, what)

    def _put(self, incident: Incident, incoming: Incoming, what: str) -> Answer:
        sent = incoming.json() or {}
        said = sent.get("properties") or {}
        kind, _, key = what.partition("/")
        if kind == "comments" and key and said.get("message"):
            comments = tuple((dict(incident.comments) | {key: said["message"]}).items())
            self._keep(replace(incident, comments=comments), "comments", "commented")
            return Answer(200 if key in dict(incident.comments) else 201, _comment(key, said))
        if what or not all(said.get(name) for name in _REQUIRED):
            return _error(400, "BadRequest", f"A PUT needs {', '.join(_REQUIRED)}.")
        if said["status"] == "Closed" and not said.get("classification"):
            return _error(400, "BadRequest", "A closed incident needs a classification.")
        if sent.get("etag") not in (None, incident.etag):
            return _error(409, "Conflict", "Newer instance of the incident exists.")
        changed = replace(
            incident,
            title=said["title"],
            severity=said["severity"],
            status=said["status"],
            classification=said.get("classification"),
            reason=said.get("classificationReason"),
        )
        return Answer(200, self._workspace.view(self._keep(changed, "", said["status"])))

    def _keep(self, incident: Incident, below: str, what: str) -> Incident:
        kept = replace(incident, version=incident.version + 1)
        self._workspace.incidents[kept.name] = kept
        self._world.wrote(
            method="PUT",
            path=f"{_TEMPLATE}/{below}".rstrip("/"),
            actor=self._world.own_object_id,
            oid=kept.oid,
            what=f"sentinel incident: {what}",
        )
        return kept

    def _show(self, incident: Incident, method: str, what: str) -> Answer:
        match method, what:
            case "GET", "":
                return Answer(200, self._workspace.view(incident))
            case "POST", "alerts":
                return Answer(200, {"value": self._workspace.alerts(incident)})
            case "POST", "entities":
                found = self._workspace.entities(incident, at=self._world.now())
                counts = [{"entityKind": "Account", "count": len(found)}] if found else []
                return Answer(200, {"entities": found, "metaData": counts})
            case "GET", _ if (key := what.removeprefix("comments/")) in dict(incident.comments):
                return Answer(200, _comment(key, {"message": dict(incident.comments)[key]}))
            case "GET", _ if what.startswith("comments/"):
                return _error(404, "NotFound", "The comment was not found.")
            case _:
                return _error(405, "MethodNotAllowed", "The method is not allowed here.")


def _comment(key: str, said: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": key,
        "type": "Microsoft.SecurityInsights/Incidents/Comments",
        "properties": {"message": said["message"]},
    }


def _error(status: int, code: str, message: str) -> Answer:
    return Answer(status, {"error": {"code": code, "message": message}})
