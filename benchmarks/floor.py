"""The least that taking an alert in costs: what intake stores for it, played back on bare clients.

What has to be stored is not written down here a second time: it is recorded from intake itself.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple, Self

from azure.data.tables.aio import TableClient
from azure.storage.blob.aio import ContainerClient
from azure.storage.queue import TextBase64EncodePolicy
from azure.storage.queue.aio import QueueClient

from lab.carrier_alerts import CarrierAlert, risk_detection, suspicious_forwarding
from lab.tenant import SimulatedTenant
from lab.tenant.population import Population
from lab.workbench import SECRET, sources
from shared.alerts.authenticate import HmacAuth, sign
from shared.alerts.call import Call
from shared.alerts.source import Sources
from shared.clients.entra_keys import SigningKeys
from shared.model import TenantId, now
from shared.store.memory import MemoryStore
from shared.store.verbs import Drop, Put, Queue, Store
from shared.tasks.gate import Gate
from shared.tasks.intake import Intake
from shared.tasks.queue import QUEUE_NAME

TABLE: Final = "firebreak"
CONTAINER: Final = "firebreak-raw"
_PEOPLE: Final = 40


@dataclass(slots=True, kw_only=True)
class Recorded:
    """One alert as its carrier sends it, and what intake stored for it."""

    source: str
    headers: dict[str, str]
    body: bytes
    blobs: list[tuple[str, bytes]] = field(default_factory=list)
    transactions: list[list[dict[str, Any]]] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)


class _Recorder(MemoryStore):
    """Storage in memory that notes what it was given."""

    def __init__(self, into: Recorded) -> None:
        super().__init__()
        self._into = into

    async def write(self, *changes: Put | Drop) -> tuple[str, ...]:
        self._into.transactions.append([_entity(c) for c in changes if isinstance(c, Put)])
        return await super().write(*changes)

    async def keep(self, name: str, data: bytes) -> None:
        self._into.blobs.append((name, data))
        await super().keep(name, data)


class _Messages:
    """A queue that notes what it was given."""

    def __init__(self, into: Recorded) -> None:
        self._into = into

    async def put(self, text: str, *, delay: float = 0) -> None:
        del delay
        self._into.messages.append(text)

    async def front(self) -> datetime | None:
        return None


def _entity(put: Put) -> dict[str, Any]:
    body = json.dumps(put.body, separators=(",", ":"))
    return {"PartitionKey": put.partition, "RowKey": put.key, "Schema": 1, "Body0": body}


def intake_into(store: Store, queue: Queue, *, tenant: SimulatedTenant) -> Intake:
    """Make the real intake on some storage."""
    home = TenantId(tenant.tenant_id)
    keys = SigningKeys(authority="http://127.0.0.1", tenant=home, clock=now)
    return Intake(
        store=store,
        queue=queue,
        clock=now,
        tenant=home,
        pages="http://127.0.0.1:7071/api",
        gate=Gate(Sources.model_validate(sources()), keys, now),
    )


async def record(tenant: SimulatedTenant, count: int) -> list[Recorded]:
    """Compose so many alerts, each a new one, and note what intake does with each."""
    people = Population(tenant)
    oids = [people.person(f"Person {number}") for number in range(_PEOPLE)]
    return [await _recorded(tenant, oids[n % _PEOPLE], n) for n in range(count)]


async def _recorded(tenant: SimulatedTenant, oid: str, number: int) -> Recorded:
    alert = _composed(tenant, oid, number)
    auth = HmacAuth.model_validate({"secrets": [SECRET]})
    headers = {**alert.headers, **sign(auth, body=alert.body, now=now())}
    into = Recorded(source=alert.source, headers=headers, body=alert.body)
    intake = intake_into(_Recorder(into), _Messages(into), tenant=tenant)
    reply = await intake.receive(alert.source, Call(headers=headers, body=alert.body))
    if reply.status != 202:  # noqa: PLR2004
        raise RuntimeError(f"intake refused a benchmark's alert: {reply}")
    return into


def _composed(tenant: SimulatedTenant, oid: str, number: int) -> CarrierAlert:
    user, at = tenant.users[oid], tenant.now()
    if number % 2:
        return risk_detection(tenant, user, at=at, kind="anomalousToken")
    return suspicious_forwarding(tenant, user, at=at)


class BareClients(NamedTuple):
    """Azure's own clients, with the settings that ours have, so that only our work differs."""

    table: TableClient
    container: ContainerClient
    queue: QueueClient

    @classmethod
    @asynccontextmanager
    async def opened(cls, connection: str) -> AsyncIterator[Self]:
        """Open them, and create what they write into: the same places that intake uses."""
        how: dict[str, Any] = {"retry_total": 0, "use_env_settings": False}
        clients = cls(
            TableClient.from_connection_string(connection, TABLE, **how),
            ContainerClient.from_connection_string(connection, CONTAINER, **how),
            QueueClient.from_connection_string(
                connection, QUEUE_NAME, message_encode_policy=TextBase64EncodePolicy(), **how
            ),
        )
        async with AsyncExitStack() as stack:
            for client in clients:
                await stack.enter_async_context(client)
            await clients.table.create_table()
            await clients.container.create_container()
            await clients.queue.create_queue()
            yield clients

    async def play(self, alert: Recorded) -> None:
        """Store what intake stored: blobs and rows side by side, then the messages."""
        await asyncio.gather(
            *(self.container.upload_blob(name, data) for name, data in alert.blobs),
            *(
                self.table.submit_transaction([("create", entity) for entity in entities])
                for entities in alert.transactions
            ),
        )
        for message in alert.messages:
            await self.queue.send_message(message, time_to_live=-1)
