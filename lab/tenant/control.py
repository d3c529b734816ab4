"""What is not Microsoft 365: the managed identity endpoint and the lab's own controls.

`GET /msi/token` answers as App Service does (api-version 2019-08-01). `/lab/...` is for the demo:
`state`, `calls`, `writes` and `snapshot` to look at, `clock` and `faults` to post to, and whatever
commands the stack adds.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from lab.tenant.answers import Answer
from lab.tenant.faults import Fault, Loss, When
from lab.tenant.visit import Incoming

if TYPE_CHECKING:
    from lab.tenant.simulated import SimulatedTenant

type Json = dict[str, Any]
type Command = Callable[[Json], Awaitable[Json]]
_VERSION: Final = "2019-08-01"


class Control:
    """Answers `/msi/token` and `/lab/...`."""

    def __init__(self, tenant: SimulatedTenant) -> None:
        self._tenant = tenant
        self._looks: dict[str, Callable[[], Json]] = {
            "state": self._state,
            "calls": self._calls,
            "writes": self._writes,
            "snapshot": tenant.snapshot,
        }
        self.commands: dict[str, Command] = {"clock": self._clock, "faults": self._order}

    async def answer(self, incoming: Incoming) -> Answer:
        """Answer one request."""
        match incoming.segments:
            case ("msi", "token"):
                return self._token(incoming)
            case ("lab", look) if incoming.method == "GET" and look in self._looks:
                return Answer(200, self._looks[look]())
            case ("lab", command) if incoming.method == "POST" and command in self.commands:
                try:
                    return Answer(200, await self.commands[command](incoming.json() or {}))
                except (ValueError, KeyError, TypeError) as error:
                    return Answer(400, {"error": f"{type(error).__name__}: {error}"})
            case _:
                return Answer(404, {"error": f"Nothing answers {incoming.method} {incoming.path}"})

    def _token(self, incoming: Incoming) -> Answer:
        tenant = self._tenant
        if not tenant.gives_tokens:
            return Answer(503, {"statusCode": 503, "message": "Not now"})
        given = incoming.headers.get("x-identity-header")
        if not given or tenant.settings.identity_header not in {None, given}:
            return Answer(401, {"statusCode": 401, "message": "X-IDENTITY-HEADER is wrong"})
        resource = incoming.query.get("resource")
        if incoming.query.get("api-version") != _VERSION or not resource:
            text = f"'resource' and 'api-version={_VERSION}' are needed"
            return Answer(400, {"statusCode": 400, "message": text})
        token, expires = tenant.mint(resource)
        return Answer(
            200,
            {
                "access_token": token,
                "client_id": incoming.query.get("client_id", tenant.own_app_id),
                "expires_on": str(int(expires.timestamp())),
                "not_before": str(int(tenant.now().timestamp())),
                "resource": resource,
                "token_type": "Bearer",
            },
        )

    def _state(self) -> Json:
        tenant = self._tenant
        return {
            "now": tenant.now().isoformat(),
            "speed": tenant.clock.speed,
            "tenant_id": tenant.tenant_id,
            "own_object_id": tenant.own_object_id,
            "users": len(tenant.state.users),
            "calls": len(tenant.calls),
            "writes": len(tenant.writes),
            "faults": tenant.faults.left,
            "reports": {name: report() for name, report in tenant.reports.items()},
        }

    def _calls(self) -> Json:
        return {
            "calls": [
                {"name": c.name, "status": c.status, "at": c.at.isoformat(), "took": c.took}
                for c in self._tenant.calls
            ]
        }

    def _writes(self) -> Json:
        return {
            "writes": [
                {
                    "path": w.path,
                    "actor": w.actor,
                    "at": w.at.isoformat(),
                    "oid": w.oid,
                    "what": w.what,
                }
                for w in self._tenant.writes
            ]
        }

    async def _clock(self, wish: Json) -> Json:
        if "speed" in wish:
            self._tenant.clock.speed = float(wish["speed"])
        if "advance" in wish:
            self._tenant.clock.advance(float(wish["advance"]))
        return {"now": self._tenant.now().isoformat(), "speed": self._tenant.clock.speed}

    async def _order(self, wish: Json) -> Json:
        known: Json = dict(wish)
        if "when" in known:
            known["when"] = When(known["when"])
        if known.get("loss") is not None:
            known["loss"] = Loss(known["loss"])
        self._tenant.faults.order(Fault(**known))
        return {"faults": self._tenant.faults.left}
