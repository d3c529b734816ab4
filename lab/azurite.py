"""Run Azurite, Microsoft's storage emulator, on disk and on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple, Self

from lab.azurite_install import CACHE, Node, install
from lab.errors import DidNotStart
from lab.ports import ANY, LOOPBACK, Say, Wish, settle, silent
from lab.processes import Child

ACCOUNT = "devstoreaccount1"
# The emulator's published account key, the same on every machine in the world.
# Source: https://learn.microsoft.com/azure/storage/common/storage-connect-azurite
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

START_PATIENCE = 60.0
STOP_PATIENCE = 15.0
"""Seconds. Stopped in order it writes everything down; killed, it loses what came since it did."""

PRELOAD = Path(__file__).with_name("azurite_preload.mjs")
SAVES_EVERY = 5.0
"""Seconds between two times at which it writes everything down; it answers nobody meanwhile."""


class AzuriteWishes(NamedTuple):
    """The ports somebody would like the three services on."""

    blob: Wish = ANY
    queue: Wish = ANY
    table: Wish = ANY


ANYWHERE = AzuriteWishes()


class AzuritePorts(NamedTuple):
    """The ports the three services are on."""

    blob: int
    queue: int
    table: int


class Azurite:
    """The emulator as an async context manager; `connection_string` is good while it is entered.

    Always on disk: its memory mode leaves single requests without an answer for half a minute.
    Without a folder the data lives in a temporary one, which is gone afterwards. With `accesses`
    every request is a line of its log.
    """

    ports: AzuritePorts
    folder: Path

    def __init__(
        self,
        *,
        folder: Path | None = None,
        wishes: AzuriteWishes = ANYWHERE,
        cache: Path = CACHE,
        say: Say = silent,
        accesses: bool = False,
        saves_every: float = SAVES_EVERY,
    ) -> None:
        self._saves_every = saves_every
        self._accesses = accesses
        self._asked_folder = folder
        self._wishes = wishes
        self._cache = cache
        self._say = say
        self._cleanup = AsyncExitStack()

    @property
    def connection_string(self) -> str:
        """What storage clients connect with."""
        services = {"Blob": self.ports.blob, "Queue": self.ports.queue, "Table": self.ports.table}
        endpoints = "".join(
            f"{name}Endpoint=http://{LOOPBACK}:{port}/{ACCOUNT};" for name, port in services.items()
        )
        return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};{endpoints}"

    @property
    def log(self) -> Path:
        """What it wrote, while it is entered."""
        return self.folder / "azurite.log"

    async def __aenter__(self) -> Self:
        script = await install(cache=self._cache, say=self._say)
        async with AsyncExitStack() as stack:
            self.folder = self._asked_folder or Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="azurite-"))
            )
            child = await self._start(script)
            stack.push_async_callback(child.stop, patience=STOP_PATIENCE)
            self._cleanup = stack.pop_all()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._cleanup.aclose()

    async def _start(self, script: Path) -> Child:
        attempts = 3
        while True:
            self.ports = AzuritePorts(*settle(*self._wishes, say=self._say))
            child = self._spawn(script)
            try:
                await self._ready(child)
            except DidNotStart:
                child.kill()
                # Between choosing a port and opening it, somebody else may take it.
                attempts -= 1
                if "EADDRINUSE" not in child.tail() or not attempts:
                    raise
            except BaseException:
                child.kill()
                raise
            else:
                return child

    def _spawn(self, script: Path) -> Child:
        # --skipApiVersionCheck: the storage libraries send API versions newer than the emulator.
        command = [str(Node.find().node), f"--import={PRELOAD.as_uri()}", str(script)]
        command += ["--location", str(self.folder), "--disableTelemetry"]
        command += ["--skipApiVersionCheck", *([] if self._accesses else ["--silent"])]
        for service, port in self.ports._asdict().items():
            command += [f"--{service}Host", LOOPBACK, f"--{service}Port", str(port)]
        self.folder.mkdir(parents=True, exist_ok=True)
        env = {**os.environ, "FIREBREAK_LAB_SAVES_EVERY": str(self._saves_every)}
        return Child(command, log=self.log, cwd=self.folder, env=env)

    async def _ready(self, child: Child) -> None:
        deadline = time.monotonic() + START_PATIENCE
        for port in self.ports:
            while not await _is_azurite(port):
                if child.exit_code is not None or time.monotonic() > deadline:
                    raise DidNotStart(f"the storage emulator did not start: {child.tail()}")
                await asyncio.sleep(0.02)


async def _is_azurite(port: int) -> bool:
    """Ask who listens there: every answer of Azurite, also a refusal, carries its name."""
    try:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return False
    try:
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        return b"Azurite" in await reader.read(4096)
    except OSError:
        return False
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
