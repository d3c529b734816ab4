"""`firebreak notify`: see whether people are reached, and try a channel."""

from __future__ import annotations

import getpass

import typer
from rich.console import RenderableType
from rich.table import Table

from cli import show
from cli.exits import CommandError, Exit
from cli.running import AsJson, Url, finish, remote_app, show_found
from shared.model import Json

notify = typer.Typer(help="See whether people are reached.", no_args_is_help=True)


@notify.command()
def status(url: Url = None, as_json: AsJson = False) -> None:
    """Show how each channel does; ends with 3 where something reached nobody."""

    async def run() -> None:
        async with remote_app(url) as remote:
            found = await remote.notifications()
        show_found(found, as_json=as_json, view=as_text)
        if dead := sum(channel["dead"] for channel in found["channels"]):
            raise CommandError(f"{dead} reached nobody", code=Exit.NOT_CONTAINED)

    finish(run())


@notify.command("test")
def try_out(channel: str, url: Url = None, as_json: AsJson = False) -> None:
    """Send a test to a channel and say whether it was taken."""
    _ask("test", channel, url, as_json=as_json)
    if not as_json:
        show.errors().print(f"{channel} took the test.")


@notify.command()
def again(channel: str, url: Url = None, as_json: AsJson = False) -> None:
    """Send again what a channel did not take."""
    _ask("again", channel, url, as_json=as_json)


def as_text(found: Json) -> RenderableType:
    """Show the channels."""
    table = Table(box=None, header_style="bold")
    for column in ("channel", "kind", "told", "under way", "given up", "why"):
        table.add_column(column)
    for state in found["channels"]:
        counts = (state["told"], state["under_way"], state["dead"])
        table.add_row(state["name"], state["kind"], *map(str, counts), state["reason"])
    return table


def _ask(what: str, channel: str, url: str | None, *, as_json: bool) -> None:
    async def run() -> None:
        async with remote_app(url) as remote:
            found = await remote.notify(what, {"channel": channel, "by": getpass.getuser()})
        show_found(found, as_json=as_json, view=as_text)

    finish(run())
