"""`firebreak alerts`: the alerts that opened no case, why, and the wish to have one read again."""

from __future__ import annotations

import getpass
from typing import Annotated, Final

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.replay import shown
from cli.running import AsJson, Url, finish, remote_app, show_found
from cli.show import outside
from shared.model import AlertState, Json
from shared.pages.text import visible

alerts = typer.Typer(help="See the alerts that opened no case, and why.")

_RAW: Final = 50_000
"""The app cuts it much shorter; showing letters by number makes them longer."""
_SAID: Final = (
    "state",
    "reason",
    "case",
    "title",
    "kind",
    "severity",
    "source",
    "carrier",
    "native_id",
    "occurred_at",
    "received_at",
)
_STYLES: Final = {
    "unreadable": "bold red",
    "unresolved": "bold yellow",
    "poisoned": "bold red",
    "ignored": "cyan",
}


@alerts.callback(invoke_without_command=True)
def listed(  # noqa: PLR0913, PLR0917 - typer reads the options off the arguments
    context: typer.Context,
    state: Annotated[AlertState | None, typer.Option(help="Only these.")] = None,
    source: Annotated[str, typer.Option(help="Only what this source sent.")] = "",
    since: Annotated[str, typer.Option(help="Only since then: 7d, 2026-11-23 or a time.")] = "",
    most: Annotated[int, typer.Option(min=1, help="How many at the most.")] = 500,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """List what is unreadable, unresolved, poisoned or ignored, each with its reason."""
    if context.invoked_subcommand:
        return
    given = {"state": state or "", "source": source, "since": since}
    wanted = {name: value for name, value in given.items() if value}

    async def run() -> None:
        async with remote_app(url) as remote:
            found = page = await remote.alerts(wanted)
            while page["older"] and _count(found) < most:
                page = await remote.alerts({**wanted, "after": page["older"]})
                for part in ("for_people", "ignored"):
                    found[part] = [*found[part], *page[part]]
                found["older"] = page["older"]
        show_found(found, as_json=as_json, view=as_list)

    finish(run())


@alerts.command()
def show(alert: str, url: Url = None, as_json: AsJson = False) -> None:
    """Show one alert: what it says, how its body is read now and why, and how that begins."""

    async def run() -> None:
        async with remote_app(url) as remote:
            show_found(await remote.alert(alert), as_json=as_json, view=as_text)

    finish(run())


@alerts.command()
def again(alert: str, url: Url = None, as_json: AsJson = False) -> None:
    """Have an alert read again after what stood in its way is mended."""

    async def run() -> None:
        async with remote_app(url) as remote:
            found = await remote.read_again(alert, {"by": getpass.getuser()})
        show_found(found, as_json=as_json, view=_asked)

    finish(run())


def as_list(found: Json) -> RenderableType:
    """Show the list, what waits for a person first."""
    table = Table(box=None, header_style="bold")
    for column in ("alert", "state", "source", "received (UTC)", "reason"):
        table.add_column(column, overflow="fold")
    for line in (*found["for_people"], *found["ignored"]):
        table.add_row(
            line["id"],
            Text(line["state"], style=_STYLES.get(line["state"], "")),
            outside(line["source"]),
            line["received_at"][:19].replace("T", " "),
            outside(": ".join(filter(None, (line["title"], line["reason"])))),
        )
    more = [Text("There are older ones: --most, or --since.")] if found["older"] else []
    return Group(table, *more) if table.row_count else Text("No alert without a case.")


def as_text(found: Json) -> RenderableType:
    """Show one alert; nothing in it reaches the terminal as a command."""
    alert = found["alert"]
    # One after the other, not joined: evidence may have a reason, too.
    told = ({name: alert[name] for name in _SAID}, alert["account"] or {}, alert["evidence"])
    lines = [
        Text.assemble((f"{visible(name.replace('_', ' ')):16} ", "dim"), visible(str(value)))
        for said in told
        for name, value in said.items()
        if value
    ]
    readings = [line for reading in found["readings"] for line in shown(reading)]
    return Group(
        *lines,
        Text("How its body is read now", style="bold"),
        *readings,
        Text("As it came", style="bold"),
        outside(found["raw"], limit=_RAW),
    )


def _asked(found: Json) -> RenderableType:
    return Text(f"Alert {found['alert']} is read again: firebreak alerts show {found['alert']}")


def _count(found: Json) -> int:
    return len(found["for_people"]) + len(found["ignored"])
