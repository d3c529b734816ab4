"""`firebreak sweep`: run a sweep, see what it found and how it went over time."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.running import AsJson, Url, finish, remote_app, show_found
from cli.show import outside
from shared.clients.secure_scores import ControlState
from shared.model import Json

sweep = typer.Typer(help="Look at the tenant's posture.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The sweep, as `sweep show` lists it.")]


@sweep.command()
def run(name: Name, url: Url = None, as_json: AsJson = False) -> None:
    """Begin a run now; it goes on by itself, and `sweep show` says how far it is."""
    _move(name, "run", {}, url, as_json=as_json)


@sweep.command()
def show(
    name: Annotated[str | None, typer.Argument(help="The sweep; all without one.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show how a sweep's last run went and the findings that weigh most."""

    async def ask() -> None:
        async with remote_app(url) as remote:
            found = await remote.sweep(name or "")
            show_found(found, as_json=as_json, view=one if name else every)

    finish(ask())


@sweep.command()
def trend(name: Name, url: Url = None, as_json: AsJson = False) -> None:
    """Show what each run of a sweep counted, newest first."""

    async def ask() -> None:
        async with remote_app(url) as remote:
            show_found(await remote.sweep(f"{name}/trend"), as_json=as_json, view=over_time)

    finish(ask())


@sweep.command()
def export(name: Name, url: Url = None) -> None:
    """Print all findings of a sweep as CSV, the fixed ones too."""
    _print(f"{name}/findings.csv", url)


@sweep.command()
def report(url: Url = None) -> None:
    """Print the monthly report: one HTML file for whoever asks how well the tenant is protected."""
    _print("report", url)


@sweep.command()
def accept(
    name: Name,
    finding: Annotated[str, typer.Argument(help="The finding's id.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept.")],
    days: Annotated[int, typer.Option(help="For how long; 0 takes it back.")] = 90,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Let a finding stay until a day; then it is shown again."""
    until = (datetime.now(UTC) + timedelta(days=days)).isoformat() if days else None
    request = {"finding": finding, "until": until, "reason": reason}
    _move(name, "accept", request, url, as_json=as_json)


@sweep.command()
def mend(
    name: Name,
    finding: Annotated[str, typer.Argument(help="The finding's id.")],
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Ask for what a finding is about to be mended; each change waits for approval."""
    _move(name, "mend", {"finding": finding}, url, as_json=as_json, view=asked_for)


@sweep.command()
def board(url: Url = None, as_json: AsJson = False) -> None:
    """Show the Secure Score: what moved, what to do next, which cases it would have met."""

    async def ask() -> None:
        async with remote_app(url) as remote:
            found = await remote.sweep("secure_score/board")
            show_found(found, as_json=as_json, view=score)

    finish(ask())


@sweep.command()
def control(
    control: Annotated[str, typer.Argument(help="The control's id, as `sweep board` shows it.")],
    state: Annotated[ControlState, typer.Argument(help="What was decided.")],
    reason: Annotated[str, typer.Option(help="Why; Microsoft keeps it as a comment.")],
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Tell Microsoft what was decided about a control of Secure Score; it is written down here."""
    request = {"control": control, "state": state, "reason": reason}
    _move("secure_score", "control", request, url, as_json=as_json)


def score(found: Json) -> RenderableType:
    """Show the Secure Score."""
    told = found["board"]
    if told is None:
        return Text("Nothing is known yet: `firebreak sweep run secure_score`")
    whole = told["whole"]
    out_of_date = " (out of date)" if told["stale"] else ""
    head = Text(f"{_percent(whole['share'])} on {told['day']}{out_of_date}", style="bold")
    moved = [Text(f"{s['span']}: {_change(s['change'])}") for s in told["since"]]
    beside = [Text(f"{c['basis']}: {_percent(c['average'])}") for c in told["comparisons"]]
    table = Table(box=None, header_style="bold")
    for column in ("do next", "control", "points", "points per effort", "state at Microsoft"):
        table.add_column(column)
    for step in told["steps"][:10]:
        where = "by API" if step["updatable"] else "in Defender only"
        cells = (f"{step['points']:g}", f"{step['worth']:.1f}", where)
        table.add_row(step["title"], step["control"], *cells)
    five = told["together"]
    count = len(five["controls"])
    sum_ = f"The first {count} give +{five['points']:g} points: {_percent(five['share'])}"
    met = [
        Text(f"{p['control']} would have {p['effect']} {len(p['cases'])} of {found['cases']} cases")
        for p in found["prevented"]
    ]
    return Group(head, *moved, *beside, table, Text(sum_), *met)


def _percent(share: float | None) -> str:
    return "unknown" if share is None else f"{share:.1f} %"


def _change(points: float | None) -> str:
    return "unknown" if points is None else f"{points:+.1f} percentage points"


def every(found: Json) -> RenderableType:
    """List the sweeps."""
    table = Table(box=None, header_style="bold")
    for column in ("sweep", "what it looks at", "last run", "next"):
        table.add_column(column, overflow="fold")
    for row in found["sweeps"]:
        last = row["run"]["headline"] if row["run"] else "never ran"
        due = row["next_due"]
        next_ = f"{datetime.fromisoformat(due):%Y-%m-%d %H:%M}" if due else "within the hour"
        table.add_row(row["name"], row["summary"], last, next_)
    return table


def one(found: Json) -> RenderableType:
    """Show one sweep."""
    head = [Text(f"{found['name']}: {found['summary']}", style="bold")]
    if found["run"] is None:
        return Group(*head, Text("Never ran: `firebreak sweep run` begins one"))
    head.append(Text(found["run"]["headline"]))
    head += [Text(f"! not looked at: {gap}") for gap in found["run"]["gaps"]]
    table = Table(box=None, header_style="bold")
    for column in ("severity", "finding, and its id for accept and mend", "state", "since"):
        table.add_column(column, overflow="fold")
    for row in found["worst"]:
        title = outside(row["title"]).append(f"\n{row['id']}", style="dim")
        table.add_row(row["severity"], title, row["state"], row["first_seen"][:10])
    return Group(*head, *([table] if table.row_count else []))


def over_time(found: Json) -> RenderableType:
    """Show the runs."""
    table = Table(box=None, header_style="bold")
    for column in ("begun", "state", "open", "new", "fixed", "unknown", "looked at"):
        table.add_column(column)
    for row in found["runs"]:
        counts = row["counts"] or {}
        cells = [str(counts.get(name, "-")) for name in ("open", "new", "fixed", "unknown")]
        table.add_row(row["started_at"][:16], row["state"], *cells, f"{row['subjects']:,}")
    return table


def _print(rest: str, url: str | None) -> None:
    async def ask() -> None:
        async with remote_app(url) as remote:
            sys.stdout.write(await remote.sweep_file(rest))

    finish(ask())


def asked_for(found: Json) -> RenderableType:
    """Say where a request to mend something goes on."""
    return Text(
        f"Asked for. What is planned waits for somebody's yes: `firebreak approvals` lists it, and "
        f"the next run of {found['name']} says whether the finding is gone."
    )


def _move(
    name: str,
    what: str,
    request: Json,
    url: str | None,
    *,
    as_json: bool,
    view: Callable[[Json], RenderableType] | None = None,
) -> None:
    async def ask() -> None:
        async with remote_app(url) as remote:
            found = await remote.move_sweep(name, what, {**request, "by": getpass.getuser()})
            show_found(found, as_json=as_json, view=view or one)

    finish(ask())
