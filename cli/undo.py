"""`firebreak undo`: show what would be put back, ask, and see it through."""

from __future__ import annotations

import asyncio
import getpass
import json
import time

import typer
from rich.console import Console
from rich.table import Table

from cli.exits import CommandError, Exit
from cli.remote import Remote
from shared.model import Json


async def put_back(
    app: Remote, case: str, responder: str | None, *, yes: bool, within: float, as_json: bool
) -> None:
    """Put back all of a case's changes, or one responder's."""
    async with app as remote:
        plan = await remote.undo_plan(case)
        wanted = [step for step in plan if responder in {None, step["responder"]}]
        if not as_json:
            Console().print(_table(wanted))
        if not any(not step["obstacle"] for step in wanted):
            raise CommandError("Nothing here can be put back", code=Exit.REFUSED)
        if not yes and not typer.confirm("Put this back?", default=False):
            raise CommandError("Nothing was put back", code=Exit.REFUSED)
        asked = await remote.undo(case, {"responder": responder, "by": getpass.getuser()})
        ended = await _ended(remote, case, {step["task"] for step in asked}, within=within)
    if as_json:
        print(json.dumps(ended, indent=2))
    left = [task for task in ended if task["state"] != "undone"]
    for task in ended if not as_json else ():
        if task not in left:
            Console().print(f"{task['responder']} is put back")
    if left:
        said = "; ".join(f"{task['responder']}: {task['reason'] or task['state']}" for task in left)
        raise CommandError(said, code=Exit.NOT_CONTAINED)


async def _ended(remote: Remote, case: str, tasks: set[str], *, within: float) -> list[Json]:
    until = time.monotonic() + within
    while time.monotonic() < until:
        found = [task for task in (await remote.case(case))["tasks"] if task["id"] in tasks]
        if all(task["state"] == "undone" or task["reason"] for task in found):
            return found
        await asyncio.sleep(0.2)
    raise CommandError("It is still going on; look at the case later", code=Exit.NOT_CONTAINED)


def _table(steps: list[Json]) -> Table:
    table = Table(title="To be put back", title_justify="left", box=None, header_style="bold")
    for column in ("responder", "what", "is", "will be"):
        table.add_column(column, overflow="fold")
    for step in steps:
        if step["obstacle"]:
            table.add_row(step["responder"], "stays as it is", step["obstacle"], "")
        for line in () if step["obstacle"] else step["differences"]:
            table.add_row(step["responder"], line["what"], line["was"], line["becomes"])
    return table
