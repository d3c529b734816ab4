"""Faults over a real connection: a far side that answers as it is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from shared.errors import Denied, FirebreakError, Transient
from shared.store.account import Account, StorageConnection
from shared.store.azure import AzureStore
from shared.store.queues import StorageQueue
from shared.store.verbs import Exists, Partition, Put

HOME = Partition("contoso|case")
Scene = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def reply(status: int, *headers: str, body: bytes = b"") -> Scene:
    async def scene(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = [f"HTTP/1.1 {status} So", f"Content-Length: {len(body)}", *headers]
        writer.write("\r\n".join([*head, "", ""]).encode() + body)
        await writer.drain()

    return scene


async def hang_up(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")


async def say_nothing(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


@asynccontextmanager
async def far_side(scene: Scene, *, calls_at_most: int = 1) -> AsyncIterator[Account]:
    """Serve one scene per connection, and give an account that lives there.

    Storage is asked once: the queue does the waiting.
    """
    calls = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        calls += 1
        await scene(reader, writer)
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        account = _account_at(server.sockets[0].getsockname()[1])
        yield account
        await account.aclose()
    assert 1 <= calls <= calls_at_most


def _account_at(port: int) -> Account:
    services = "".join(
        f"{s}Endpoint=http://127.0.0.1:{port}/a;" for s in ("Table", "Blob", "Queue")
    )
    whole = f"DefaultEndpointsProtocol=http;AccountName=a;AccountKey=c2VjcmV0;{services}"
    return Account(StorageConnection(connection_string=whole), patience=0.3)


ACTS: dict[str, Callable[[Account], Awaitable[object]]] = {
    "read": lambda account: AzureStore(account).read(HOME, "a"),
    "scan": lambda account: anext(AzureStore(account).scan(HOME)),
    "insert": lambda account: AzureStore(account).write(Put(HOME, "a", {})),
    "replace": lambda account: AzureStore(account).write(Put(HOME, "a", {}, 'W/"1"')),
    "two rows": lambda account: AzureStore(account).write(Put(HOME, "a", {}), Put(HOME, "b", {})),
    "keep": lambda account: AzureStore(account).keep("a", b"1"),
    "fetch": lambda account: AzureStore(account).fetch("a"),
    "put": lambda account: StorageQueue(account, "tasks").put("1"),
}
READS = {"read", "scan", "fetch"}
every_act = pytest.mark.parametrize("act", ACTS)


@every_act
@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_busy_service_is_transient_and_keeps_its_retry_after(act: str, status: int) -> None:
    async with far_side(reply(status, "Retry-After: 7", "x-ms-error-code: Busy")) as account:
        with pytest.raises(Transient) as caught:
            await ACTS[act](account)
    assert caught.value.retry_after == 7
    assert caught.value.may_have_happened == (act not in READS and status != 429)


@every_act
async def test_a_missing_right_names_the_role_to_give(act: str) -> None:
    async with far_side(reply(403, "x-ms-error-code: AuthorizationFailure")) as account:
        with pytest.raises(Denied, match=r"Storage (Table|Blob|Queue) Data Contributor") as caught:
            await ACTS[act](account)
    assert caught.value.permission
    assert caught.value.permission in str(caught.value)


@every_act
@pytest.mark.parametrize("scene", [hang_up, say_nothing])
async def test_an_answer_that_never_came_may_hide_a_write(act: str, scene: Scene) -> None:
    # aiohttp itself repeats a GET or PUT once after a hang-up; an insert (POST) never.
    repeats = act in READS | {"replace", "keep"}
    async with far_side(scene, calls_at_most=1 + repeats) as account:
        with pytest.raises(Transient) as caught:
            await ACTS[act](account)
    assert caught.value.may_have_happened == (act not in READS)


@every_act
async def test_a_service_nobody_could_connect_to_has_written_nothing(act: str) -> None:
    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    account = _account_at(server.sockets[0].getsockname()[1])
    server.close()
    await server.wait_closed()
    with pytest.raises(Transient) as caught:
        await ACTS[act](account)
    assert not caught.value.may_have_happened
    await account.aclose()


@pytest.mark.parametrize(
    ("code", "kind"),
    [("EntityAlreadyExists", Exists), ("TableBeingDeleted", Transient), (None, Transient)],
)
async def test_an_insert_finds_the_reason_of_a_409_in_the_body_too(
    code: str | None, kind: type[FirebreakError]
) -> None:
    said = {"odata.error": {"code": code, "message": {"lang": "en", "value": "why"}}}
    body = json.dumps(said if code else {}).encode()
    async with far_side(reply(409, "Content-Type: application/json", body=body)) as account:
        with pytest.raises(kind) as caught:
            await ACTS["insert"](account)
    assert type(caught.value) is kind
