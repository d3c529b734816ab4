"""A gate before a service on loopback: open, what comes in goes through; shut, nobody is there."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from typing import Self

from lab.ports import LOOPBACK

_PORT = re.compile(rf"(?<={re.escape(LOOPBACK)}:)\d+")
_PIECE = 65_536


class Gate:
    """Stands before every port that a connection string names, as an async context manager."""

    def __init__(self) -> None:
        self.open = True
        self._servers: list[asyncio.Server] = []
        self._before: dict[str, str] = {}
        self._through: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        """Nothing is listened on before it is known what lies behind."""
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.shut()
        for server in self._servers:
            server.close()

    async def before(self, connection: str) -> str:
        """Stand before the ports of a connection string; gives the one that leads through here."""
        for port in dict.fromkeys(_PORT.findall(connection)):
            if port not in self._before:
                await self._stand_before(port)
        return _PORT.sub(lambda found: self._before[found[0]], connection)

    def shut(self) -> None:
        """Cut off whoever is inside, and let nobody in any more."""
        self.open = False
        for writer in list(self._through):
            writer.transport.abort()

    async def _stand_before(self, port: str) -> None:
        async def let_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._let_in(reader, writer, int(port))

        server = await asyncio.start_server(let_in, LOOPBACK, 0)
        self._servers.append(server)
        self._before[port] = str(server.sockets[0].getsockname()[1])

    async def _let_in(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int
    ) -> None:
        if not self.open:
            writer.transport.abort()
            return
        with suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection(LOOPBACK, port)
            both = {writer, far_writer}
            self._through |= both
            try:
                await asyncio.gather(_pass(reader, far_writer), _pass(far_reader, writer))
            finally:
                self._through -= both
                for one in both:
                    one.transport.abort()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(_PIECE):
            writer.write(piece)
            await writer.drain()
    writer.close()
