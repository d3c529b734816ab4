"""A local Functions host in a process of its own, and what its functions wrote down."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

from azure.storage.queue import QueueClient

from lab.processes import Child

ROOT = Path(__file__).parents[2]
APP = Path(__file__).parent / "hosted_app"
FUNCTION_KEY = "function-key"
MASTER_KEY = "master-key"


async def eventually(condition: Callable[[], object], *, within: float = 15) -> None:
    """Look until it is true; the clock only says when to give up."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(0.02)


class Hosted:
    """The app in tests/lab/hosted_app, in a folder and with queues of its own."""

    def __init__(self, folder: Path, connection: str) -> None:
        self.folder = folder
        self.connection = connection
        self.suffix = uuid4().hex[:12]
        self.child: Child | None = None
        self._ready = folder / "ready.json"
        shutil.copytree(APP, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__*"))
        with self.queue("work") as queue:
            queue.create_queue()

    def change(self, old: str, new: str) -> None:
        source = self.folder / "function_app.py"
        text = source.read_text(encoding="utf-8")
        assert old in text
        source.write_text(text.replace(old, new), encoding="utf-8")

    def spawn(self, *options: str, **settings: str) -> Child:
        own = {
            "AzureWebJobsStorage": self.connection,
            "SUFFIX": self.suffix,
            "RECORD": str(self.folder / "record.jsonl"),
            "LAB_FUNCTION_KEY": FUNCTION_KEY,
            "LAB_MASTER_KEY": MASTER_KEY,
        }
        self._ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", "lab.host", "--leashed", "--app", str(self.folder)]
        command += ["--ready-file", str(self._ready), *options]
        log = self.folder / "host.log"
        self.child = Child(command, log=log, cwd=ROOT, env={**os.environ, **own, **settings})
        return self.child

    async def start(self, *options: str, **settings: str) -> Child:
        child = self.spawn(*options, **settings)
        await eventually(lambda: self._ready.exists() or child.exit_code is not None)
        assert child.exit_code is None, child.tail()
        return child

    @property
    def ready(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self._ready.read_text(encoding="utf-8"))
        return document

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ready['port']}"

    def records(self, what: str, **fields: object) -> list[dict[str, Any]]:
        path = self.folder / "record.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        wanted = {"what": what, **fields}
        return [each for each in map(json.loads, lines) if wanted.items() <= each.items()]

    async def recorded(
        self, what: str, *, times: int = 1, **fields: object
    ) -> list[dict[str, Any]]:
        await eventually(lambda: len(self.records(what, **fields)) >= times)
        return self.records(what, **fields)

    def queue(self, name: str, end: str = "") -> QueueClient:
        return QueueClient.from_connection_string(self.connection, f"{name}-{self.suffix}{end}")

    def put(self, **order: object) -> None:
        with self.queue("work") as queue:
            queue.send_message(base64.b64encode(json.dumps(order).encode()).decode())

    async def empty(self) -> None:
        """Wait until the queue holds nothing, not even something invisible."""
        with self.queue("work") as queue:
            await eventually(lambda: queue.get_queue_properties().approximate_message_count == 0)
