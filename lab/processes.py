"""Child processes that are stopped in order and never outlive us."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

POLL = 0.01
"""Seconds between two looks at a child. Polled, so that a child belongs to no event loop."""


class Child:
    """A process in a session of its own, leashed to us by a pipe on its standard input.

    Ctrl-C in a terminal goes to the whole foreground group: in its own session the child does not
    hear it, and we stop things in order. When we die, even by kill -9, the pipe closes; every
    program started here ends at the end of its input.
    """

    def __init__(
        self, command: Sequence[str], *, log: Path, cwd: Path, env: Mapping[str, str]
    ) -> None:
        self.name = Path(command[0]).name
        self.log = log
        with log.open("ab") as sink:
            self._process = subprocess.Popen(  # noqa: S603 - commands are put together by the lab
                command,
                stdin=subprocess.PIPE,
                stdout=sink,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env=dict(env),
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """How it ended: its code, minus the signal's number, or `None` while it runs."""
        return self._process.poll()

    async def wait(self, seconds: float) -> int | None:
        """Wait for its end; `None` when it still runs after `seconds`."""
        deadline = time.monotonic() + seconds
        while self.exit_code is None:
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(POLL)
        return self.exit_code

    async def stop(self, *, patience: float) -> int:
        """Ask it to end with SIGTERM, wait `patience` seconds, then insist."""
        if self.exit_code is None:
            self._process.terminate()
        try:
            await self.wait(patience)
        finally:
            self.kill()  # also when we are cancelled while waiting: nothing is left behind
        return self._process.wait()

    def kill(self) -> None:
        """Kill it and everything it started, now; one that has ended is only tidied up."""
        if self.exit_code is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self.let_go()

    def let_go(self) -> None:
        """Close the pipe that holds it, as our own death would."""
        if self._process.stdin:
            self._process.stdin.close()

    def tail(self, lines: int = 20) -> str:
        """Read the last lines of what it wrote."""
        with self.log.open(encoding="utf-8", errors="replace") as log:
            return "".join(deque(log, maxlen=lines)).strip()
