"""`firebreak erase` and `firebreak erasures`: show what would go, ask, and see it through."""

from __future__ import annotations

import asyncio
import getpass
import time

import typer
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.exits import CommandError, Exit
from cli.remote import Remote
from cli.running import show_found
from shared.model import Json, number_of


async def erase(
    app: Remote, user: str, reason: str, *, yes: bool, within: float, as_json: bool
) -> None:
    """Erase what is kept of an account, after showing what that is."""
    async with app as remote:
        asked = {"user": user, "by": getpass.getuser()}
        plan = await remote.erasure("plan", asked)
        if not as_json:
            Console().print(plan_view(plan))
        if plan["obstacles"]:
            said = "Nothing is erased while this stands: " + "; ".join(plan["obstacles"])
            raise CommandError(said, code=Exit.REFUSED)
        if not yes and not typer.confirm("Erase this? It cannot be put back", default=False):
            raise CommandError("Nothing was erased", code=Exit.REFUSED)
        more = {"seen": plan["digest"], "reason": reason}
        order = (await remote.erasure("start", {**asked, **more}))["order"]
        ended = await _ended(remote, order, within=within)
    show_found(ended, as_json=as_json, view=ended_view)
    if not ended["done"]:
        raise CommandError("It goes on by itself; look again with `firebreak erasures`")


async def _ended(remote: Remote, order: str, *, within: float) -> Json:
    until = time.monotonic() + within
    while True:
        found = await remote.erasures()
        done = [one for one in found["done"] if one["id"] == order]
        left = [one for one in found["under_way"] if one["id"] == order]
        if done or time.monotonic() > until:
            one = (done or left)[0]
            ours = {order, *one["cases"]}
            held = [blob for blob in found["held_back"] if blob["of"] in ours]
            return {"order": order, "done": bool(done), "state": one, "held_back": held}
        await asyncio.sleep(1)


def plan_view(plan: Json) -> RenderableType:
    """Show what would be erased, and what stays."""
    who = ", ".join((*plan["names"], *sorted(plan["sought"]["addresses"]))) or "no name on record"
    table = Table(title="To be erased", title_justify="left", box=None, header_style="bold")
    for column in ("case", "opened", "status", "alerts", "journal lines"):
        table.add_column(column)
    for case in plan["cases"]:
        opened = case["opened_at"][:16].replace("T", " ")
        table.add_row(case["id"], opened, case["status"], str(case["alerts"]), str(case["lines"]))
    rest = (
        f"{number_of(plan['alerts'], 'alert')} of no case, "
        f"{number_of(plan['findings'], 'finding')} of sweeps; "
        f"{number_of(plan['others'], 'case')} of other people looked through"
    )
    stays = [Text(f"· {line}") for line in plan["stays"]]
    return Group(
        Text(f"{plan['sought']['object_id']} ({who})", style="bold"),
        table,
        Text(rest),
        Text("What stays", style="bold"),
        *stays,
    )


def ended_view(found: Json) -> RenderableType:
    """Show what became of an erasure."""
    state = "is done" if found["done"] else f"goes on: {found['state']['waits'] or 'under way'}"
    lines = [Text(f"Erasure {found['order']} {state}", style="bold")]
    lines += [_held(blob) for blob in found["held_back"]]
    return Group(*lines)


def list_view(found: Json) -> RenderableType:
    """Show all erasures."""
    table = Table(box=None, header_style="bold")
    for column in ("erasure", "asked", "by", "reason", "state"):
        table.add_column(column, overflow="fold")
    for one in (*found["under_way"], *found["done"]):
        over = one.get("done_at")
        state = f"done {over[:16].replace('T', ' ')}" if over else one["waits"] or "under way"
        asked = one["asked_at"][:16].replace("T", " ")
        table.add_row(one["id"], asked, one["by"]["name"], one["reason"], state)
    return Group(table, *map(_held, found["held_back"]))


def _held(blob: Json) -> Text:
    said = f"! {blob['name']} is held back by an immutability policy since {blob['since'][:10]}"
    return Text(f"{said}: not erased, tried again daily", style="yellow")
