"""What storage costs: our verbs beside the same calls on the bare client libraries.

Two rows of bare calls: `sdk` as it comes out of the box, `floor` with the settings our verbs use.
The three take turns in one run, so that a noisy machine is noisy for all of them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from azure.data.tables.aio import TableClient
from azure.storage.blob.aio import ContainerClient
from azure.storage.queue import TextBase64EncodePolicy
from azure.storage.queue.aio import QueueClient

from shared.store.account import Account, StorageConnection
from shared.store.azure import AzureStore
from shared.store.queues import StorageQueue
from shared.store.verbs import Partition, Put

BLOB = b"z" * 4096
BODY = {"summary": "x" * 500, "state": "queued"}
TEXT = json.dumps({"task": "0123456789abcdef0123456789abcdef", "tenant": "contoso"})
HOME = Partition("contoso|bench")

Call = Callable[[], Awaitable[Any]]
Ways = dict[str, Call]


class Figures(NamedTuple):
    """One operation, one way, at one concurrency: the medians of its rounds."""

    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float


class Bare(NamedTuple):
    """The three bare clients."""

    table: TableClient
    container: ContainerClient
    queue: QueueClient

    @classmethod
    def connect(cls, connection: str, name: str, **options: Any) -> Bare:
        """Open the clients with the same options for all."""
        encoding = TextBase64EncodePolicy()
        return cls(
            TableClient.from_connection_string(connection, name, **options),
            ContainerClient.from_connection_string(connection, name, **options),
            QueueClient.from_connection_string(
                connection, name, message_encode_policy=encoding, **options
            ),
        )

    async def insert(self, rows: int) -> None:
        """Insert rows as an entity each, together where there are several."""
        entities = [
            {"PartitionKey": HOME, "RowKey": uuid4().hex, "Schema": 1, "Body0": json.dumps(BODY)}
            for _ in range(rows)
        ]
        if rows == 1:
            await self.table.create_entity(entities[0])
        else:
            await self.table.submit_transaction([("create", entity) for entity in entities])

    def calls(self) -> Ways:
        """Name the measured calls."""
        return {
            "blob put 4 KiB": lambda: self.container.upload_blob(uuid4().hex, BLOB),
            "table insert": lambda: self.insert(1),
            "table transaction of 2": lambda: self.insert(2),
            "table transaction of 4": lambda: self.insert(4),
            "queue put": lambda: self.queue.send_message(TEXT, time_to_live=-1),
        }

    async def close(self) -> None:
        """Close the clients."""
        for client in self:
            await client.close()


def verbs(store: AzureStore, queue: StorageQueue) -> Ways:
    """Name the same calls through our verbs."""

    async def insert(rows: int) -> None:
        await store.write(*(Put(HOME, uuid4().hex, BODY) for _ in range(rows)))

    return {
        "blob put 4 KiB": lambda: store.keep(uuid4().hex, BLOB),
        "table insert": lambda: insert(1),
        "table transaction of 2": lambda: insert(2),
        "table transaction of 4": lambda: insert(4),
        "queue put": lambda: queue.put(TEXT),
    }


async def measure(call: Call, *, times: int, at_once: int) -> Figures:
    """Call it so often, with so many in flight."""
    waits: list[float] = []
    left = iter(range(times))

    async def work() -> None:
        for _ in left:
            start = time.perf_counter()
            await call()
            waits.append((time.perf_counter() - start) * 1000)

    start, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(work() for _ in range(at_once)))
    spent = time.perf_counter() - start
    cuts = statistics.quantiles(waits, n=100)
    cpu_each = (time.process_time() - cpu) / times * 1000
    return Figures(times / spent, statistics.median(waits), cuts[98], cpu_each)


async def compare(ways: dict[str, Ways], *, rounds: int, times: int) -> list[dict[str, Any]]:
    """Measure every operation every way, in an order shuffled anew in each round."""
    operations = list(next(iter(ways.values())))
    plan = [(op, at_once, way) for op in operations for at_once in (1, 8) for way in ways]
    seen: dict[tuple[str, int, str], list[Figures]] = {entry: [] for entry in plan}
    for operation, _, way in plan:
        await measure(ways[way][operation], times=20, at_once=4)  # connections, caches
    for _ in range(rounds):
        random.shuffle(plan)
        for operation, at_once, way in plan:
            figures = await measure(ways[way][operation], times=times, at_once=at_once)
            seen[operation, at_once, way].append(figures)
    return [
        {"operation": op, "at_once": at_once, **_medians(ways, seen, op, at_once)}
        for op in operations
        for at_once in (1, 8)
    ]


def _medians(
    ways: dict[str, Ways], seen: dict[tuple[str, int, str], list[Figures]], op: str, at_once: int
) -> dict[str, Any]:
    found = {
        way: Figures(*map(statistics.median, zip(*seen[op, at_once, way], strict=True)))
        for way in ways
    }
    ours = found["verbs"].per_second
    return {
        **{way: figures._asdict() for way, figures in found.items()},
        "times_floor": found["floor"].per_second / ours,
        "times_sdk": found["sdk"].per_second / ours,
    }


async def run(connection: str, *, rounds: int, times: int) -> list[dict[str, Any]]:
    """Open everything under a name of its own, compare, and take it away again."""
    name = f"floor{uuid4().hex}"
    sdk = Bare.connect(connection, name)
    floor = Bare.connect(connection, name, retry_total=0, use_env_settings=False)
    account = Account(StorageConnection(connection_string=connection))
    store = AzureStore(account, table=name, container=name)
    await sdk.table.create_table()
    await sdk.container.create_container()
    await sdk.queue.create_queue()
    try:
        ways = {
            "sdk": sdk.calls(),
            "floor": floor.calls(),
            "verbs": verbs(store, StorageQueue(account, name)),
        }
        return await compare(ways, rounds=rounds, times=times)
    finally:
        await sdk.table.delete_table()
        await sdk.container.delete_container()
        await sdk.queue.delete_queue()
        for client in (sdk, floor):
            await client.close()
        await account.aclose()


def show(rows: list[dict[str, Any]]) -> None:
    """Print a line for each operation and concurrency."""
    print(
        f"{'operation':<24}{'at once':>8}{'sdk/s':>9}{'floor/s':>9}{'verbs/s':>9}"
        f"{'verbs p50':>11}{'p99 ms':>8}{'cpu ms':>8}{'x floor':>9}{'x sdk':>7}"
    )
    for row in rows:
        ours = row["verbs"]
        print(
            f"{row['operation']:<24}{row['at_once']:>8}{row['sdk']['per_second']:>9.0f}"
            f"{row['floor']['per_second']:>9.0f}{ours['per_second']:>9.0f}{ours['p50_ms']:>11.2f}"
            f"{ours['p99_ms']:>8.1f}{ours['cpu_ms']:>8.2f}{row['times_floor']:>9.2f}"
            f"{row['times_sdk']:>7.2f}"
        )
    print("x floor, x sdk: our time as a multiple of theirs; below 1 we are faster.")


def main() -> None:
    """Measure against the emulator, or whatever the connection string names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connection", default="UseDevelopmentStorage=true")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--times", type=int, default=100, help="calls a round")
    parser.add_argument("--json", type=Path, metavar="PATH")
    asked = parser.parse_args()
    rows = asyncio.run(run(asked.connection, rounds=asked.rounds, times=asked.times))
    show(rows)
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
