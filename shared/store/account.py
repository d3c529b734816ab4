"""The storage account: where it is, who we are there, and one client per event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, Self, cast
from weakref import WeakKeyDictionary

from shared.errors import Defect

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential
    from azure.data.tables.aio import TableClient
    from azure.storage.blob.aio import ContainerClient
    from azure.storage.queue.aio import QueueClient

DEFAULT_CONNECTION = "AzureWebJobsStorage"
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_PIECE = 1024 * 1024
"""Bytes; with more in one request aiohttp warns that it blocks the event loop."""


class Identity(StrEnum):
    """Who asks for the token, where no connection string holds a key."""

    DEFAULT = "default"
    MANAGED = "managedidentity"


@dataclass(frozen=True, slots=True)
class StorageConnection:
    """One storage account, by connection string or by the addresses of its services."""

    connection_string: str | None = field(default=None, repr=False)
    table_url: str = ""
    blob_url: str = ""
    queue_url: str = ""
    identity: Identity = Identity.DEFAULT
    client_id: str | None = None
    behind_proxy: bool = False

    @classmethod
    def from_env(cls, env: Mapping[str, str], name: str = DEFAULT_CONNECTION) -> Self:
        """Resolve a connection as the Functions host does: the plain setting wins.

        Source: learn.microsoft.com/azure/azure-functions/functions-reference, "Configure an
        identity-based connection".
        """
        proxy = any(value for key, value in env.items() if key.lower() in _PROXIES)
        if whole := env.get(name):
            return cls(connection_string=whole, behind_proxy=proxy)
        return cls(
            table_url=_service(env, name, "table"),
            blob_url=_service(env, name, "blob"),
            queue_url=_service(env, name, "queue"),
            identity=_identity(env.get(f"{name}__credential", ""), name),
            client_id=env.get(f"{name}__clientId") or None,
            behind_proxy=proxy,
        )


def _service(env: Mapping[str, str], name: str, service: str) -> str:
    setting = f"{name}__{service}ServiceUri"
    if url := env.get(setting):
        if not url.startswith("https://"):
            raise Defect(f"{setting} must start with https://: tokens are not sent in the clear")
        return url
    if account := env.get(f"{name}__accountName"):
        return f"https://{account}.{service}.core.windows.net"
    raise Defect(f"Set {name} (a connection string), {name}__accountName or {setting}")


def _identity(kind: str, name: str) -> Identity:
    if kind.lower() not in {"", Identity.MANAGED}:
        raise Defect(f"{name}__credential is {kind!r}; leave it out or set {Identity.MANAGED!s}")
    return Identity.MANAGED if kind else Identity.DEFAULT


class _Closable(Protocol):
    async def close(self) -> None: ...


class Account:
    """The clients of one account, built on first use, one set per event loop.

    A client's connections belong to the loop that opened them. `patience` is how many seconds an
    answer may take.
    """

    def __init__(self, connection: StorageConnection, *, patience: float = 10) -> None:
        self._connection = connection
        self._patience = patience
        self._open: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, _Closable]] = (
            WeakKeyDictionary()
        )

    def table(self, name: str) -> TableClient:
        """Give the table's client."""
        return self._client(f"table {name}", lambda: self._build_table(name))

    def container(self, name: str) -> ContainerClient:
        """Give the blob container's client."""
        return self._client(f"container {name}", lambda: self._build_container(name))

    def queue(self, name: str) -> QueueClient:
        """Give the queue's client."""
        return self._client(f"queue {name}", lambda: self._build_queue(name))

    async def aclose(self) -> None:
        """Close what this event loop opened; the next use opens it again."""
        for client in self._open.pop(asyncio.get_running_loop(), {}).values():
            await client.close()

    def _client[T: _Closable](self, key: str, build: Callable[[], T]) -> T:
        clients = self._open.setdefault(asyncio.get_running_loop(), {})
        if key not in clients:
            clients[key] = build()
        return cast("T", clients[key])

    def _build_table(self, name: str) -> TableClient:
        from azure.data.tables.aio import TableClient

        if whole := self._connection.connection_string:
            return TableClient.from_connection_string(whole, name, **self._options())
        return TableClient(
            self._connection.table_url, name, credential=self._credential(), **self._options()
        )

    def _build_container(self, name: str) -> ContainerClient:
        from azure.storage.blob.aio import ContainerClient

        sizes = {"max_single_put_size": _PIECE, "max_block_size": _PIECE}
        options = {**self._options(), **sizes}
        if whole := self._connection.connection_string:
            return ContainerClient.from_connection_string(whole, name, **options)
        return ContainerClient(
            self._connection.blob_url, name, credential=self._credential(), **options
        )

    def _build_queue(self, name: str) -> QueueClient:
        from azure.storage.queue import TextBase64EncodePolicy
        from azure.storage.queue.aio import QueueClient

        # host.json keeps the queue extension's default, messageEncoding base64.
        options = {**self._options(), "message_encode_policy": TextBase64EncodePolicy()}
        if whole := self._connection.connection_string:
            return QueueClient.from_connection_string(whole, name, **options)
        return QueueClient(
            self._connection.queue_url, name, credential=self._credential(), **options
        )

    def _options(self) -> dict[str, Any]:
        return {
            # The queue waits, not the call: the client's own retries would hold a webhook for
            # 15 seconds. And a retried insert whose first answer was lost reads "exists already",
            # which is how a message gets dropped as a duplicate of itself. (aiohttp still repeats
            # a PUT or GET once when a kept connection turns out closed; inserts are POSTs.)
            "retry_total": 0,
            "connection_timeout": min(self._patience, 3),
            "read_timeout": self._patience,
            # Otherwise aiohttp looks for a netrc file and for proxies in two threads on every
            # request: half of the throughput at eight calls at once (benchmarks/storage_floor.py).
            "use_env_settings": self._connection.behind_proxy,
        }

    def _credential(self) -> AsyncTokenCredential:
        return self._client("credential", self._build_credential)

    def _build_credential(self) -> AsyncTokenCredential:
        client_id = self._connection.client_id
        if self._connection.identity is Identity.MANAGED:
            from azure.identity.aio import ManagedIdentityCredential

            return ManagedIdentityCredential(client_id=client_id)
        from azure.identity.aio import DefaultAzureCredential

        return DefaultAzureCredential(managed_identity_client_id=client_id)
