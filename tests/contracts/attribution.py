"""Which part of the app made each call that the simulated tenant saw.

A hook of the tenant runs inside the caller's chain of awaits, so the frames below it are the app's.
Where a task was begun in between, its beginner's frames are remembered by the loop's task factory.
"""

from __future__ import annotations

import asyncio
import sys
from collections import defaultdict
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from lab.tenant import SimulatedTenant
from lab.tenant.catalogue import cmdlets, operations
from lab.tenant.serve_activity import FEED_READ
from lab.tenant.serve_exchange import MODULE
from shared.clients.exchange import MANAGE_AS_APP
from shared.clients.sentinel import ROLE
from shared.sweeps.sweep import Sweep

_PARTS = ("shared.tasks.", "shared.sweeps.", "shared.doctor.checks.", "responders.")
_BEGUN: ContextVar[tuple[str, ...]] = ContextVar("begun", default=())


@dataclass
class Attributed:
    """Any one of which rights was enough, call by call and part by part."""

    permissions: dict[str, list[frozenset[str]]] = field(default_factory=lambda: defaultdict(list))
    exchange_roles: dict[str, list[frozenset[str]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    azure_roles: dict[str, list[frozenset[str]]] = field(default_factory=lambda: defaultdict(list))

    def watch(self, lab: SimulatedTenant) -> None:
        """Write down who calls from now on, on the loop that runs."""
        asyncio.get_running_loop().set_task_factory(_factory)
        enough = {op.name: op.any_of for op in operations()}
        roles = {cmdlet.name: cmdlet.role for cmdlet in cmdlets()}

        def saw(call: Any) -> None:
            name = f"{call.method} {call.path}"
            for part in _nearest():
                if call.path in roles:
                    self.permissions[part].append(frozenset({MANAGE_AS_APP}))
                    self.exchange_roles[part].append(frozenset({roles[call.path]}))
                elif call.path == MODULE:
                    self.permissions[part].append(frozenset({MANAGE_AS_APP}))
                elif name in enough:
                    self.permissions[part].append(enough[name])
                elif call.path.startswith("/incidents/"):
                    self.azure_roles[part].append(frozenset({ROLE}))
                else:
                    self.permissions[part].append(frozenset({FEED_READ}))

        lab.before_call.append(saw)


@contextmanager
def acting_as(part: str) -> Iterator[None]:
    """Count calls as a part's whose frames are not on the way: it only hands them out."""
    token = _BEGUN.set((part, *_BEGUN.get()))
    try:
        yield
    finally:
        _BEGUN.reset(token)


def _factory(loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, Any], **how: Any) -> Any:
    begun = (*_frames(), *_BEGUN.get())

    async def remembering() -> Any:
        _BEGUN.set(begun)
        return await coro

    return asyncio.Task(remembering(), loop=loop, **how)


def _nearest() -> Iterator[str]:
    """Name the modules on the way to here, up to the first that declares what it needs."""
    for name in dict.fromkeys((*_frames(), *_BEGUN.get())):
        yield name
        if hasattr(sys.modules[name], "NEEDS"):
            return


def _frames() -> Iterator[str]:
    frame = sys._getframe(1)
    while frame is not None:
        who = frame.f_locals.get("self")
        name = type(who).__module__ if isinstance(who, Sweep) else frame.f_globals["__name__"]
        if name.startswith(_PARTS):
            yield name
        frame = frame.f_back  # type: ignore[assignment]
