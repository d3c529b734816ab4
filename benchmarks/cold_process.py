"""One fresh process of the cold start benchmark: does one thing, and says what it took.

Imports nothing of weight at the top: whatever it imports is what is measured.

    python -m benchmarks.cold_process WAY [ALERT | MESSAGE]
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Coroutine
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from azure.storage.queue.aio import QueueClient

HIDDEN: Final = "BENCHMARK_NOT_DEPLOYED"
"""Names the modules that are to be missing, as they are where the app is deployed."""
_CONNECTION: Final = "AzureWebJobsStorage"
_MODELS: Final = "msgraph.generated.models."


class Marks:
    """How far it is: seconds, of the wall and the processor, since our code could run; memory."""

    def __init__(self) -> None:
        self._begin = time.perf_counter()
        self._cpu = time.process_time()
        self.seen: dict[str, dict[str, float]] = {}

    def mark(self, name: str) -> None:
        """Note what it took until here."""
        loaded = [name for name, module in sys.modules.items() if module]
        self.seen[name] = {
            "wall": time.perf_counter() - self._begin,
            "cpu": time.process_time() - self._cpu,
            "memory": _peak(),
            "modules": len(loaded),
            "msgraph": sum(name.partition(".")[0] == "msgraph" for name in loaded),
            "models": sum(name.startswith(_MODELS) for name in loaded),
        }


def _peak() -> float:
    """Tell the largest memory this process has held, in MiB."""
    status = Path("/proc/self/status")
    if status.exists():
        # getrusage would tell the parent's peak, which a new process on Linux takes over.
        lines = status.read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


async def bare(marks: Marks, _given: str) -> None:
    """Import Microsoft's programming model alone: what every Python function app pays."""
    import_module("azure.functions")
    marks.mark("imported")


async def app(marks: Marks, _given: str) -> None:
    """Import the app."""
    import_module("function_app")
    marks.mark("imported")


async def webhook(marks: Marks, given: str) -> None:
    """Import the app and answer one alert."""
    alert = json.loads(given)
    body = alert["body"].encode()
    firebreak = import_module("function_app").firebreak
    marks.mark("imported")
    reply = await firebreak.receive(alert["source"], alert["headers"], body)
    marks.mark("first alert answered")
    if reply.status != 202:  # noqa: PLR2004
        raise RuntimeError(f"the alert was answered with {reply.status}: nothing to time")
    await firebreak.aclose()


async def worker(marks: Marks, given: str) -> None:
    """Import the app, triage an alert and run its tasks."""
    firebreak = import_module("function_app").firebreak
    marks.mark("imported")
    await firebreak.work(given)
    marks.mark("first alert triaged")
    text = await take_message(os.environ[_CONNECTION])
    await firebreak.work(text)
    marks.mark("first tasks done")
    await firebreak.aclose()


async def take_message(connection: str) -> str:
    """Take a message off the queue, as the host would."""
    async with _queue(connection) as queue:
        message = await queue.receive_message()
        if message is None:
            raise RuntimeError("nothing was put on the queue: nothing to time")
        await queue.delete_message(message)
        return str(message.content)


async def clear(connection: str) -> None:
    """Take everything off the queue, also what is not visible yet."""
    async with _queue(connection) as queue:
        await queue.clear_messages()


def _queue(connection: str) -> QueueClient:
    from azure.storage.queue import TextBase64DecodePolicy
    from azure.storage.queue.aio import QueueClient

    policy = TextBase64DecodePolicy()
    return QueueClient.from_connection_string(connection, "remediate", message_decode_policy=policy)


async def entity(marks: Marks, _given: str) -> None:
    """Read one user as msgraph-sdk is usually used: parsed into its own entity."""
    user = import_module("msgraph.generated.models.user").User
    parsing = import_module("kiota_serialization_json.json_parse_node_factory")
    marks.mark("imported")
    text = b'{"id": "1", "userPrincipalName": "ada@contoso.example", "accountEnabled": true}'
    node = parsing.JsonParseNodeFactory().get_root_parse_node("application/json", text)
    if not node.get_object_value(user).account_enabled:
        raise RuntimeError("the entity was not parsed: nothing to time")
    marks.mark("first entity parsed")


type Way = Callable[[Marks, str], Coroutine[Any, Any, None]]

WAYS: Final[dict[str, Way]] = {
    "azure.functions alone": bare,
    "function_app": app,
    "webhook": webhook,
    "worker": worker,
    "naive msgraph entity": entity,
}


def main() -> None:
    """Do what the command line names and print the marks as JSON."""
    way, given = sys.argv[1], "".join(sys.argv[2:])
    for module in os.environ.get(HIDDEN, "").split():
        sys.modules[module] = None  # type: ignore[assignment] # as if it were not installed
    marks = Marks()
    asyncio.run(WAYS[way](marks, given))
    print(json.dumps(marks.seen))


if __name__ == "__main__":
    main()
