"""What people would have been told on a local stack lies in a folder, with a line for each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lab import services
from lab.noticeboard import Noticeboard, settings
from lab.receivers import Receivers
from tests.tasks.benches import POLICY, Bench
from tests.tasks.telling import told

type Lines = list[tuple[str, str, Path]]


async def contained(folder: Path, patch: pytest.MonkeyPatch) -> Lines:
    """Play a case under the settings of a local stack; gives the lines its terminal prints."""
    lines: Lines = []
    board = Noticeboard(folder / "told", lambda *line: lines.append(line))
    async with Receivers(pin=board.pin) as far:
        for name, value in far.environment().items():
            patch.setenv(name, value)
        given = settings(far.smtp_port, policy=POLICY, written=folder / "policy.toml")
        async with Bench(settings=as_settings(given)) as bench:
            await bench.detect(1, level="medium")
            await bench.settle()
            await told(bench)
    return lines


def as_settings(given: dict[str, str]) -> dict[str, Any]:
    return {
        "policy": given["FIREBREAK_POLICY"],
        "channels": json.loads(given["FIREBREAK_CHANNELS"]),
        "link_keys": json.loads(given["FIREBREAK_LINK_KEYS"]),
    }


async def test_each_channel_has_its_line_and_the_whole_message_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = await contained(tmp_path, monkeypatch)
    opened = {channel: path for channel, said, path in lines if said.startswith("Case opened: ada")}
    assert set(opened) == {"teams", "slack", "mail", "jira"}
    for path in opened.values():
        assert "ada.brandt@contoso.example" in path.read_text(encoding="utf-8")
    assert len({path for _, _, path in lines}) == len(list((tmp_path / "told").iterdir()))


async def test_a_message_about_an_approval_leads_to_the_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = await contained(tmp_path, monkeypatch)
    wanted = [path for channel, said, path in lines if channel == "slack" and "Approval" in said]
    assert wanted
    assert all("/api/approve/" in path.read_text(encoding="utf-8") for path in wanted)


def test_a_look_up_tells_nobody_anything(tmp_path: Path) -> None:
    lines: Lines = []
    board = Noticeboard(tmp_path, lambda *line: lines.append(line))
    board.pin(services.JIRA, b'{"jql": "labels = x", "fields": ["summary"]}')
    board.pin(services.SERVICENOW, b"")
    assert lines == []
    assert list(tmp_path.iterdir()) == []
