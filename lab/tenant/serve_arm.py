"""Azure Resource Manager, as far as it shows Sentinel's incidents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from lab.tenant.answers import Answer
from lab.tenant.sentinel import Incident, Workspace
from lab.tenant.tokens import ARM, Minter, Rejected
from lab.tenant.visit import Incoming, Visit
from lab.tenant.world import World

_VERSION: Final = "2024-03-01"
_INCIDENT: Final = "/providers/microsoft.securityinsights/incidents/"
_TEMPLATE: Final = "/incidents/{id}"
_READERS: Final = frozenset({"Microsoft Sentinel Responder", "Microsoft Sentinel Contributor"})
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
        path = f"{_TEMPLATE}/{what}".rstrip("/")
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
        return self._show(incident, incoming.method, what)

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
            case _:
                return _error(405, "MethodNotAllowed", "The method is not allowed here.")


def _error(status: int, code: str, message: str) -> Answer:
    return Answer(status, {"error": {"code": code, "message": message}})
