"""`firebreak confirm`, `restore` and `access-pass`: the owner's way back."""

from __future__ import annotations

import getpass
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from cli import show
from cli.exits import CommandError, Exit
from cli.remote import Remote
from cli.running import show_found
from shared.model import Json


async def confirm(app: Remote, case: str, check: str, *, as_json: bool) -> None:
    """Say that a line of the checklist is done, and show the case."""
    async with app as remote:
        await remote.way_back(case, "confirm", {"check": check, "by": getpass.getuser()})
        found = await remote.case(case)
    show_found(found, as_json=as_json, view=show.case)


async def restore(app: Remote, case: str, override: str, *, within: float, as_json: bool) -> None:
    """Ask for the owner's return, and see it through."""
    async with app as remote:
        asked = {"reason": override, "by": getpass.getuser()}
        await remote.way_back(case, "restore", asked)
        found: Json = {}
        async for seen in remote.watch(case, within=within):
            found = seen
    show_found(found, as_json=as_json, view=show.case)
    task = _task(found)
    if task["state"] not in {"verified", "skipped"}:
        said = task["reason"] or f"it is {task['state']}"
        raise CommandError(f"The owner is not back yet: {said}", code=Exit.NOT_CONTAINED)
    if not as_json:
        show.errors().print("The owner is let back in.")


async def access_pass(app: Remote, case: str, minutes: int, *, as_json: bool) -> None:
    """Make a pass and show it this once."""
    async with app as remote:
        asked = {"minutes": minutes, "by": getpass.getuser()}
        issued = await remote.way_back(case, "access-pass", asked)
    show_found(issued, as_json=as_json, view=_shown)


def _task(found: Json) -> Any:
    return next(task for task in found["tasks"] if task["responder"] == "restore_sign_in")


def _shown(issued: Json) -> RenderableType:
    head = Text.assemble(
        (issued["access_pass"], "bold"), f"  good until {issued['valid_until']}, shown this once"
    )
    return Group(head, *(Text(f"- {note}") for note in issued["notes"]))
