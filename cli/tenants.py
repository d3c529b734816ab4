"""`firebreak tenants`: the tenants of a provider's deployment that one may see."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table

from cli import show
from cli.running import AsJson, Url, finish, remote_app, show_found
from shared.model import Json, Mode


def tenants(url: Url = None, as_json: AsJson = False) -> None:
    """List the tenants of a provider's deployment, and who waits in each."""

    async def run() -> None:
        async with remote_app(url) as remote:
            show_found(await remote.tenants(), as_json=as_json, view=as_text)

    finish(run())


def as_text(found: Json) -> RenderableType:
    """Show the list of tenants."""
    table = Table(box=None, header_style="bold")
    for column in ("tenant", "", "waits for a person", "running", "kill switch"):
        table.add_column(column)
    for one in found["tenants"]:
        paused = one["ceiling"] != Mode.ENFORCE
        switch = f"at most {one['ceiling']}, by {one['paused_by']}" if paused else "not pulled"
        counts = str(one["people"]), str(one["running"])
        table.add_row(one["name"] or "-", show.outside(one["title"]), *counts, show.outside(switch))
    return table
