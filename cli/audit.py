"""`firebreak audit`: verify what is on record and read it out, from storage itself.

Not through the app: whoever doubts the record need not ask the one who keeps it. It takes the
right to read the storage account, found as the app finds it: `AzureWebJobsStorage`, or
`AzureWebJobsStorage__accountName` with a sign-in of yours. A local stack is found by itself.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.address import local_record
from cli.exits import CommandError, Exit
from cli.running import AsJson, finish
from shared.errors import FirebreakError
from shared.model import CaseId, TenantId, now, number_of
from shared.store.account import StorageConnection
from shared.store.azure import AzureStore
from shared.sweeps.erased_record import Erased
from shared.sweeps.export import Export
from shared.sweeps.formats import FORMATS, Format, as_erased, as_finding, plain
from shared.sweeps.verify import Verify

audit = typer.Typer(help="Verify what is on record, and read it out.", no_args_is_help=True)

_TENANT = "FIREBREAK_TENANT_ID"


@audit.command()
def verify(as_json: AsJson = False) -> None:
    """Look for tampering in every chain, case, piece of evidence and anchor; name what is found."""

    async def run() -> None:
        found = 0
        async with _record() as (store, tenant):
            walk = Verify(store, now, tenant)
            async for fault in walk.run():
                found += 1
                print(
                    as_finding(fault) if as_json else f"{plain(fault.where)}: {plain(fault.what)}"
                )
            for one in walk.erased.erasures:
                print(as_erased(one) if as_json else plain(erased_line(one)))
        said = f"{walk.looked_at} cases and alerts looked at"
        if found:
            raise CommandError(f"{found} things are not as they were written; {said}")
        if not walk.looked_at:
            raise CommandError("Nothing is on record: is it the right tenant and storage account?")
        print(f"Everything is as it was written: {said}", file=sys.stderr)

    finish(run())


@audit.command()
def export(
    shape: Annotated[Format, typer.Option("--format", help="What reads it.")] = Format.JSONL,
    since: Annotated[
        str | None, typer.Option(help="Only from then on, like 2026-11-23T08:30:00Z.")
    ] = None,
    case: Annotated[str | None, typer.Option(help="Only this case.")] = None,
) -> None:
    """Print the audit trail and all journals, one line for each thing that was done."""

    async def run() -> None:
        start = _moment(since)
        async with _record() as (store, tenant):
            lines = Export(store, now, tenant).lines(
                since=start, case=CaseId(case) if case else None
            )
            async for line in lines:
                print(FORMATS[shape](line))

    finish(run())


def erased_line(one: Erased) -> str:
    """Say what was erased, on which day and by whom."""
    return (
        f"{one.where}: {number_of(one.lines, 'line')} erased on {one.at:%Y-%m-%d} by {one.by}, "
        f"as line {one.seq} says: {one.why}"
    )


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        said = f"{text!r} is no time; write it like 2026-11-23T08:30:00Z"
        raise CommandError(said, code=Exit.USAGE) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@asynccontextmanager
async def _record() -> AsyncIterator[tuple[AzureStore, TenantId]]:
    """Open the storage account; its errors become a sentence."""
    env = {**local_record(), **os.environ}
    tenant = env.get(_TENANT)
    if not tenant:
        raise CommandError(
            f"Whose record? Set {_TENANT} and AzureWebJobsStorage as the app has them",
            code=Exit.USAGE,
        )
    try:
        store = AzureStore.connect(StorageConnection.from_env(env))
        try:
            yield store, TenantId(tenant.lower())
        finally:
            await store.aclose()
    except FirebreakError as error:
        raise CommandError(str(error)) from error
