"""Every request our clients send to the simulated tenant, with its answer."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import httpx

from lab.clock import Clock
from lab.scenarios import STORIES, Scenario
from lab.tenant import SimulatedTenant, TenantSettings
from lab.workbench import Workbench, lab_client, lab_tenant
from shared.clients.tenant import Tenant
from shared.telemetry import Log

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
GRAPH = "graph.microsoft.com"
EXCHANGE = "outlook.office365.com"


@dataclass(frozen=True)
class Exchange:
    """One request and its answer."""

    request: httpx.Request
    status: int
    answer: Any

    @property
    def path(self) -> str:
        """The path below the version, as sent; ids stay escaped."""
        path = self.request.url.raw_path.decode().partition("?")[0]
        return path.removeprefix("/v1.0").removeprefix("/beta")

    @property
    def version(self) -> str:
        """The version of Graph that was asked."""
        return self.request.url.path.split("/")[1]

    @property
    def query(self) -> dict[str, str]:
        """The query options."""
        return dict(self.request.url.params)

    @property
    def body(self) -> Any:
        """The body sent, `None` without one."""
        return json.loads(self.request.content) if self.request.content else None

    @property
    def token(self) -> dict[str, Any]:
        """The claims of the token sent."""
        claims = self.request.headers["Authorization"].split(".")[1]
        found: dict[str, Any] = json.loads(
            base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4))
        )
        return found

    def __str__(self) -> str:
        return f"{self.request.method} {unquote(str(self.request.url))}"


class Recorder:
    """A record of all that passes through HTTP clients."""

    def __init__(self) -> None:
        self.passed: list[Exchange] = []

    def watch(self, client: httpx.AsyncClient) -> httpx.AsyncClient:
        """Write down what passes from now on."""
        client.event_hooks = {"response": [self._saw]}
        return client

    async def _saw(self, response: httpx.Response) -> None:
        raw = await response.aread()
        answer = json.loads(raw) if raw else None
        self.passed.append(Exchange(response.request, response.status_code, answer))

    def to(self, host: str) -> list[Exchange]:
        """Give what went to one host."""
        return [each for each in self.passed if each.request.url.host == host]


class Scene:
    """One story told in a tenant of its own, with everything said written down."""

    def __init__(self, name: str) -> None:
        self.lab = SimulatedTenant(clock=Clock.frozen(NOON), settings=TenantSettings.instant())
        self.scenario: Scenario = STORIES[name](self.lab)
        self.recorder = Recorder()

    def client(self) -> httpx.AsyncClient:
        """Make an HTTP client that is watched."""
        return self.recorder.watch(lab_client(self.lab))

    def connect(self) -> Tenant:
        """Connect the real clients."""
        return lab_tenant(self.lab, self.client())

    async def post(self, *, log: Log | None = None) -> Workbench:
        """Send the story's alerts; nothing has read them yet."""
        bench = Workbench(self.lab, log=log)
        self.recorder.watch(bench.client)
        for alert in self.scenario.alerts:
            reply = await bench.post(alert.source, alert.body, **alert.headers)
            assert reply.status == 202, reply
        return bench

    async def play(self, *, log: Log | None = None) -> Workbench:
        """Send the story's alerts and work until nothing is left."""
        bench = await self.post(log=log)
        await bench.settle()
        return bench
