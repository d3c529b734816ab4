"""`firebreak approvals | approve | refuse | since | false-alarm`: what a person decides."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import approvals
from cli.running import AsJson, Url, finish, remote_app


def list_approvals(
    *,
    after: Annotated[str, typer.Option(help="Go on where the page before ended.")] = "",
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show the changes that wait for a person."""
    finish(approvals.waiting(remote_app(url), after=after, as_json=as_json))


def approve(  # noqa: PLR0913 - one for each option
    case: str,
    responder: Annotated[str | None, typer.Argument(help="Only this one's change.")] = None,
    *,
    only: Annotated[list[str] | None, typer.Option(help="Only this foothold; repeatable.")] = None,
    reason: Annotated[str, typer.Option(help="Why; it goes into the journal.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Release what waits in a case; shows what that is and asks first."""
    finish(
        approvals.approve(
            remote_app(url),
            case,
            responder,
            only=only or [],
            reason=reason,
            yes=yes,
            as_json=as_json,
        )
    )


def refuse(
    case: str,
    responder: str,
    reason: Annotated[str, typer.Option(help="Why; it goes into the journal.")],
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Let a change be that waits for a person."""
    finish(approvals.refuse(remote_app(url), case, responder, reason=reason, as_json=as_json))


def since(
    case: str,
    time: Annotated[str, typer.Argument(help="When it began, like 2026-11-23T08:30:00Z.")],
    again: Annotated[bool, typer.Option("--again", help="Plan what has ended, too.")] = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Say when the compromise began; what waits or runs is planned again."""
    finish(approvals.since(remote_app(url), case, time, again=again, as_json=as_json))


def false_alarm(
    cases: Annotated[list[str], typer.Argument(help="The cases; up to 50 at once.")],
    reason: Annotated[str, typer.Option(help="How you know; it goes into the journals.")],
    *,
    take_back: Annotated[bool, typer.Option("--take-back", help="It was none after all.")] = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Close cases as false alarms: what waits is let be, and their sources are told.

    What was changed stays until `undo` puts it back.
    """
    what = "take-back" if take_back else "false-alarm"
    finish(approvals.judge(remote_app(url), cases, what, reason=reason, as_json=as_json))
