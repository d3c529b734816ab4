"""`firebreak demo`: two compromises, each stopped before your eyes."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

from cli.exits import CommandError, Exit
from cli.local import Local, running, secret
from cli.remote import Remote
from cli.timeline import Timeline
from lab.scenarios import Scenario, spammer, token_thief
from shared.model import Json

REPORTS: Final = Path("out")
_PATIENCE: Final = 60.0


async def play(*, as_json: bool) -> None:
    """Start the stack, play the stories, write the reports, stop everything.

    Raises `CommandError` where a foothold survives or something of the owner's is lost.
    """
    console = Console(stderr=as_json, highlight=False)
    console.print(Text("Firebreak demo", style="bold"), "- everything runs on this computer\n")
    started = time.monotonic()
    with console.status("Starting the local stack") as status:
        async with running((token_thief, spammer), say=status.update) as local:
            status.stop()
            console.print(f"The stack is up after {time.monotonic() - started:.1f} s\n")
            found = [await _stop(local, scenario, console) for scenario in local.scenarios]
            if as_json:
                print(json.dumps(found, indent=2))
            _judge(local.scenarios)
            await _linger(local, console)


async def _stop(local: Local, scenario: Scenario, console: Console) -> Json:
    console.rule(Text(scenario.name.replace("_", " "), style="bold"), align="left")
    console.print(scenario.story)
    names = ", ".join(foothold.label for foothold in scenario.intruder.footholds)
    console.print(f"[bold]The intruder holds[/] {names}\n")
    async with Remote(local.stack.url, secret=secret()) as remote:
        timeline = Timeline(scenario, console)
        view: Json = {}
        for alert in scenario.alerts:
            timeline.start()
            told = timeline.received(
                alert.source, await remote.post_alert(alert.source, alert.body)
            )
            for alert_id in told:
                case = await remote.case_of(alert_id, within=_PATIENCE)
                async for view in remote.watch(case, within=_PATIENCE):
                    timeline.show(view)
        if not view:
            raise CommandError("None of the alerts opened a case", code=Exit.NOT_CONTAINED)
        path = _write(view["id"], await remote.report(view["id"]))
    summary = timeline.summary(view, page=f"{local.stack.url}/api/cases/{view['id']}", report=path)
    console.print()
    return summary


def _write(case: str, html: str) -> Path:
    REPORTS.mkdir(exist_ok=True)
    path = REPORTS / f"firebreak-{case}.html"
    path.write_text(html, encoding="utf-8")
    return path


def _judge(scenarios: tuple[Scenario, ...]) -> None:
    """Look at the tenant, not at what the app says of itself."""
    open_doors = [
        f"{scenario.name}: {foothold.label}"
        for scenario in scenarios
        for foothold in scenario.intruder.footholds
        if foothold.killable and foothold.closed_at is None
    ]
    if open_doors:
        raise CommandError(f"A foothold survived: {'; '.join(open_doors)}", code=Exit.NOT_CONTAINED)
    lost = [f"{s.name}: {thing}" for s in scenarios for thing in s.losses()]
    if lost:
        raise CommandError(f"The owner lost something: {'; '.join(lost)}", code=Exit.NOT_CONTAINED)


async def _linger(local: Local, console: Console) -> None:
    """Leave the pages open for whoever watches; a script goes on at once."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return
    console.print(f"\nThe case pages are open at [bold]{local.stack.url}/api/cases[/]")
    console.print("Press Enter to stop the stack.")
    loop = asyncio.get_running_loop()
    pressed = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), pressed.set)
    try:
        await pressed.wait()
    finally:
        loop.remove_reader(sys.stdin.fileno())
