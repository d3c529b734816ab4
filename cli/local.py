"""The local stack with compromises in it: what `demo` and `up` start."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from cli.exits import CommandError
from cli.permissions import needed
from lab.clock import Clock
from lab.errors import LabError
from lab.ports import ANY, Wish
from lab.scenarios import Scenario, Story
from lab.stack import ROOT, Stack, StackSettings
from lab.tenant import SimulatedTenant, TenantSettings
from lab.workbench import SECRET, app_settings

_SWITCHED_ON: Final = ("o365_content", "score_decisions")
"""What the sources of the stack, and `firebreak sweep control`, need beside the policy."""
_SETTINGS: Final = TenantSettings(
    cae_lag=2.0, session_lag=1.0, protocol_lag=1.0, audit_search=0.0, purge_delay=1.0
)
"""Lags of a second or two, searches that end at once; Microsoft's own take minutes."""


@dataclass(frozen=True, slots=True)
class Local:
    """A running stack, its tenant and the stories that are playing in it."""

    stack: Stack
    tenant: SimulatedTenant
    scenarios: tuple[Scenario, ...]


@asynccontextmanager
async def running(
    stories: Iterable[Story],
    *,
    say: Callable[[str], None],
    port: Wish = ANY,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> AsyncIterator[Local]:
    """Start the stack with an intruder at work in every story; stop all of it afterwards.

    `environment` is set for the app beside what every local stack sets.
    """
    ours = needed(ROOT / "policy.toml", _SWITCHED_ON)
    tenant = SimulatedTenant(
        clock=Clock(),
        seed=7,
        granted=frozenset(ours.permissions),
        exchange_roles=frozenset(ours.exchange_roles),
        settings=_SETTINGS,
    )
    scenarios = tuple(story(tenant) for story in stories)
    settings = StackSettings(
        tenant_id=tenant.tenant_id,
        host=port,
        environment={**app_settings(tenant.own_object_id), **environment},
    )
    try:
        async with Stack(tenant, settings, say=say) as stack:
            intruders = [asyncio.create_task(s.intruder.run()) for s in scenarios]
            try:
                yield Local(stack, tenant, scenarios)
            finally:
                for task in intruders:
                    task.cancel()
                    with suppress(asyncio.CancelledError):
                        await task
    except LabError as error:
        raise CommandError(str(error)) from error


def secret() -> str:
    """Tell the secret that signs alerts on the local stack."""
    return SECRET
