"""Change one row under its version, again and again until nobody was faster."""

from __future__ import annotations

from collections.abc import Callable

from shared.errors import Conflict
from shared.model import Json, Value
from shared.store.verbs import Partition, Put, Store


async def revise(
    store: Store, at: Partition, key: str, revised: Callable[[Json | None], Value | None]
) -> None:
    """Read a row, work out what it becomes and write it; `None` from `revised` leaves it.

    `revised` is asked again where somebody wrote in between, so it may have no other effect than
    what its last run leaves.
    """
    while True:
        row = await store.read(at, key)
        after = revised(row.body if row else None)
        if after is None:
            return
        put = Put(at, key, after.model_dump(mode="json"), row.etag if row else None)
        try:
            await store.write(put)
        except Conflict:
            continue
        return
