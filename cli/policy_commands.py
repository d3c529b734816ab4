"""The commands under `firebreak policy`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import policy as answers
from cli.running import AsJson, Url, finish, remote_app, show_found
from shared.model import AccountKind, AlertKind, Json, Severity

policy = typer.Typer(help="Check, explain and compare policies.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(help="The policy.")]
_SHIPPED = Path("policy.toml")


@policy.command()
def check(file: File = _SHIPPED, as_json: AsJson = False) -> None:
    """Check a policy without an app: every mistake with its line; exit code 1 if there is one."""

    async def run() -> None:
        found = answers.checked(answers.read(file))
        show_found(found, as_json=as_json, view=answers.as_text)

    finish(run())


@policy.command()
def explain(  # noqa: PLR0913, PLR0917 - typer reads the options off the arguments
    kind: Annotated[
        AlertKind | None,
        typer.Option(help="What the alert says happened; without it, what holds for all."),
    ] = None,
    severity: Annotated[Severity, typer.Option(help="How loud it is.")] = Severity.HIGH,
    user: Annotated[
        str | None, typer.Option(help="Ask the app about this account, with its guards.")
    ] = None,
    account: Annotated[
        list[AccountKind] | None, typer.Option(help="Without --user: what kind of account it is.")
    ] = None,
    file: Annotated[Path, typer.Option(help="Without --user: the policy.")] = _SHIPPED,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Say what would be done about an alert, and why, or what each setting means."""

    async def run() -> None:
        if kind is None:
            show_found(answers.standing(file), as_json=as_json, view=answers.settings_table)
            return
        if user is None:
            kinds = frozenset(account or [AccountKind.CLOUD])
            found = answers.explained(answers.read(file), kind, severity, kinds)
        else:
            asked = {"user": user, "kind": kind, "severity": severity}
            async with remote_app(url) as remote:
                found = await remote.rehearse("explain", asked)
        show_found(found, as_json=as_json, view=answers.explanation)

    finish(run())


@policy.command()
def compare(
    file: File,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How far back to look.")] = 90,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Say what another policy would have done with the app's past cases; changes nothing."""

    async def run() -> None:
        answers.read(file)
        proposal: Json = {"policy": file.read_text(encoding="utf-8"), "days": days}
        async with remote_app(url) as remote:
            found = await remote.rehearse("compare", proposal)
        show_found(found, as_json=as_json, view=answers.comparison)

    finish(run())


@policy.command()
def schema() -> None:
    """Print the policy's JSON Schema, for editors."""
    print(answers.schema_text())
