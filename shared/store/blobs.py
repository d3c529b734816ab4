"""Bytes under a name in one blob container; the first to keep a name wins."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from shared.model import SCHEMA
from shared.store.account import Account
from shared.store.faults import Absent, Act, Effect, Missing, created_once, translated
from shared.store.rules import check_name
from shared.store.schema import check_schema
from shared.store.verbs import Exists

if TYPE_CHECKING:
    from azure.storage.blob.aio import ContainerClient

_SCHEMA: Final = "schema"
"""The metadata that says which version kept a blob; the first one did not."""
_ROLE: Final = "Storage Blob Data Contributor"
_KEEP: Final = Act("keep a blob", _ROLE, Effect.WRITES)
_FETCH: Final = Act("fetch a blob", _ROLE, Effect.READS)
_ERASE: Final = Act("erase a blob", _ROLE, Effect.WRITES)
_LIST: Final = Act("list blobs", _ROLE, Effect.READS)
_CREATE: Final = Act("create the container", _ROLE, Effect.WRITES)


class Blobs:
    """The blob verbs on one container, which is created when it is first missed."""

    def __init__(self, account: Account, *, container: str = "firebreak-raw") -> None:
        self._account = account
        self._container = container

    async def keep(self, name: str, data: bytes) -> None:
        """Keep bytes under a name, unless there are some already."""
        check_name(name)
        try:
            await created_once(lambda: self._upload(name, data), self._create)
        except Exists:
            return

    async def fetch(self, name: str) -> bytes | None:
        """Fetch the bytes kept under a name."""
        check_name(name)
        try:
            with translated(_FETCH):
                stream = await self._client.download_blob(name)
                written = (stream.properties.metadata or {}).get(_SCHEMA, "1")
                check_schema(int(written), where=f"Blob {name}")
                return await stream.readall()
        except (Missing, Absent):
            return None

    async def erase(self, name: str) -> None:
        """Erase the bytes kept under a name; raises `Immutable` where they have to stay."""
        check_name(name)
        with suppress(Missing, Absent), translated(_ERASE):
            await self._client.delete_blob(name, delete_snapshots="include")

    async def names(self, prefix: str) -> AsyncIterator[str]:
        """Name what is kept under names that start with `prefix`."""
        with suppress(Missing, Absent), translated(_LIST):
            async for name in self._client.list_blob_names(name_starts_with=prefix):
                yield name

    @property
    def _client(self) -> ContainerClient:
        return self._account.container(self._container)

    async def _create(self) -> None:
        with translated(_CREATE):
            await self._client.create_container()

    async def _upload(self, name: str, data: bytes) -> None:
        with translated(_KEEP):
            # If-None-Match: * (what the client sends for overwrite=False) makes it insert-first.
            await self._client.upload_blob(
                name, data, overwrite=False, metadata={_SCHEMA: str(SCHEMA)}
            )
