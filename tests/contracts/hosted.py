"""Host this very app in a process of its own, use it, and write down what it loaded.

    python tests/contracts/hosted.py {index | webhook | case | stream} REPORT

It runs `function_app.py` through Microsoft's worker library, which keeps one app per process.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
MODELS = "msgraph.generated.models."
PATIENCE = 120.0


def loaded() -> dict[str, int]:
    """Count what is costly to load."""
    return {
        "msgraph": sum(name.split(".")[0] == "msgraph" for name in sys.modules),
        "models": sum(name.startswith(MODELS) for name in sys.modules),
        "all": len(sys.modules),
    }


class Errors(logging.Handler):
    """Whatever the host or a function complains about."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.said.append(f"{record.name}: {record.getMessage()}")


async def index(_: Any) -> dict[str, Any]:
    """Index and load the app, run nothing."""
    from lab.host_runtime import Runtime

    runtime = await Runtime.load(ROOT)
    from azure_functions_runtime.handle_event import _functions as registry

    found = [
        {
            "name": function.name,
            "trigger": function.trigger,
            "outputs": function.outputs,
            "async": registry.get_function(function.id).is_async,
        }
        for function in runtime.functions
    ]
    runtime.close()
    return {"functions": found, "loaded": loaded()}


async def until(look: Callable[[], Awaitable[Any]]) -> Any:
    """Look until there is something; the clock only says when to give up."""
    deadline = time.monotonic() + PATIENCE
    while not (found := await look()):
        if time.monotonic() > deadline:
            raise TimeoutError
        await asyncio.sleep(0.05)
    return found


async def webhook(tenant: Any) -> dict[str, Any]:
    """Answer one alert in an instance that has the HTTP functions only, as Azure scales them."""
    off = {f"AzureWebJobs.{name}.Disabled": "1" for name in ("remediate", "poison", "reconcile")}
    async with opened(tenant, off) as (client, story):
        before = loaded()
        answers = [await send(client, alert) for alert in story.alerts]
        bad = await client.post("/api/alerts/defender", content=b"{}", headers=JSON)
        return {
            "status": [answer.status_code for answer in answers],
            "unsigned": bad.status_code,
            "imported": before,
            "loaded": loaded(),
        }


async def case(tenant: Any) -> dict[str, Any]:
    """Play one case, wake every other function, and read every page."""
    async with opened(tenant, {}) as (client, story):
        told = [(await send(client, alert)).json() for alert in story.alerts]

        async def settled() -> Any:
            view = (await client.get("/api/cases", headers=JSON)).json()
            return view["settled"] or view["for_people"]

        row = (await until(settled))[0]
        await until(lambda: poisoned(client))
        key = {"x-functions-key": os.environ["LAB_MASTER_KEY"]}
        by_hand = await client.post("/admin/functions/reconcile", json={"input": ""}, headers=key)
        paths = ["cases", f"cases/{row['id']}", f"cases/{row['id']}.json", "health", "alerts"]
        paths += [
            f"cases/{row['id']}/report",
            f"alert/{told[0]['alerts'][0]['id']}",
            "cases/nobody",
        ]
        pages = {path: await client.get(f"/api/{path}") for path in paths}
        return {
            "case": row,
            "reconcile": by_hand.status_code,
            "pages": {path.replace(row["id"], "ID"): p.status_code for path, p in pages.items()},
            "loaded": loaded(),
        }


async def stream(tenant: Any) -> dict[str, Any]:
    """Hand over a batch of which one event is broken, as an Event Hub would."""
    async with opened(tenant, {}) as (client, story):
        user = tenant.users[story.oid]
        risky = {
            "category": "RiskyUsers",
            "properties": {
                "id": user.id,
                "riskState": "atRisk",
                "riskLevel": "high",
                "riskLastUpdatedDateTime": datetime.now(UTC).isoformat(),
                "userPrincipalName": user.upn,
            },
        }
        harmless = {"category": "AuditLogs", "properties": {"id": "1"}}
        events = [json.dumps({"records": [harmless, risky]}), '{"records": [', json.dumps(harmless)]
        key = {"x-functions-key": os.environ["LAB_MASTER_KEY"]}
        batch = {"input": json.dumps(events)}
        answers = [
            await client.post("/admin/functions/stream", json=batch, headers=key) for _ in range(2)
        ]

        async def settled() -> Any:
            view = (await client.get("/api/cases", headers=JSON)).json()
            return view["settled"] or view["for_people"]

        rows = await until(settled)
        shown = (await client.get("/api/alerts")).text
        return {
            "status": [answer.status_code for answer in answers],
            "cases": len(rows),
            "unreadable": "the body is not JSON" in shown,
            "harmless": "AuditLogs" in shown,
        }


async def poisoned(client: Any) -> bool:
    """Say whether the message that nobody can read is shown to people."""
    return "nobody can read" in (await client.get("/api/alerts")).text


async def send(client: Any, alert: Any) -> Any:
    """Deliver an alert, signed."""
    from lab.workbench import SECRET
    from shared.alerts.authenticate import HmacAuth, sign

    auth = HmacAuth.model_validate({"secrets": [SECRET]})
    signed = sign(auth, body=alert.body, now=datetime.now(UTC))
    return await client.post(alert.path, content=alert.body, headers={**alert.headers, **signed})


JSON = {"Accept": "application/json", "Content-Type": "application/json"}


def opened(tenant: Any, settings: dict[str, str]) -> Any:
    """Open host, tenant and a client; the queue begins with one message that nobody can read."""
    from contextlib import asynccontextmanager

    import httpx

    from lab.host import Host
    from lab.ports import listen
    from lab.scenarios import token_thief
    from lab.serving import Served

    @asynccontextmanager
    async def context() -> Any:
        story = token_thief(tenant)
        async with Served(tenant.app, listen()) as world:
            prepare(tenant, world.url)
            await spoil()
            async with (
                Host(ROOT, {**os.environ, **settings}) as host,
                httpx.AsyncClient(base_url=f"http://127.0.0.1:{host.port}", timeout=60) as client,
            ):
                yield client, story

    return context()


def prepare(tenant: Any, url: str) -> None:
    """Set what a deployment would set."""
    from lab.workbench import sources

    os.environ |= {
        "FIREBREAK_TENANT_ID": tenant.tenant_id,
        "FIREBREAK_OWN_OBJECT_ID": tenant.own_object_id,
        "FIREBREAK_GRAPH_URL": url,
        "FIREBREAK_EXCHANGE_URL": url,
        "FIREBREAK_ARM_URL": url,
        "FIREBREAK_SOURCES": json.dumps(sources()),
        "FIREBREAK_PAGES": "local",
        "IDENTITY_ENDPOINT": f"{url}/msi/token",
        "IDENTITY_HEADER": "any",
        "LAB_MASTER_KEY": "master",
    }


async def spoil() -> None:
    """Empty both queues and put something unreadable where poisoned messages go."""
    from contextlib import suppress

    from azure.core.exceptions import ResourceExistsError
    from azure.storage.queue.aio import QueueServiceClient

    from shared.store.account import DEFAULT_CONNECTION
    from shared.tasks.queue import POISON_QUEUE_NAME, QUEUE_NAME

    async with QueueServiceClient.from_connection_string(os.environ[DEFAULT_CONNECTION]) as service:
        for name in (QUEUE_NAME, POISON_QUEUE_NAME):
            with suppress(ResourceExistsError):
                await service.create_queue(name)
            await service.get_queue_client(name).clear_messages()
        await service.get_queue_client(POISON_QUEUE_NAME).send_message("Z2FyYmFnZQ==")


def main() -> None:
    """Do one thing and report."""
    from lab.clock import Clock
    from lab.tenant import SimulatedTenant, TenantSettings

    mode, report = sys.argv[1], Path(sys.argv[2])
    errors = Errors()
    logging.getLogger().addHandler(errors)
    tenant = SimulatedTenant(
        clock=Clock(start=datetime.now(UTC)),
        seed=int.from_bytes(os.urandom(4)),
        settings=TenantSettings.instant(),
    )
    found = asyncio.run(MODES[mode](tenant))
    report.write_text(json.dumps({**found, "errors": errors.said}), encoding="utf-8")


MODES = {"index": index, "webhook": webhook, "case": case, "stream": stream}

if __name__ == "__main__":
    main()
