"""`firebreak guards`, `pause`, `resume`: see the brakes and move them."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli import tenants
from cli.running import AsJson, Url, finish, remote_app, show_found
from shared.model import Json, Mode

guards = typer.Typer(help="See the brakes and move them.", no_args_is_help=True)

Reason = Annotated[str, typer.Option(help="Why; it is kept.")]


@guards.command()
def show(url: Url = None, as_json: AsJson = False) -> None:
    """Show the kill switch, the counters and the rules that are held."""

    async def run() -> None:
        async with remote_app(url) as remote:
            show_found(await remote.guards(), as_json=as_json, view=as_text)

    finish(run())


@guards.command()
def pause(
    reason: Reason,
    stop: Annotated[
        bool, typer.Option("--stop", help="Change nothing at all, not even what people release.")
    ] = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Pull the brake: nothing acts by itself any more until `resume`."""
    ceiling = Mode.OBSERVE if stop else Mode.APPROVE
    _move("switch", {"ceiling": ceiling, "reason": reason}, url, as_json=as_json)


@guards.command()
def resume(reason: Reason, url: Url = None, as_json: AsJson = False) -> None:
    """Let everything go on as the policy says; what waits keeps waiting for its answer."""
    _move("switch", {"ceiling": Mode.ENFORCE, "reason": reason}, url, as_json=as_json)


@guards.command()
def release(rule: str, reason: Reason, url: Url = None, as_json: AsJson = False) -> None:
    """Let a rule act again that was held because it opened too many cases at once."""
    _move("release", {"rule": rule, "reason": reason}, url, as_json=as_json)


def as_text(found: Json) -> RenderableType:
    """Show the brakes."""
    pause_ = found["pause"]
    paused = pause_ and pause_["ceiling"] != Mode.ENFORCE
    head = Text("Firebreak acts as the policy says.", style="bold green")
    if paused:
        said = f"Paused by {pause_['by']} ({pause_['reason']}): at most {pause_['ceiling']}."
        head = Text(said, style="bold red")
    table = Table(box=None, header_style="bold")
    for column in ("acted on without a person", "now", "limit"):
        table.add_column(column)
    for gauge in found["gauges"]:
        most = "unknown" if gauge["most"] is None else str(gauge["most"])
        table.add_row(gauge["name"], str(gauge["used"]), most)
    held = [Text(f"! {rule['name']} only asks until {rule['until']}") for rule in found["held"]]
    return Group(head, table, *held)


def _move(what: str, request: Json, url: str | None, *, as_json: bool) -> None:
    async def run() -> None:
        async with remote_app(url) as remote:
            found = await remote.move_guard(what, {**request, "by": getpass.getuser()})
            view = tenants.as_text if "tenants" in found else as_text
            show_found(found, as_json=as_json, view=view)

    finish(run())
