"""The command `python -m lab.host`: one app per process, told apart by its exit code."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TextIO

from lab.errors import LabError
from lab.host import Host
from lab.host_queues import INVISIBLE
from lab.serving import GRACE

_NOISY = ("azure", "uvicorn", "asyncio", "httpx", "httpcore", "msal")


def main(arguments: Sequence[str] | None = None) -> int:
    """Host the app until SIGTERM or SIGINT. 0: ended in order; 1: could not run, or was cut off."""
    given = _parser().parse_args(arguments)
    answer = sys.stdout
    # The app may print: standard output carries one line of ours and nothing else.
    with contextlib.redirect_stdout(sys.stderr):
        _log()
        try:
            clean = asyncio.run(_host(given, answer))
        except LabError as error:
            sys.stderr.write(f"{error}\n")
            return 1
    if not clean:
        # A function that was cut off may sit in a thread for ever, and an exit would wait for it.
        _leave()
    return 0


def _leave() -> None:
    sys.stderr.flush()
    os._exit(1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab.host", description=__doc__)
    parser.add_argument("--app", type=Path, required=True, help="folder with function_app.py")
    parser.add_argument("--port", type=int, default=0, help="port on loopback; 0 is any free one")
    parser.add_argument("--ready-file", type=Path, help="gets the ready line as well")
    parser.add_argument(
        "--invisible-for",
        type=float,
        default=INVISIBLE.total_seconds(),
        help="seconds a message being worked on stays away (Azure: 600)",
    )
    parser.add_argument(
        "--grace", type=float, default=GRACE, help="seconds that running functions get at the end"
    )
    parser.add_argument(
        "--leashed", action="store_true", help="end when standard input ends: the parent died"
    )
    return parser


def _log() -> None:
    """Write the functions' logs to standard error as they are; libraries only from warnings up."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(message)s")
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


async def _host(given: argparse.Namespace, answer: TextIO) -> bool:
    host = Host(
        given.app,
        dict(os.environ),
        port=given.port,
        invisible=timedelta(seconds=given.invisible_for),
        grace=given.grace,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, host.stop.set)
    if given.leashed:
        threading.Thread(target=_watch, args=(loop, host, given.grace), daemon=True).start()
    async with host:
        _ready(host, answer, given.ready_file)
        await host.stop.wait()
    return host.clean


def _watch(loop: asyncio.AbstractEventLoop, host: Host, grace: float) -> None:
    """End with the parent, even where a function blocks the loop."""
    while os.read(0, 1024):
        pass
    loop.call_soon_threadsafe(host.stop.set)
    time.sleep(grace + 5)
    _leave()


def _ready(host: Host, answer: TextIO, file: Path | None) -> None:
    names = [function.name for function in host.functions]
    line = json.dumps({"ready": True, "port": host.port, "functions": names})
    if file is not None:
        whole = file.with_name(file.name + ".partial")
        whole.write_text(line, encoding="utf-8")
        whole.rename(file)
    answer.write(line + "\n")
    answer.flush()
