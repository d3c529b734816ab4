from __future__ import annotations

from uuid import uuid4

import pytest

from shared.errors import Defect
from shared.model import TenantId
from shared.store.verbs import Drop, Partition, Put, Store, partition

CONTOSO = TenantId("contoso")
KEYS = ["0", "1", "a", "a|b", "a|b|c", "ab", "a~", "b", "Z", "2026-11-23T22:54:53.798Z", "user@x.y"]


async def keys(store: Store, home: Partition, prefix: str = "") -> list[str]:
    return [row.key async for row in store.scan(home, prefix=prefix)]


async def test_a_scan_over_many_pages_misses_nothing(store: Store, home: Partition) -> None:
    await store.write(*(Put(home, f"journal|{n:04}", {"n": n}) for n in range(60)))
    await store.write(Put(home, "case", {}), Put(home, "journal", {}), Put(home, "kase", {}))
    rows = [row async for row in store.scan(home, prefix="journal|")]
    assert [row.body["n"] for row in rows] == list(range(60))
    assert len(await keys(store, home)) == 63


@pytest.mark.parametrize("prefix", ["", "a", "a|", "a|b", "a~", "~", "Z", "2026-", "user@", "c"])
async def test_a_scan_finds_by_prefix_in_the_order_of_keys(
    store: Store, home: Partition, prefix: str
) -> None:
    await store.write(*(Put(home, key, {}) for key in KEYS))
    await store.write(Put(partition(CONTOSO, "neighbour", uuid4().hex), "a", {}))
    assert await keys(store, home, prefix) == sorted(k for k in KEYS if k.startswith(prefix))


@pytest.mark.parametrize("prefix", ["", "a", "a|"])
@pytest.mark.parametrize("behind", ["", "0", "a", "a|b", "b", "zz"])
@pytest.mark.parametrize("most", [None, 0, 1, 3, 50])
async def test_a_scan_goes_on_behind_a_key_and_stops_when_it_has_enough(
    store: Store, home: Partition, prefix: str, behind: str, most: int | None
) -> None:
    await store.write(*(Put(home, key, {}) for key in KEYS))
    found = [row.key async for row in store.scan(home, prefix=prefix, after=behind, most=most)]
    wanted = [key for key in sorted(KEYS) if key.startswith(prefix) and key > behind]
    assert found == wanted[:most]


@pytest.mark.parametrize(
    "key", ["", "a/b", "a\\b", "a#b", "a?b", "a b", "a%2Fb", "a'b", "a\nb", "a\n", "ü", "x" * 513]
)
async def test_a_key_the_table_would_not_take_is_refused(
    store: Store, home: Partition, key: str
) -> None:
    for act in (
        store.read(home, key),
        store.read(Partition(key), "a"),
        store.write(Put(home, key, {})),
        store.write(Drop(home, key)),
    ):
        with pytest.raises(Defect, match="storage key"):
            await act
    with pytest.raises(Defect, match="storage key"):
        await keys(store, Partition(key))


async def test_every_letter_a_key_may_have_comes_back(store: Store) -> None:
    letters = "azAZ09_.@:+=~|-"
    home = partition(CONTOSO, letters.replace("|", ""), uuid4().hex)
    (etag,) = await store.write(Put(home, letters, {"n": 1}))
    await store.write(Put(home, letters, {"n": 2}, etag), Put(home, "b" + letters, {}))
    row = await store.read(home, letters)
    assert row is not None
    assert row.body == {"n": 2}
    assert await keys(store, home) == [letters, "b" + letters]
    await store.write(Drop(home, letters))
    assert await keys(store, home, "b" + letters) == ["b" + letters]
