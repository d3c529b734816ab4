"""A bench whose people can be told: every kind of channel, answered in the lab."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lab.receivers import Receivers
from lab.services import channels
from lab.workbench import as_operator
from shared.model import CaseStatus
from tests.tasks.benches import POLICY, Bench

EVERYWHERE = """
[[notify]]
channels = ["teams", "slack", "mail", "pager", "opsgenie", "jira", "servicenow", "hook"]
"""


def telling_bench(
    far: Receivers,
    patch: pytest.MonkeyPatch,
    folder: Path,
    *,
    notify: str = EVERYWHERE,
    **wishes: Any,
) -> Bench:
    """Make a bench under the bench's policy and a `[[notify]]` of one's own."""
    for name, value in far.environment().items():
        patch.setenv(name, value)
    text = POLICY.read_text(encoding="utf-8")
    path = folder / "telling.toml"
    path.write_text(f"{text}\n{notify}", encoding="utf-8")
    settings = {"policy": path, "channels": channels(far.smtp_port)}
    return Bench(settings={**settings, **wishes.pop("settings", {})}, **wishes)


async def told(bench: Bench) -> None:
    """Let the timer come by and everything due be sent."""
    await bench.app.reconcile()
    await bench.settle()


async def contained(bench: Bench) -> None:
    """Tell the story and have it answered."""
    await bench.tell()
    await bench.settle()
    assert bench.the_case().status is CaseStatus.CONTAINED


async def ask(bench: Bench, what: str, channel: str) -> tuple[int, str]:
    """Ask about a channel, as whoever has the key may: `test` it, or send `again`."""
    body = json.dumps({"by": "olga", "channel": channel}).encode()
    headers = as_operator(f"notifications/{what}", body, bench.clock.now())
    page = await bench.app.notify(what, headers, body)
    return page.status, page.body
