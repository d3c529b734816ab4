"""The `firebreak` command.

Exit codes: 0 done · 1 failed · 2 wrong usage · 3 a foothold is left or a person is needed ·
4 the app does not answer · 5 the app refused · 130 interrupted · 143 terminated.
"""

from __future__ import annotations

import getpass
import uuid
from typing import Annotated, Literal

import typer

from cli import show, way_back
from cli.alerts import alerts
from cli.answer_commands import approve, false_alarm, list_approvals, refuse, since
from cli.audit import audit
from cli.doctor import doctor
from cli.exits import CommandError, Exit
from cli.guards import guards
from cli.notify_commands import notify
from cli.past_commands import backtest, replay
from cli.permissions import permissions
from cli.policy_commands import policy
from cli.running import AsJson, Url, Within, finish, remote_app, show_found
from cli.sweeps import sweep
from cli.tenants import tenants
from shared.alerts.admin_request import Request
from shared.model import Json

type Mode = Literal["respond", "dry_run", "harden"]

app = typer.Typer(
    name="firebreak",
    help="Automatic response for compromised Microsoft 365 mail accounts.",
    epilog=(__doc__ or "").partition("\n\n")[2],
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
cases = typer.Typer(help="Look at cases.", no_args_is_help=True)
app.add_typer(cases, name="cases")
app.add_typer(policy, name="policy")
app.add_typer(alerts, name="alerts")
app.add_typer(guards, name="guards")
app.command("approvals")(list_approvals)
app.command()(approve)
app.command()(refuse)
app.command()(since)
app.command("false-alarm")(false_alarm)
app.command()(replay)
app.command()(tenants)
app.command()(backtest)
app.command()(permissions)
app.command()(doctor)
app.add_typer(sweep, name="sweep")
app.add_typer(audit, name="audit")
app.add_typer(notify, name="notify")


@app.callback()
def about(
    tenant: Annotated[
        str | None,
        typer.Option(
            envvar="FIREBREAK_TENANT", help="Of a provider's deployment: one customer, or all."
        ),
    ] = None,
) -> None:
    """Say what goes for every command."""


@app.command()
def demo(as_json: AsJson = False) -> None:
    """Play two compromises against a local stack and show how each is stopped."""
    from cli.demo import play

    finish(play(as_json=as_json))


@app.command()
def up(
    port: Annotated[int, typer.Option(help="Port of the app; 0 takes any free one.")] = 7071,
) -> None:
    """Start the local stack, keep it running, and print what to try."""
    from cli.up import keep_up

    finish(keep_up(port))


@cases.command("list")
def list_cases(url: Url = None, as_json: AsJson = False) -> None:
    """List the cases, whoever waits for a person first."""

    async def run() -> None:
        async with remote_app(url) as remote:
            found = await remote.cases()
        show_found(found, as_json=as_json, view=show.case_list)

    finish(run())


@cases.command("show")
def show_case(case: str, url: Url = None, as_json: AsJson = False) -> None:
    """Show one case: the answer, the footholds and their fate, the changes."""

    async def run() -> None:
        async with remote_app(url) as remote:
            found = await remote.case(case)
        show_found(found, as_json=as_json, view=show.case)

    finish(run())


@cases.command("evidence")
def show_evidence(case: str, url: Url = None, as_json: AsJson = False) -> None:
    """Give out a case's evidence; what was altered since is named and withheld."""

    async def run() -> None:
        async with remote_app(url) as remote:
            found = await remote.evidence(case)
        show_found(found, as_json=as_json, view=show.evidence)
        if not found["intact"]:
            raise CommandError("Not all of it is as it was kept: do not rely on it")

    finish(run())


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
    mode: Mode = "dry_run" if dry_run else "respond"
    finish(_ask(user, reason, mode=mode, within=within, url=url, as_json=as_json))


@app.command()
def harden(
    user: Annotated[str, typer.Argument(help="Object id or user principal name.")],
    reason: Annotated[str, typer.Option(help="Why, such as what a sweep found.")],
    within: Within = 120,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Open a case to mend what a sweep found about an account; each change waits for approval."""
    finish(_ask(user, reason, mode="harden", within=within, url=url, as_json=as_json))


@app.command()
def plan(
    user: Annotated[str, typer.Argument(help="Object id or user principal name.")],
    within: Within = 120,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show what would be done to an account now, and change nothing."""
    finish(_ask(user, "plan", mode="dry_run", within=within, url=url, as_json=as_json))


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

    finish(put_back(remote_app(url), case, responder, yes=yes, within=within, as_json=as_json))


@app.command()
def confirm(
    case: str,
    check: Annotated[str, typer.Argument(help="The checklist's line, as `cases show` names it.")],
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Say that a line of a case's checklist is done; your name goes into the journal."""
    finish(way_back.confirm(remote_app(url), case, check, as_json=as_json))


@app.command()
def restore(
    case: str,
    override: Annotated[
        str, typer.Option(help="Why it is right although the checklist is not green.")
    ] = "",
    within: Within = 120,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Let the owner back in: new password, out of the blocked group, sign-in allowed."""
    finish(way_back.restore(remote_app(url), case, override, within=within, as_json=as_json))


@app.command("access-pass")
def access_pass(
    case: str,
    minutes: Annotated[int, typer.Option(help="How long it is good.")] = 60,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Make a Temporary Access Pass for an owner who is back, and show it this once."""
    finish(way_back.access_pass(remote_app(url), case, minutes, as_json=as_json))


@app.command()
def erase(
    user: Annotated[str, typer.Argument(help="Object id of the account.")],
    reason: Annotated[
        str, typer.Option(help="Why, without the person's name: it stays on record.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    within: Within = 120,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Erase what is kept of a person; shows what that is and asks first."""
    from cli.erase import erase as see_through

    finish(see_through(remote_app(url), user, reason, yes=yes, within=within, as_json=as_json))


@app.command("erasures")
def list_erasures(url: Url = None, as_json: AsJson = False) -> None:
    """List what is being erased, what was, and what an immutability policy holds back."""
    from cli.erase import list_view

    async def run() -> None:
        async with remote_app(url) as remote:
            show_found(await remote.erasures(), as_json=as_json, view=list_view)

    finish(run())


async def _ask(
    user: str, reason: str, *, mode: Mode, within: float, url: str | None, as_json: bool
) -> None:
    request = Request(
        request=uuid.uuid4().hex,
        user=user,
        reason=reason,
        by=getpass.getuser(),
        mode=mode,
    )
    async with remote_app(url) as remote:
        answer = await remote.post_alert("operator", request.model_dump_json().encode())
        case = await remote.case_of(answer["alerts"][0]["id"], within=within)
        found: Json = {}
        with show.errors().status(f"Case {case}"):
            async for seen in remote.watch(case, within=within):
                found = seen
    show_found(found, as_json=as_json, view=show.case)
    if found["status"] not in {"contained", "observed"}:
        raise CommandError(f"Case {case} is {found['status']}", code=Exit.NOT_CONTAINED)


def main() -> None:
    """Run the command line."""
    app()
