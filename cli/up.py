"""`firebreak up`: the local stack, kept running, with things to try."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from rich.console import Console
from rich.text import Text

from cli.address import Address, forget, note
from cli.local import Local, running, secret
from lab.noticeboard import Noticeboard
from lab.noticeboard import settings as channel_settings
from lab.ports import Wish
from lab.receivers import Receivers
from lab.scenarios import STORIES, Scenario
from lab.stack import ROOT

TOLD: Final = Path("out") / "told"
"""Where lies what people would have been told."""
_CURL: Final = """\
body='{body}'
t=$(date +%s)
s=$(printf '%s.%s' "$t" "$body" | openssl dgst -sha256 -hmac '{secret}' -r | cut -d' ' -f1)
curl -s {url}/api/alerts/{source} -H 'Content-Type: application/json' \\
  -H "X-Firebreak-Timestamp: $t" -H "X-Firebreak-Signature: $s" --data-binary "$body"
"""


async def keep_up(port: int) -> None:
    """Run until interrupted."""
    console = Console(highlight=False)
    wish = Wish(port, option="--port" if port not in {0, 7071} else "")

    def told(channel: str, said: str, path: Path) -> None:
        console.print(f"[bold]Told {channel}[/]", Text(said), f"[dim]{path}[/]", soft_wrap=True)

    board = Noticeboard(TOLD, told)
    board.clear()
    with console.status("Starting the local stack") as status, TemporaryDirectory() as folder:
        async with (
            Receivers(pin=board.pin) as far,
            running(
                STORIES.values(),
                say=status.update,
                port=wish,
                environment=far.environment() | _channels(far, Path(folder)),
            ) as local,
        ):
            status.stop()
            note(
                Address(
                    local.stack.url,
                    secret=secret(),
                    tenant=local.tenant.tenant_id,
                    storage=local.stack.connection_string,
                )
            )
            try:
                _tell(local, console)
                await asyncio.Event().wait()
            finally:
                forget()
                console.print("Stopping the stack")


def _channels(far: Receivers, folder: Path) -> dict[str, str]:
    return channel_settings(
        far.smtp_port, policy=ROOT / "policy.toml", written=folder / "policy.toml"
    )


def _tell(local: Local, console: Console) -> None:
    url = local.stack.url
    console.print(f"[bold]Case pages[/]  {url}/api/cases")
    console.print(f"[bold]Health[/]      {url}/api/health")
    console.print(f"[bold]Host log[/]    {local.stack.host_log}")
    console.print(
        f"[bold]Told[/]        {TOLD}/ gets what Teams, Slack, mail, pager and Jira would\n"
    )
    console.print("[bold]People you can compromise[/]")
    for scenario in local.scenarios:
        user = local.tenant.users[scenario.oid]
        console.print(f"  {user.upn:<44} {scenario.story}")
    console.print("\n[bold]Try, in another terminal[/]\n")
    user = local.tenant.users[local.scenarios[0].oid]
    console.print(f"  .venv/bin/firebreak plan {user.upn}", soft_wrap=True)
    console.print(
        f"  .venv/bin/firebreak respond {user.upn} --reason 'trying it out'", soft_wrap=True
    )
    console.print("  .venv/bin/firebreak cases list\n")
    console.print("[bold]Or post an alert as Identity Protection would[/]\n")
    print(_CURL.format(body=_body(local.scenarios[0]), secret=secret(), url=url, source=SOURCE))
    console.print("Ctrl-C stops everything.")


SOURCE: Final = "identity-protection"


def _body(scenario: Scenario) -> str:
    body = json.loads(scenario.alerts[0].body)
    body["value"][0]["detectedDateTime"] = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return json.dumps(body)
