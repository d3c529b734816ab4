"""Host an Azure Functions app on this machine: HTTP, queue and timer triggers, and streams.

It stands in for the .NET shell only. The functions are indexed, loaded and run by Microsoft's own
Python worker library (`lab.host_runtime`); around it stand the real host's rules for routes and
keys, polling, poison and schedules. `func start` runs the same app.

    python -m lab.host --app DIR --port PORT
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from lab.errors import BadApp
from lab.host_config import HostConfig, read_config
from lab.host_http import HttpFront
from lab.host_queues import INVISIBLE, QueueListener
from lab.host_routes import Routes
from lab.host_runtime import Answer, Function, Runtime
from lab.host_storage import Queues
from lab.host_streams import StreamListener
from lab.host_timers import TimerListener
from lab.ports import listen
from lab.serving import GRACE, Served

_LOG = logging.getLogger("lab.host")
_KINDS = {"httpTrigger", "queueTrigger", "timerTrigger", "eventHubTrigger"}

type Listener = QueueListener | TimerListener | StreamListener


class Host:
    """One app, hosted in this process, as an async context manager.

    `settings` are the app settings; the functions themselves read theirs from the environment.
    Entering loads the app and opens the port: an app that cannot run raises `BadApp`. Leaving
    starts nothing new, lets what runs finish for `grace` seconds, and closes.
    """

    def __init__(
        self,
        app: Path,
        settings: Mapping[str, str],
        *,
        port: int = 0,
        invisible: timedelta = INVISIBLE,
        grace: float = GRACE,
    ) -> None:
        self.port = port
        self.functions: tuple[Function, ...] = ()
        self.stop = asyncio.Event()
        """Set by whoever wants it to end, and by itself when one of its own parts breaks."""
        self.clean = True
        """Whether nothing broke and nothing had to be cut off."""
        self._app = app.resolve()
        self._settings = settings
        self._invisible = invisible
        self._grace = grace
        self._cleanup = AsyncExitStack()
        self._listeners: dict[str, Listener] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            config = read_config(self._app, self._settings)
            sock = stack.enter_context(listen(self.port))
            await self._load(config, stack)
            front = HttpFront(
                Routes(self._of("httpTrigger"), config.route_prefix),
                settings=self._settings,
                call=self._answer,
                start=self._by_hand,
            )
            self._listen(config)
            stack.push_async_callback(self._drain)
            served = await stack.enter_async_context(Served(front, sock, grace=self._grace))
            self.port = served.port
            # Leaving goes backwards: no new work, then the requests, then the messages.
            stack.callback(self._stop_listeners)
            self._cleanup = stack.pop_all()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._cleanup.aclose()

    async def _load(self, config: HostConfig, stack: AsyncExitStack) -> None:
        patience = config.function_timeout.total_seconds()
        self._runtime = await Runtime.load(self._app, patience=patience)
        stack.callback(self._close_runtime)
        self.functions = tuple(each for each in self._runtime.functions if self._enabled(each))
        self._queues = Queues(self._settings, encoded=config.queues.base64)
        stack.push_async_callback(self._queues.close)
        for function in self.functions:
            if function.kind not in _KINDS:
                raise BadApp(f"{function.name}: this host does not run a {function.kind}")
            self._queues.check(function)

    def _close_runtime(self) -> None:
        # A synchronous function that was cut off holds its thread: waiting for it would hang.
        if self.clean and not self._runtime.stuck:
            self._runtime.close()

    def _enabled(self, function: Function) -> bool:
        setting = self._settings.get(f"AzureWebJobs.{function.name}.Disabled", "")
        return setting.lower() not in {"1", "true"}

    def _of(self, kind: str) -> list[Function]:
        return [function for function in self.functions if function.kind == kind]

    def _listen(self, config: HostConfig) -> None:
        for function in self._of("queueTrigger"):
            self._listeners[function.name] = QueueListener(
                function,
                runtime=self._runtime,
                queues=self._queues,
                rules=config.queues,
                invisible=self._invisible,
            )
        for function in self._of("timerTrigger"):
            self._listeners[function.name] = TimerListener(
                function,
                runtime=self._runtime,
                settings=self._settings,
                deliver=self._queues.deliver,
            )
        for function in self._of("eventHubTrigger"):
            self._listeners[function.name] = StreamListener(
                function, runtime=self._runtime, settings=self._settings
            )
        for listener in self._listeners.values():
            self._run(listener.run())

    def _run(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _LOG.critical("the host itself broke", exc_info=error)
            self.clean = False
            self.stop.set()

    async def _answer(self, function: Function, request: object) -> Answer:
        try:
            answer = await self._runtime.call(function, request)
            await self._queues.deliver(function, answer)
        except asyncio.CancelledError:
            self.clean = False  # the server's patience is over
            raise
        return answer

    def _by_hand(self, name: str, text: str) -> bool:
        """Run a queue, timer or stream function now, as POST /admin/functions/NAME asks."""
        listener = self._listeners.get(name)
        if listener is not None:
            self._run(listener.run_once(text, str(uuid4())))
        return listener is not None

    def _stop_listeners(self) -> None:
        for listener in self._listeners.values():
            listener.stop()

    async def _drain(self) -> None:
        """Wait for what still runs, within the grace; the rest is cut off and comes back later."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._grace)
        if self._tasks:
            _LOG.error("not everything finished within %g s; it was cut off", self._grace)
            self.clean = False
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks, timeout=1)


if __name__ == "__main__":
    from lab.host_command import main

    sys.exit(main())
