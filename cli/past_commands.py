"""`firebreak replay` and `firebreak backtest`: payloads in files, offline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cli import backtest_report, policy, show
from cli import replay as dry_replay
from cli.backtest import Backtest
from cli.exits import CommandError, Exit
from cli.gather import Gathered, Gatherer
from cli.pile import Pile
from cli.reading import Reader, sources_of
from cli.running import AsJson, Url, finish, remote_app, show_found
from shared.model import AccountKind

_SHIPPED = Path("policy.toml")
SourcesFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="What FIREBREAK_SOURCES says, for rules and mappings; secrets unread."
    ),
]


def replay(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Payloads.")],
    source: Annotated[str | None, typer.Option(help="The configured source to post it as.")] = None,
    dry: Annotated[
        bool, typer.Option("--dry", help="Post nothing, whatever else is said.")
    ] = False,
    sources: SourcesFile = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Say what is read from a payload and why, without an app; with --source, post it signed."""

    async def post(name: str) -> None:
        async with remote_app(url) as remote:
            answer = await remote.post_alert(name, file.read_bytes())
        show_found(answer, as_json=as_json, view=lambda found: json.dumps(found, indent=2))

    async def explain() -> None:
        found = dry_replay.explained(file, Reader(sources=sources_of(sources)))
        show_found(found, as_json=as_json, view=dry_replay.explanation)
        if not dry_replay.understood(found):
            raise CommandError("Not all of it could be read")

    finish(explain() if dry or source is None else post(source))


def backtest(  # noqa: PLR0913, PLR0917 - typer reads the options off the arguments
    path: Annotated[Path, typer.Argument(exists=True, help="Past alerts: a folder or a file.")],
    policy_file: Annotated[Path, typer.Option("--policy", help="The policy.")] = _SHIPPED,
    source: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=CARRIER",
            help="Files below a folder, or files, called NAME speak CARRIER; repeatable. "
            "Others are read by whichever carrier recognises them.",
        ),
    ] = None,
    sources: SourcesFile = None,
    account: Annotated[
        list[AccountKind] | None,
        typer.Option(help="What accounts are taken for, since none is looked up; default: cloud."),
    ] = None,
    directory: Annotated[
        int | None, typer.Option(min=1, help="Accounts in the directory, for limits by share.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what a policy would have done with past alerts, without an app; changes nothing."""

    async def run() -> None:
        read, reader = policy.read(policy_file), Reader(_named(source or []), sources_of(sources))
        kinds = frozenset(account or [AccountKind.CLOUD])
        test = Backtest(read, kinds, directory=directory)
        with Pile() as pile:
            gathered = _gathered(Gatherer(reader, pile), path)
            with show.errors().status(f"Judging {gathered.alerts:,} alerts"):
                await test.run(pile.in_order())
        found = backtest_report.report(
            gathered, test, policy=read, kinds=kinds, directory=directory
        )
        show_found(found, as_json=as_json, view=backtest_report.as_text)

    finish(run())


def _gathered(gatherer: Gatherer, path: Path) -> Gathered:
    errors = show.errors()
    with errors.status("Reading") as status:

        def say(found: Gathered, file: Path) -> None:
            status.update(f"Read {found.files:,} files, {found.alerts:,} alerts; now {file.name}")

        found = gatherer.gather(path, say=say)
    errors.print(f"Read {found.bodies:,} bodies from {found.files:,} files.", markup=False)
    return found


def _named(pairs: list[str]) -> dict[str, str]:
    split = [pair.partition("=") for pair in pairs]
    for pair, (name, _, carrier) in zip(pairs, split, strict=True):
        if not name or not carrier:
            raise CommandError(f"--source {pair}: write NAME=CARRIER", code=Exit.USAGE)
    return {name: carrier for name, _, carrier in split}
