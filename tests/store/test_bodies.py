from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.errors import Defect
from shared.model import Json, TenantId
from shared.store.rules import MAX_WRITE
from shared.store.verbs import Partition, Put, Store, partition

CONTOSO = TenantId("contoso")
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
)
TEXT = st.text(st.characters(exclude_categories=()), max_size=40)
JSON: st.SearchStrategy[Any] = st.recursive(
    LEAVES | TEXT, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=12
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=st.dictionaries(TEXT, JSON, max_size=6))
async def test_any_json_comes_back_as_it_was(store: Store, body: Json) -> None:
    home = partition(CONTOSO, "json", uuid4().hex)
    await store.write(Put(home, "row", body))
    row = await store.read(home, "row")
    assert row is not None
    assert row.body == body


@pytest.mark.parametrize("letter", ["x", "ü", "\U0001f525", '"', "\\", "\x00", "\ud800"])
@pytest.mark.parametrize("size", [32_760, 32_761, 40_000])
async def test_a_large_body_comes_back_whole(
    store: Store, home: Partition, letter: str, size: int
) -> None:
    body = {"a": letter * size}
    await store.write(Put(home, "one", body))
    await store.write(Put(home, "two", body), Put(home, "three", {}))
    for key in ("one", "two"):
        row = await store.read(home, key)
        assert row is not None
        assert row.body == body


@pytest.mark.parametrize("letter", ["x", '"'])
async def test_the_largest_body_fits_and_one_more_letter_does_not(
    store: Store, home: Partition, letter: str
) -> None:
    room = (MAX_WRITE - len('{"a":""}')) // len(letter.replace('"', '\\"'))
    await store.write(Put(home, "full", {"a": letter * room}))
    row = await store.read(home, "full")
    assert row is not None
    assert row.body == {"a": letter * room}
    with pytest.raises(Defect, match=r"row over of contoso.*keep a part of it as a blob"):
        await store.write(Put(home, "over", {"a": letter * (room + 1)}))


async def test_a_write_that_is_too_large_in_all_is_refused_whole(
    store: Store, home: Partition
) -> None:
    quotes = {"a": '"' * 60_000}
    await store.write(*(Put(home, f"fits{n}", quotes) for n in range(4)))
    with pytest.raises(Defect, match="at once"):
        await store.write(*(Put(home, f"over{n}", quotes) for n in range(5)))
    assert [row async for row in store.scan(home, prefix="over")] == []


@pytest.mark.parametrize("body", [{"at": object()}, {"n": float("nan")}, {"n": float("inf")}])
async def test_a_body_that_is_not_json_is_refused(
    store: Store, home: Partition, body: Json
) -> None:
    with pytest.raises(Defect, match="is not JSON"):
        await store.write(Put(home, "row", body))
