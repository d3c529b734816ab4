from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from shared.model import TenantId
from shared.store.account import Account, StorageConnection
from shared.store.azure import AzureStore
from shared.store.memory import MemoryStore
from shared.store.verbs import Partition, Store, partition


@pytest.fixture
async def account(azurite: str) -> AsyncIterator[Account]:
    account = Account(StorageConnection(connection_string=azurite))
    yield account
    await account.aclose()


@pytest.fixture(params=["memory", pytest.param("azurite", marks=pytest.mark.azurite)])
def where(request: pytest.FixtureRequest) -> str:
    """Name the kind of store: `memory`, or the connection string of a real one."""
    if request.param == "memory":
        return "memory"
    return str(request.getfixturevalue("azurite"))


@pytest.fixture
async def store(where: str) -> AsyncIterator[Store]:
    """Open a store with nothing in it, whose pages hold seven rows."""
    if where == "memory":
        yield MemoryStore()
        return
    account = Account(StorageConnection(connection_string=where))
    name = f"store{uuid4().hex}"
    yield AzureStore(account, table=name, container=name, page_size=7)
    await account.aclose()


@pytest.fixture
def home() -> Partition:
    return partition(TenantId("contoso"), "case", uuid4().hex)
