"""Serve an ASGI app on loopback inside the running event loop."""

from __future__ import annotations

import asyncio
import contextlib
import math
import socket
from collections.abc import Iterator
from typing import Any, Self

import uvicorn

from lab.ports import LOOPBACK, port_of

GRACE = 30.0
"""Seconds that requests under way get to finish."""


class _Server(uvicorn.Server):
    """A server that leaves the signals to whoever runs the loop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Served:
    """An ASGI app behind an open listening socket, as an async context manager.

    Leaving it closes the socket, lets requests under way finish, and ends.
    """

    def __init__(self, app: Any, sock: socket.socket, *, grace: float = GRACE) -> None:
        self.port = port_of(sock)
        self._socket = sock
        self._server = _Server(
            uvicorn.Config(
                app,
                lifespan="off",
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=75,
                timeout_graceful_shutdown=math.ceil(grace),
            )
        )

    @property
    def url(self) -> str:
        """Where it answers, without a slash at the end."""
        return f"http://{LOOPBACK}:{self.port}"

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started:
            if self._task.done():
                await self._task
            await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._server.should_exit = True
        await self._task
