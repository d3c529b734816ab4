"""What waits in a store by its cases and their tasks, and what the approvals page is told of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.model import CaseId, Json, Task, TaskState, TenantId
from shared.store.memory import MemoryStore
from shared.store.verbs import Put
from shared.tasks import keys
from shared.tasks.awaited import Awaited, Compared, Wanted, awaited
from shared.tasks.lines import beside

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
CONTOSO = TenantId("contoso")


def line(number: int, **says: Any) -> tuple[str, Json]:
    """A case's line of the list; of two that wait the later one is given up first."""
    case = f"{number:016x}"
    expires = NOON + timedelta(days=9) - timedelta(minutes=number)
    body = {"id": case, "status": "waiting", "waiting": 2, "expires_at": expires.isoformat()}
    return f"{keys.opened_before(NOON + timedelta(seconds=number))}:{case}", {**body, **says}


async def listed(
    store: MemoryStore, count: int, *, tenant: TenantId = CONTOSO, rows: bool = True, **says: Any
) -> list[str]:
    """List so many cases that wait, with the rows beside them or as the version before did."""
    home, found = keys.cases(tenant), list[str]()
    for number in range(count):
        key, body = line(number, **says)
        kept = beside(key, body)
        if not rows:
            kept = {key: row for key, row in kept.items() if key.startswith(keys.OPEN)}
        await store.write(
            Put(home, key, body), *(Put(home, place, row) for place, row in kept.items())
        )
        found.append(body["id"])
    return found


async def relied_on(store: MemoryStore) -> None:
    """Let pages rely on the rows beside the lines, as the timer does after its first round."""
    home = keys.schema(CONTOSO)
    await store.write(Put(home, keys.AWAITED_BY, Compared(once=True).model_dump()))


async def walked(store: MemoryStore, tenant: TenantId = CONTOSO) -> list[Awaited]:
    """Go through all pages."""
    pages = [await awaited(store, tenant, Wanted())]
    while pages[-1].after:
        pages.append(await awaited(store, tenant, Wanted(after=pages[-1].after)))
    return pages


async def shown(store: MemoryStore, tenant: TenantId = CONTOSO) -> list[str]:
    """Name the cases of all pages, in their order."""
    return [case for page in await walked(store, tenant) for case in page.cases]


def waiting(store: MemoryStore) -> dict[CaseId, list[Task]]:
    """Tell what waits by the tasks alone."""
    found = dict[CaseId, list[Task]]()
    for row in store.rows():
        if row.key.startswith(keys.TASK):
            task = Task.model_validate(row.body)
            if task.state is TaskState.WAITING:
                found.setdefault(task.case, []).append(task)
    return found


def rows(store: MemoryStore) -> dict[str, int]:
    """Tell how many changes wait, by case, as the rows of what waits have it."""
    found = [row.body for row in store.rows() if row.key.startswith(keys.AWAITED)]
    assert len(found) == len({row["id"] for row in found}), "a case stands there twice"
    return {row["id"]: row["waiting"] for row in found}


def on_their_way(store: MemoryStore) -> set[str]:
    """Name the cases to which a wake-up leads, after which they are listed anew."""
    home = "|cases"
    found = [r.key for r in store.rows() if r.partition.endswith(home)]
    return {key.removeprefix(keys.TODO) for key in found if key.startswith(keys.TODO)}
