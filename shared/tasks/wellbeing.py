"""What can be found out about the app's own state, each part bounded in time and in rows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Final

from shared.alerts.source import Source
from shared.clients.tenant import Tenant
from shared.errors import FirebreakError, Gone
from shared.model import ObjectId, TenantId
from shared.pages.health_view import ProtectedLine, SourceLine
from shared.policy.document import Protected
from shared.store.verbs import Store
from shared.tasks import keys

_PATIENCE_S: Final = 5.0
"""Seconds that one look-up in the directory may take before the page is shown without it."""
_AT_ONCE: Final = 8
_TODOS: Final = 1000
_NOBODY: Final = "Nobody: it protects nothing. Write the object id from Entra, or take it out"


async def protected(policy: Protected, tenant: Callable[[], Tenant]) -> tuple[ProtectedLine, ...]:
    """Look up everybody the policy protects; a name that finds nobody is a guard that is absent."""
    if not policy.accounts and not policy.groups:
        return ()
    directory, groups = tenant().directory, tenant().groups
    room = asyncio.Semaphore(_AT_ONCE)

    async def account(name: str) -> str:
        found = await directory.account(name)
        return found.display_name or found.upn

    async def group(name: str) -> str:
        members = len(await groups.members(ObjectId(name)))
        return f"a group with {members} {'member' if members == 1 else 'members'}"

    async def line(name: str, look: Callable[[str], Awaitable[str]]) -> ProtectedLine:
        async with room:
            return await _looked(name, look)

    lines = [line(name, account) for name in sorted(policy.accounts)]
    lines += [line(name, group) for name in sorted(policy.groups)]
    return tuple(await asyncio.gather(*lines))


async def _looked(name: str, look: Callable[[str], Awaitable[str]]) -> ProtectedLine:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return ProtectedLine(written=name, found=await look(name))
    except Gone:
        return ProtectedLine(written=name, found="", problem=_NOBODY)
    except TimeoutError:
        said = "Not known: the directory did not answer in time; look again"
        return ProtectedLine(written=name, found="", problem=said)
    except FirebreakError as error:
        return ProtectedLine(written=name, found="", problem=f"Not known: {error}")


async def heard(
    sources: Iterable[Source], store: Store, tenant: TenantId
) -> tuple[SourceLine, ...]:
    """Say when each source was heard last, to the minute."""

    async def line(source: Source) -> SourceLine:
        row = await store.read(keys.inbox(tenant), keys.heard_row(source.name))
        return SourceLine(
            name=source.name,
            carrier=source.speaks,
            enabled=source.enabled,
            last=datetime.fromisoformat(row.body["at"]) if row else None,
        )

    return tuple(await asyncio.gather(*(line(source) for source in sources)))


async def untriaged(store: Store, tenant: TenantId) -> tuple[int, datetime | None]:
    """Count the alerts that triage has not answered, and say since when the oldest waits.

    The platform tells a function nothing of its queue's age; these rows are what the queue is for.
    """
    at = keys.inbox(tenant)
    rows = store.scan(at, prefix=keys.TODO, most=_TODOS)
    since = [datetime.fromisoformat(row.body["due"]) async for row in rows]
    return len(since), min(since, default=None)
