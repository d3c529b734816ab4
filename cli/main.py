"""The `firebreak` command.

Exit codes: 0 done · 1 failed · 2 wrong usage · 3 a foothold is left or a person is needed ·
4 the app does not answer · 5 the app refused · 130 interrupted · 143 terminated.
"""

from __future__ import annotations

import asyncio
import getpass
import json
import uuid
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cli import show
from cli.address import Address, find
from cli.exits import CommandError, Exit
from cli.remote import Remote
from shared.alerts.admin_request import Request
from shared.model import Json

app = typer.Typer(
    name="firebreak",
    help="Automatic response for compromised Microsoft 365 mail accounts.",
    epilog=(__doc__ or "").partition("\n\n")[2],
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
cases = typer.Typer(help="Look at cases.", no_args_is_help=True)
app.add_typer(cases, name="cases")

Url = Annotated[
    str | None,
    typer.Option(envvar="FIREBREAK_URL", help="The app's address; default: the local stack."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Within = Annotated[float, typer.Option(help="Seconds to wait for the case to settle.")]


@app.command()
def demo(as_json: AsJson = False) -> None:
    """Play two compromises against a local stack and show how each is stopped."""
    from cli.demo import play

    _run(play(as_json=as_json))


@app.command()
def up(
    port: Annotated[int, typer.Option(help="Port of the app; 0 takes any free one.")] = 7071,
) -> None:
    """Start the local stack, keep it running, and print what to try."""
    from cli.up import keep_up

    _run(keep_up(port))


@cases.command("list")
def list_cases(url: Url = None, as_json: AsJson = False) -> None:
    """List the cases, whoever waits for a person first."""

    async def run() -> None:
        async with _remote(url) as remote:
            found = await remote.cases()
        _print(found, as_json=as_json, view=show.case_list)

    _run(run())


@cases.command("show")
def show_case(case: str, url: Url = None, as_json: AsJson = False) -> None:
    """Show one case: the answer, the footholds and their fate, the changes."""

    async def run() -> None:
        async with _remote(url) as remote:
            found = await remote.case(case)
        _print(found, as_json=as_json, view=show.case)

    _run(run())


@app.command()
def respond(
    user: Annotated[str, typer.Argument(help="Object id or user principal name.")],
    reason: Annotated[str, typer.Option(help="Why; it goes into the journal.")],
    dry_run: Annotated[bool, typer.Option(help="Only plan; change nothing.")] = False,
    within: Within = 120,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Open a case by hand: the account is compromised, do what the policy says."""
    _run(_ask(user, reason, dry_run=dry_run, within=within, url=url, as_json=as_json))


@app.command()
def plan(
    user: Annotated[str, typer.Argument(help="Object id or user principal name.")],
    within: Within = 120,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show what would be done to an account now, and change nothing."""
    _run(_ask(user, "plan", dry_run=True, within=within, url=url, as_json=as_json))


@app.command()
def undo(
    case: str,
    responder: Annotated[str | None, typer.Argument(help="Only this one's changes.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    within: Within = 120,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Put back what a case changed; shows what that is and asks first."""
    from cli.undo import put_back

    _run(put_back(_remote(url), case, responder, yes=yes, within=within, as_json=as_json))


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A payload.")],
    source: Annotated[str, typer.Option(help="The configured source to post it as.")],
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Post a payload file to the app, signed as its source would."""

    async def run() -> None:
        async with _remote(url) as remote:
            answer = await remote.post_alert(source, file.read_bytes())
        _print(answer, as_json=as_json, view=lambda found: json.dumps(found, indent=2))

    _run(run())


async def _ask(
    user: str, reason: str, *, dry_run: bool, within: float, url: str | None, as_json: bool
) -> None:
    request = Request(
        request=uuid.uuid4().hex,
        user=user,
        reason=reason,
        by=getpass.getuser(),
        mode="dry_run" if dry_run else "respond",
    )
    async with _remote(url) as remote:
        answer = await remote.post_alert("operator", request.model_dump_json().encode())
        case = await remote.case_of(answer["alerts"][0]["id"], within=within)
        found: Json = {}
        with show.errors().status(f"Case {case}"):
            async for seen in remote.watch(case, within=within):
                found = seen
    _print(found, as_json=as_json, view=show.case)
    if found["status"] not in {"contained", "observed"}:
        raise CommandError(f"Case {case} is {found['status']}", code=Exit.NOT_CONTAINED)


def _remote(url: str | None) -> Remote:
    address: Address = find(url)
    return Remote(address.url, secret=address.secret, token=address.token)


def _print(found: Json, *, as_json: bool, view: Any) -> None:
    if as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        Console().print(view(found))


def _run(work: Coroutine[Any, Any, None]) -> None:
    try:
        asyncio.run(work)
    except CommandError as error:
        show.errors().print(f"[bold red]{error}[/]")
        raise typer.Exit(error.code) from error
    except KeyboardInterrupt:
        raise typer.Exit(Exit.INTERRUPTED) from None
    except asyncio.CancelledError:
        raise typer.Exit(Exit.TERMINATED) from None


def main() -> None:
    """Run the command line."""
    app()
