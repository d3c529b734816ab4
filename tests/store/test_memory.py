from __future__ import annotations

import asyncio

import pytest

from shared.errors import Defect
from shared.model import TenantId
from shared.store.memory import MemoryStore
from shared.store.verbs import Exists, Put, partition

HOME = partition(TenantId("contoso"), "case")


async def test_everything_that_is_remembered_can_be_looked_at() -> None:
    store = MemoryStore()
    await store.write(Put(HOME, "b", {"n": 2}), Put(HOME, "a", {"n": 1}))
    await store.keep("contoso/raw", b"alert")
    assert [(row.key, row.body) for row in store.rows()] == [("a", {"n": 1}), ("b", {"n": 2})]
    assert store.blobs() == {"contoso/raw": b"alert"}


async def test_a_check_before_an_insert_is_a_race_in_memory_too() -> None:
    store = MemoryStore()

    async def insert_if_missing() -> str:
        if await store.read(HOME, "claim") is not None:
            return "seen"
        try:
            await store.write(Put(HOME, "claim", {}))
        except Exists:
            return "late"
        return "won"

    outcomes = await asyncio.gather(insert_if_missing(), insert_if_missing())
    assert sorted(outcomes) == ["late", "won"]


@pytest.mark.parametrize("part", ["", "a|b", "a/b", "a\n", "x" * 257])
def test_a_part_that_could_reach_into_another_tenant_names_no_partition(part: str) -> None:
    with pytest.raises(Defect, match="storage key"):
        partition(TenantId("contoso"), part)
    with pytest.raises(Defect, match="storage key"):
        partition(TenantId(part), "case")
