"""What `firebreak alerts` shows of what the app says: reasons, and no command for the terminal."""

from __future__ import annotations

import io
import json
from typing import Any

from rich.console import Console, RenderableType

from cli.alerts import as_list, as_text
from tests.tasks.benches import Bench

JSON = {"accept": "application/json"}
NASTY = "\x1b[2J[/bold][link=https://mallory.example]"


def printed(shown: RenderableType) -> str:
    file = io.StringIO()
    Console(file=file, width=100, force_terminal=True, color_system=None).print(shown)
    return file.getvalue()


async def said(bench: Bench, address: str) -> Any:
    page = await (bench.app.why(address, JSON) if address else bench.app.alerts(JSON, {}))
    return json.loads(page.body)


async def test_the_list_says_the_state_the_source_and_the_reason_of_each() -> None:
    async with Bench() as bench:
        await bench.post("defender", b"{")
        await bench.ask(user="nobody@contoso.example")
        await bench.settle()
        shown = printed(as_list(await said(bench, "")))
        for words in ("unreadable", "unresolved", "defender", "operator", "not JSON", "404"):
            assert words in shown


async def test_text_from_outside_is_no_markup_and_no_command() -> None:
    async with Bench() as bench:
        await bench.ask(user="nobody@contoso.example", reason=NASTY, by=NASTY)
        await bench.post("defender", f'{{"a": "{NASTY}'.encode())
        await bench.settle()
        for alert in bench.alerts():
            shown = printed(as_text(await said(bench, alert.id)))
            assert "[/bold]" in shown
            assert "\x1b" not in shown
        assert "\x1b" not in printed(as_list(await said(bench, "")))


async def test_the_reason_it_failed_stands_beside_the_reason_somebody_gave() -> None:
    async with Bench() as bench:
        await bench.ask(user="nobody@contoso.example", reason="the owner called")
        await bench.settle()
        (alert,) = bench.alerts()
        shown = printed(as_text(await said(bench, alert.id)))
        assert "404" in shown
        assert "the owner called" in shown
