"""Firebreak's own app on a simulated tenant in one process: for tests and benchmarks.

Nothing of ours is replaced but storage, by its public twin in memory; the clients, the runner and
the responders are the real ones, and the far side is the simulated tenant.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Self

from pydantic import SecretStr

from lab.registrations import Registrations
from lab.tenant import SimulatedTenant
from lab.tenant.settings import Throttling
from lab.tenant.transport import Reachable, TenantTransport
from responders import catalogue
from shared.alerts.authenticate import HmacAuth, sign
from shared.app import App
from shared.clients.allowances import PUBLISHED
from shared.clients.tenant import Tenant, connect
from shared.commands import signed_for
from shared.errors import FirebreakError
from shared.model import Json, ObjectId, TenantId
from shared.settings import PageAccess, Settings
from shared.signals.told import Sink
from shared.store.memory import MemoryQueue, MemoryStore, Message
from shared.store.verbs import Queue, Store
from shared.sweeps.posture import Sweeps
from shared.tasks.intake import Reply
from shared.telemetry import Log

if TYPE_CHECKING:
    import httpx
    from azure.core.credentials import AccessToken
    from azure.core.credentials_async import AsyncTokenCredential

SECRET: Final = "lab-only-secret-0123456789abcdef"
"""Signs the lab's alerts; never leaves this computer."""
MAX_DEQUEUES: Final = 5
_RETRY: Final = 30.0
_CARRIERS: Final = {
    "defender": "graph_alerts_v2",
    "identity-protection": "identity_protection",
    "office365": "o365_activity",
    "sentinel": "sentinel_incident",
    "sentinel-alerts": "sentinel_alert",
    "azure-monitor": "azure_monitor",
    "operator": "admin_request",
}


class LabCredential:
    """Hands out the simulated tenant's tokens, as a managed identity would."""

    def __init__(self, tenant: SimulatedTenant) -> None:
        self._tenant = tenant

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        """Make a token for a scope."""
        from azure.core.credentials import AccessToken
        from azure.core.exceptions import ServiceRequestError

        if not self._tenant.gives_tokens:
            raise ServiceRequestError("The token endpoint does not answer")
        token, expires = self._tenant.mint(scopes[0])
        return AccessToken(token, int(expires.timestamp()))

    async def close(self) -> None:
        """Nothing is open."""

    async def __aenter__(self) -> Self:
        """Nothing to open."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing to close."""


def sources(secret: str = SECRET) -> tuple[Json, ...]:
    """One source for each carrier, all with the lab's secret."""
    auth = {"scheme": "hmac", "secrets": [secret]}
    return tuple({"name": n, "carrier": c, "auth": auth} for n, c in _CARRIERS.items())


def as_operator(at: str, body: bytes, now: datetime, *, secret: str = SECRET) -> dict[str, str]:
    """Give the headers of the command line, signed; `at` is the path below `/api/`."""
    signed = signed_for(f"/api/{at}", body, secret=SecretStr(secret), now=now)
    return {"accept": "application/json", **signed}


def app_settings(own_object_id: str) -> dict[str, str]:
    """Give the app settings of a stack on this computer: who may send, open pages, who it is."""
    return {
        "FIREBREAK_SOURCES": json.dumps(sources()),
        "FIREBREAK_PAGES": "local",
        "FIREBREAK_OWN_OBJECT_ID": own_object_id,
    }


def lab_client(tenant: Reachable) -> httpx.AsyncClient:
    """Make an HTTP client whose every request ends in the simulated tenant."""
    import httpx

    return httpx.AsyncClient(transport=TenantTransport(tenant), timeout=20.0)


def lab_tenant(
    tenant: SimulatedTenant,
    client: httpx.AsyncClient,
    *,
    store: Store | None = None,
    workspace: str | None = None,
    credential: AsyncTokenCredential | None = None,
) -> Tenant:
    """Connect the real clients to the simulated tenant; without `store` to one of its own.

    `workspace` is the Sentinel workspace that may be read, as the setting names it.
    """
    return connect(
        TenantId(tenant.tenant_id),
        client=client,
        credential=credential or LabCredential(tenant),
        graph_base="https://graph.microsoft.com",
        exchange_base="https://outlook.office365.com",
        sentinel_workspace=workspace,
        limits={} if tenant.settings.throttling is Throttling.OFF else PUBLISHED,
        clock=tenant.now,
        acts_on_premises=True,
        block_group=ObjectId(Registrations(tenant).quarantine()),
        store=store or MemoryStore(),
    )


class Workbench:
    """The app, the tenant, and a worker that runs when it is told to."""

    def __init__(  # noqa: PLR0913 - whatever is not given is in memory, or nowhere
        self,
        tenant: SimulatedTenant,
        *,
        store: Store | None = None,
        queue: Queue | None = None,
        log: Log | None = None,
        sweeps: Sweeps | None = None,
        settings: Mapping[str, Any] | None = None,
        signals: Sink | None = None,
    ) -> None:
        self.tenant = tenant
        self.clock = tenant.clock
        self.store = store or MemoryStore()
        self.messages = MemoryQueue(self.clock.now)
        self.side_queues: defaultdict[str, MemoryQueue] = defaultdict(
            lambda: MemoryQueue(self.clock.now)
        )
        self.client = lab_client(tenant)
        made = Settings(
            **{
                "tenant_id": tenant.tenant_id,
                "own_object_id": tenant.own_object_id,
                "sources": sources(),
                "pages": PageAccess.LOCAL,
                "sentinel_workspace": tenant.workspace.id,
                **(settings or {}),
            }
        )
        self.world = lab_tenant(
            tenant, self.client, store=self.store, workspace=made.sentinel_workspace
        )
        self.app = App(
            made,
            catalogue(),
            store=self.store,
            queue=queue or self.messages,
            tenant=self.world,
            clock=self.clock.now,
            log=log,
            sweeps=sweeps,
            signals=signals,
            queues=self.side_queues.__getitem__,
        )

    async def __aenter__(self) -> Self:
        """Nothing is opened before it is needed."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """End what the app still looks at, and close the HTTP client."""
        await self.app.aclose()
        await self.client.aclose()

    async def post(
        self, source: str, body: bytes | Json, *, secret: str = SECRET, **headers: str
    ) -> Reply:
        """Deliver an alert as its carrier does, signed."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        auth = HmacAuth.model_validate({"secrets": [secret]})
        signed = sign(auth, body=data, now=self.clock.now())
        return await self.app.receive(
            source, {"Content-Type": "application/json", **signed, **headers}, data
        )

    async def case(self, case: str) -> Json:
        """Read a case as the JSON interface shows it."""
        page = await self.app.page(f"cases/{case}.json", {})
        found: Json = json.loads(page.body)
        return found

    async def cases(self) -> list[Json]:
        """Read all cases as the JSON interface shows them, newest first."""
        page = await self.app.page("cases", {"accept": "application/json"})
        view = json.loads(page.body)
        rows = [*view["for_people"], *view["running"], *view["settled"]]
        return [await self.case(row["id"]) for row in rows]

    async def settle(self, *, within: timedelta = timedelta(minutes=10)) -> None:
        """Work until nothing is left on the queue, moving a frozen clock from message to message.

        Failed messages come back and are poisoned as the Functions host does it.
        """
        latest = self.clock.now() + within
        while (message := await self._next(latest.timestamp())) is not None:
            await self._deal(message)

    async def work(self, *, workers: int, poll: float = 1.0, idle: float = 600.0) -> None:
        """Work as the host does, several messages at once, on a clock that goes.

        Ends when nothing is due for `idle` seconds: as long as a message is hidden while it is
        dealt with, so that none is under way then, and only later looks are left.
        """
        crew = [asyncio.create_task(self._worker(poll)) for _ in range(workers)]
        try:
            while self._due_within(idle):
                await self.clock.sleep(poll)
                for ended in (worker for worker in crew if worker.done()):
                    ended.result()
        finally:
            for worker in crew:
                worker.cancel()
            await asyncio.gather(*crew, return_exceptions=True)

    async def _worker(self, poll: float) -> None:
        while True:
            message = await self.messages.receive()
            if message is None:
                await self.clock.sleep(poll)
            else:
                await self._deal(message)

    def _due_within(self, seconds: float) -> bool:
        waiting = self.messages.messages()
        latest = self.clock.now() + timedelta(seconds=seconds)
        return bool(waiting) and waiting[0].visible_at <= latest

    async def _next(self, latest: float) -> Message | None:
        message = await self.messages.receive()
        waiting = self.messages.messages()
        if message is not None or not waiting or waiting[0].visible_at.timestamp() > latest:
            return message
        wait = (waiting[0].visible_at - self.clock.now()).total_seconds()
        if self.clock.speed:
            await self.clock.sleep(wait)
        else:
            self.clock.advance(max(wait, 0.0))
        return await self.messages.receive()

    async def _deal(self, message: Message) -> None:
        try:
            await self.app.work(message.text)
        except FirebreakError:
            if message.dequeues < MAX_DEQUEUES:
                await self.messages.release(message, delay=_RETRY)
                return
            await self.app.poison(message.text)
        await self.messages.delete(message)
