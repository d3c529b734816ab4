"""The whole local stack: storage emulator, simulated tenant and Functions host, as one thing."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

from lab.azurite import ANYWHERE, SAVES_EVERY, Azurite, AzuriteWishes
from lab.errors import DidNotStart, LabError
from lab.host_http import FUNCTION_KEY, MASTER_KEY
from lab.ports import ANY, LOOPBACK, Say, Wish, listen, settle, silent
from lab.processes import Child
from lab.serving import GRACE, Served

ROOT = Path(__file__).parents[1]
START_PATIENCE = 60.0
"""Seconds until the host has to be ready."""

# What would let a developer's own account, or somebody else's storage, into the lab.
_KEPT_OUT = ("AZURE", "Azure", "FIREBREAK_", "IDENTITY_", "MSI_", "APPLICATIONINSIGHTS_")


class Tenant(Protocol):
    """The simulated tenant, as far as the stack knows it."""

    @property
    def app(self) -> Any:
        """The ASGI app: Graph, Exchange and the token endpoint."""
        ...


@dataclass(frozen=True, kw_only=True)
class StackSettings:
    """What a caller may choose; the defaults are right for a demo and for tests."""

    tenant_id: str
    app: Path = ROOT
    environment: Mapping[str, str] = field(default_factory=dict)
    """App settings for the host, on top of the stack's own, which they override."""
    host: Wish = ANY
    tenant: Wish = ANY
    azurite: AzuriteWishes = ANYWHERE
    accesses: bool = False
    """Whether the storage emulator writes a line for each request."""
    saves_every: float = SAVES_EVERY
    """Seconds between two times at which the storage emulator writes everything to disk."""
    invisible: float = 600.0
    """Seconds a message being worked on stays away: how long a crash delays it."""


class Stack:
    """Everything started and stopped together, as an async context manager.

    Leaving stops the host, the tenant and the emulator, in that order, and removes the temporary
    folder; so does a start that fails or is interrupted. While it is entered, SIGTERM and SIGHUP
    cancel the task that entered it, so that a closed terminal ends it in order as well.
    """

    def __init__(self, tenant: Tenant, settings: StackSettings, *, say: Say = silent) -> None:
        self._tenant = tenant
        self._settings = settings
        self._say = say
        self._cleanup = AsyncExitStack()
        self._host: Child | None = None
        self.identity_header = secrets.token_urlsafe()
        """What the token endpoint may ask for, as in Azure."""
        self.function_key = secrets.token_urlsafe()
        """Opens functions with authLevel function."""
        self.master_key = secrets.token_urlsafe()
        """Opens everything, also POST /admin/functions/NAME."""

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            self._folder = Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="firebreak-"))
            )
            stack.enter_context(_ended_in_order())
            self._port, tenant = settle(self._settings.host, self._settings.tenant, say=self._say)
            served = Served(self._tenant.app, stack.enter_context(listen(tenant)))
            self._azurite = await stack.enter_async_context(self._emulator())
            self._tenant_url = (await stack.enter_async_context(served)).url
            stack.push_async_callback(self.stop_host)
            await self.start_host()
            self._cleanup = stack.pop_all()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._cleanup.aclose()

    @property
    def url(self) -> str:
        """Where the host answers, without a slash at the end."""
        return f"http://{LOOPBACK}:{self._port}"

    @property
    def tenant_url(self) -> str:
        """Where the simulated tenant answers."""
        return self._tenant_url

    @property
    def connection_string(self) -> str:
        """What storage clients connect with."""
        return self._azurite.connection_string

    @property
    def host_log(self) -> Path:
        """What the host and the functions wrote, over all restarts; gone with the stack."""
        return self._folder / "host.log"

    @property
    def storage_log(self) -> Path:
        """What the storage emulator wrote; gone with the stack."""
        return self._azurite.log

    @property
    def host_pid(self) -> int | None:
        """The host's process id, or `None` while none runs."""
        if self._host is None or self._host.exit_code is not None:
            return None
        return self._host.pid

    def environment(self) -> dict[str, str]:
        """Build the environment the host runs in: ours without what is somebody else's."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(_KEPT_OUT)}
        return {
            **kept,
            "AzureWebJobsStorage": self.connection_string,
            "IDENTITY_ENDPOINT": f"{self.tenant_url}/msi/token",
            "IDENTITY_HEADER": self.identity_header,
            "FIREBREAK_TENANT_ID": self._settings.tenant_id,
            "FIREBREAK_GRAPH_URL": self.tenant_url,
            "FIREBREAK_EXCHANGE_URL": self.tenant_url,
            "FIREBREAK_ARM_URL": self.tenant_url,
            "FIREBREAK_ACTIVITY_URL": self.tenant_url,
            "FIREBREAK_PUBLIC_URL": self.url,
            FUNCTION_KEY: self.function_key,
            MASTER_KEY: self.master_key,
            **self._settings.environment,
        }

    async def start_host(self) -> None:
        """Start the host and wait until it answers. Raises `DidNotStart` with its log's tail."""
        if self.host_pid is not None:
            raise LabError("the host runs already")
        ready = self._folder / "ready.json"
        ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", "lab.host", "--leashed"]
        command += ["--app", str(self._settings.app), "--port", str(self._port)]
        command += ["--ready-file", str(ready), "--invisible-for", str(self._settings.invisible)]
        self._host = Child(command, log=self.host_log, cwd=ROOT, env=self.environment())
        deadline = time.monotonic() + START_PATIENCE
        while not ready.exists():
            if self._host.exit_code is not None or time.monotonic() > deadline:
                self._host.kill()
                raise DidNotStart(f"the Functions host did not start:\n{self._host.tail(40)}")
            await asyncio.sleep(0.01)

    async def stop_host(self) -> None:
        """Let running functions finish and end the host."""
        if self._host is not None:
            await self._host.stop(patience=GRACE + 5)

    async def restart_host(self) -> None:
        """Stop the host in order and start it again on the same port."""
        await self.stop_host()
        await self.start_host()

    def kill_host(self) -> None:
        """Kill the host in the middle of whatever it does, as a crash would."""
        if self._host is not None:
            self._host.kill()

    def _emulator(self) -> Azurite:
        return Azurite(
            folder=self._folder / "azurite",
            wishes=self._settings.azurite,
            say=self._say,
            accesses=self._settings.accesses,
            saves_every=self._settings.saves_every,
        )


@contextmanager
def _ended_in_order() -> Iterator[None]:
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGTERM, signal.SIGHUP)
    if task is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    for number in numbers:
        loop.add_signal_handler(number, task.cancel)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
