from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from shared.errors import Defect
from shared.store.account import Account, StorageConnection
from shared.store.azure import AzureStore
from shared.store.blobs import Blobs
from shared.store.verbs import Store


@pytest.mark.parametrize("data", [b"", b"{}", b"\x00\xff" * 2048, b"x" * 2_500_000])
async def test_bytes_are_kept_as_they_are(store: Store, data: bytes) -> None:
    name = f"contoso/raw/{uuid4().hex}.json"
    await store.keep(name, data)
    assert await store.fetch(name) == data
    await store.keep(name, b"other")
    await store.keep(name, data[::-1])
    assert await store.fetch(name) == data


async def test_keeping_a_name_again_leaves_the_first_bytes(store: Store) -> None:
    await store.keep("contoso/raw/a", b"first")
    await store.keep("contoso/raw/a", b"second")
    assert await store.fetch("contoso/raw/a") == b"first"
    assert await store.fetch("contoso/raw/b") is None


async def test_what_was_erased_is_gone_and_erasing_again_is_fine(store: Store) -> None:
    await store.erase("contoso/raw/never")
    await store.keep("contoso/raw/a", b"first")
    await store.keep("contoso/raw/b", b"other")
    await store.erase("contoso/raw/a")
    await store.erase("contoso/raw/a")
    assert await store.fetch("contoso/raw/a") is None
    assert await store.fetch("contoso/raw/b") == b"other"
    await store.keep("contoso/raw/a", b"second")
    assert await store.fetch("contoso/raw/a") == b"second"


async def test_names_are_listed_by_how_they_begin(store: Store) -> None:
    assert [name async for name in store.names("contoso/")] == []
    for name in ("contoso/b/2", "contoso/b/1", "contoso/c", "contosox/b"):
        await store.keep(name, b"x")
    assert [name async for name in store.names("contoso/b/")] == ["contoso/b/1", "contoso/b/2"]
    await store.erase("contoso/b/1")
    assert [name async for name in store.names("contoso/b/")] == ["contoso/b/2"]


@pytest.mark.azurite
async def test_anchors_have_a_container_of_their_own_and_older_ones_are_still_found(
    azurite: str,
) -> None:
    account = Account(StorageConnection(connection_string=azurite))
    name = f"store{uuid4().hex}"
    store = AzureStore(account, table=name, container=name, anchors=f"{name}a")
    await Blobs(account, container=name).keep("anchor/contoso/old", b"old")
    await store.keep("anchor/contoso/new", b"new")
    await store.keep("raw/contoso/body", b"body")
    assert await store.fetch("anchor/contoso/old") == b"old"
    assert await store.fetch("anchor/contoso/new") == b"new"
    assert [one async for one in Blobs(account, container=f"{name}a").names("")] == [
        "anchor/contoso/new"
    ]
    assert [one async for one in store.names("raw/")] == ["raw/contoso/body"]
    await account.aclose()


async def test_of_ten_who_keep_one_name_at_once_one_is_kept(store: Store) -> None:
    await asyncio.gather(*(store.keep("contoso/race", b"%d" % n * 500) for n in range(10)))
    kept = await store.fetch("contoso/race")
    assert kept in {b"%d" % n * 500 for n in range(10)}
    assert await store.fetch("contoso/race") == kept


@pytest.mark.parametrize(
    "name",
    ["", "/a", "a/", "a//b", "..", "a/../b", "a/./b", "a/b.", "a b", "a?b", "a#b", "a%2e%2e", "ü"],
)
async def test_a_name_that_would_not_stay_where_it_is_put_is_refused(
    store: Store, name: str
) -> None:
    with pytest.raises(Defect, match="name of a blob"):
        await store.keep(name, b"")
    with pytest.raises(Defect, match="name of a blob"):
        await store.fetch(name)
    with pytest.raises(Defect, match="name of a blob"):
        await store.erase(name)


async def test_every_letter_a_blob_name_may_have_comes_back(store: Store) -> None:
    name = "contoso/azAZ09_.@:+=~|-/..x"
    await store.keep(name, b"1")
    assert await store.fetch(name) == b"1"
    assert await store.fetch("contoso/x") is None
