"""What every command shares: where the app is, how a result is printed, how a command ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from typing import Annotated, Any

import click
import typer
from rich.console import Console

from cli import show
from cli.address import Address, find
from cli.exits import CommandError, Exit
from cli.remote import Remote
from shared.model import Json
from shared.pages.text import escaped

Url = Annotated[
    str | None,
    typer.Option(envvar="FIREBREAK_URL", help="The app's address; default: the local stack."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Within = Annotated[float, typer.Option(help="Seconds to wait for the case to settle.")]


def remote_app(url: str | None) -> Remote:
    """Find the app and what to prove oneself with."""
    address: Address = find(url)
    tenant = _tenant()
    return Remote(address.url, secret=address.secret, token=address.token, tenant=tenant)


def _tenant() -> str | None:
    """Tell which customer the whole command line is about, as `firebreak --tenant NAME` says."""
    context = click.get_current_context(silent=True)
    return context.find_root().params.get("tenant") if context else None


def show_found(found: Json, *, as_json: bool, view: Any) -> None:
    """Print a result: as JSON for programs, else as `view` draws it for people."""
    if as_json:
        print(escaped(json.dumps(found, indent=2, ensure_ascii=False)))
    else:
        Console().print(view(found))


def finish(work: Coroutine[Any, Any, None]) -> None:
    """See a command through; its errors become a sentence and an exit code."""
    try:
        asyncio.run(work)
    except CommandError as error:
        show.errors().print(f"[bold red]{error}[/]")
        raise typer.Exit(error.code) from error
    except KeyboardInterrupt:
        raise typer.Exit(Exit.INTERRUPTED) from None
    except asyncio.CancelledError:
        raise typer.Exit(Exit.TERMINATED) from None
