"""Reach the app's queues: connection settings, clients, encoding and output bindings."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import re
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING, Any

from lab.errors import BadApp
from lab.host_config import resolve
from lab.host_runtime import RETURN, Answer, Function, Json

if TYPE_CHECKING:
    from azure.storage.queue.aio import QueueClient, QueueServiceClient

_QUEUE_NAME = re.compile(r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")

# A poll that fails is repeated by the poller, so the client insists only briefly.
_RETRIES: dict[str, Any] = {
    "retry_total": 2,
    "initial_backoff": 1,
    "increment_base": 1,
    "random_jitter_range": 0,
}

POISON = "-poison"
_BINDINGS = {"httpTrigger", "queueTrigger", "timerTrigger", "eventHubTrigger", "queue", "http"}


class Unreadable(Exception):  # noqa: N818 - what the message is
    """A message's text is not the encoding that host.json announces."""


class Queues:
    """All queues the app's bindings name, and who waits for which."""

    def __init__(self, settings: Mapping[str, str], *, encoded: bool) -> None:
        self._settings = settings
        self._encoded = encoded
        self._clients: dict[tuple[str, str], QueueClient] = {}
        self._services: dict[str, QueueServiceClient] = {}
        self._cleanup = AsyncExitStack()
        self._waiting: dict[str, list[asyncio.Event]] = {}

    def check(self, function: Function) -> None:
        """Look at all bindings before anything runs. Raises `BadApp` naming the function."""
        for binding in (function.trigger, *function.outputs):
            if binding["type"] not in _BINDINGS:
                raise BadApp(f"{function.name}: this host has no binding {binding['type']}")
            if "queueName" in binding:
                try:
                    self.client(binding)
                except (BadApp, ValueError) as error:
                    raise BadApp(f"{function.name}: {error}") from error

    async def close(self) -> None:
        """Close all connections."""
        await self._cleanup.aclose()

    def client(self, binding: Json) -> QueueClient:
        """Open the queue a binding names. Raises `BadApp` for a bad name or connection."""
        connection = str(binding.get("connection") or "AzureWebJobsStorage")
        name = resolve(str(binding["queueName"]), self._settings)
        if (connection, name) not in self._clients:
            self._clients[connection, name] = self._open(connection, name)
        return self._clients[connection, name]

    def poison(self, binding: Json) -> QueueClient | None:
        """Open the queue for messages that failed too often; a poison queue has none itself."""
        name = self.client(binding).queue_name
        if name.endswith(POISON):
            return None
        return self.client({**binding, "queueName": f"{name}{POISON}"})

    def _open(self, connection: str, name: str) -> QueueClient:
        if _QUEUE_NAME.fullmatch(name) is None:
            raise BadApp(
                f"{name!r} is not a queue name: 3 to 63 lower-case letters, digits and single "
                "hyphens"
            )
        if connection not in self._services:
            self._services[connection] = self._connect(connection)
            self._cleanup.push_async_exit(self._services[connection])
        return self._services[connection].get_queue_client(name)

    def _connect(self, connection: str) -> QueueServiceClient:
        """Find the connection as the host does: prefixed name first, then the name itself.

        Source: Azure/azure-webjobs-sdk, WebJobsConfigurationExtensions.cs.
        """
        from azure.storage.queue.aio import QueueServiceClient

        for name in (f"AzureWebJobs{connection}", connection):
            if text := self._settings.get(name):
                return QueueServiceClient.from_connection_string(text, **_RETRIES)
            if uri := self._uri(name):
                credential = self._credential(name)
                self._cleanup.push_async_exit(credential)
                return QueueServiceClient(uri, credential=credential, **_RETRIES)
        raise BadApp(
            f"there is no setting {connection} with a connection string, nor "
            f"{connection}__queueServiceUri"
        )

    def _uri(self, name: str) -> str | None:
        if account := self._settings.get(f"{name}__accountName"):
            return f"https://{account}.queue.core.windows.net"
        return self._settings.get(f"{name}__queueServiceUri")

    def _credential(self, name: str) -> Any:
        from azure.identity.aio import DefaultAzureCredential, ManagedIdentityCredential

        client = self._settings.get(f"{name}__clientId")
        if self._settings.get(f"{name}__credential", "").lower() == "managedidentity":
            return ManagedIdentityCredential(client_id=client)
        return DefaultAzureCredential(managed_identity_client_id=client)

    def decode(self, text: str) -> str:
        """Read a message's text as host.json says it is written. Raises `Unreadable`."""
        if not self._encoded:
            return text
        try:
            return base64.b64decode(text, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise Unreadable(f"a message is not base64, as host.json says: {error}") from error

    def encode(self, text: str) -> str:
        """Write a message's text as host.json says."""
        return base64.b64encode(text.encode()).decode() if self._encoded else text

    def wait_for(self, queue: str, wake: asyncio.Event) -> None:
        """Have `wake` set whenever this host itself puts a message into the queue."""
        self._waiting.setdefault(queue, []).append(wake)

    async def put(self, queue: QueueClient, encoded: str) -> None:
        """Put a message, creating the queue where it is missing, and wake who waits for it."""
        from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

        try:
            await queue.send_message(encoded)
        except ResourceNotFoundError:
            with suppress(ResourceExistsError):  # somebody else was faster
                await queue.create_queue()
            await queue.send_message(encoded)
        for wake in self._waiting.get(queue.queue_name, ()):
            wake.set()

    async def deliver(self, function: Function, answer: Answer) -> None:
        """Put what a function handed to its queue outputs."""
        for binding in function.outputs:
            if binding["type"] != "queue":
                continue
            name = binding["name"]
            given = answer.value if name == RETURN else answer.outputs.get(name)
            for text in _messages(given):
                await self.put(self.client(binding), self.encode(text))


def _messages(given: Any) -> list[str]:
    """Read the messages off an output: one text, or a JSON document with one or several."""
    if given is None or given.value is None:
        return []
    if given.type != "json":
        value = given.value
        return [value.decode() if isinstance(value, bytes) else str(value)]
    document = json.loads(given.value)
    items = document if isinstance(document, list) else [document]
    return [_text(item) for item in items]


def _text(item: Any) -> str:
    if isinstance(item, dict) and "body" in item:
        return str(item["body"])
    return item if isinstance(item, str) else json.dumps(item)
