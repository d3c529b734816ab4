"""What an intruder writes stays words: on every page, in every log line, in every export."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from lab.scenarios import token_thief
from shared.sweeps.export import Export
from shared.sweeps.formats import FORMATS
from shared.telemetry import open_log
from tests.tasks.benches import Bench

HOSTILE = (
    "<script>canary()</script>",
    "\"'><img src=x onerror=canary()>",
    "javascript:canary()",
    "{{ 7 * 191 }}{% raw %}${7*191}",
    "=cmd|' /C calc'!A0",
    "line\r\nSet-Cookie: canary=1\r\n\r\n<b>",
    "\x1b[2J\x1b]0;canary\x07\u202egnp.exe\u2066",
)
PAGES = ("cases", "alerts", "cases/{case}", "cases/{case}/report", "cases/{case}/restore")


class Elements(HTMLParser):
    """Every element of a page with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def active(page: str) -> list[Any]:
    """The elements that would do what the intruder wrote."""
    elements = Elements()
    elements.feed(page)
    return [
        (tag, name, value)
        for tag, attrs in elements.found
        for name, value in [("", ""), *attrs.items()]
        if name.startswith("on")
        or (tag == "script" and not name and "src" not in attrs and "nonce" not in attrs)
        or (name in {"href", "src", "action"} and (value or "").startswith("javascript:"))
    ]


def script_texts(page: str) -> list[str]:
    return [part.partition("</script>")[0] for part in page.split("<script")[1:]]


@pytest.mark.parametrize("words", HOSTILE)
async def test_an_intruders_words_do_nothing_on_any_page_log_line_or_export(
    words: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with Bench(story=token_thief, log=open_log()) as bench:
        user = bench.tenant.users[bench.oid]
        bench.tenant.state.users.seed(bench.oid, replace(user, display_name=words))
        await bench.tell()
        await bench.ask(reason=words, by=words)
        body = {"value": [{"id": "a" * 64, "title": words, "riskEventType": words}]}
        await bench.post("identity-protection", body)
        await bench.post("defender", {"title": words, "id": words})
        await bench.settle()
        case = bench.the_case().id
        for place in PAGES:
            page = await bench.app.page(place.format(case=case), {"accept": "text/html"})
            assert page.status == 200
            assert [found for found in active(page.body) if found[0] != "script"] == []
            assert not any("canary" in text for text in script_texts(page.body))
            assert "1337" not in page.body
            assert not any("\n" in v or "\r" in v for v in page.headers.values())
        told = (await bench.app.page(f"cases/{case}", {"accept": "text/html"})).body
        assert any(word in told for word in ("canary", "191", "calc")), "no page shows the words"
        export = Export(bench.store, bench.clock.now, bench.app.settings.tenant)
        async for line in export.lines():
            for written in (shape(line) for shape in FORMATS.values()):
                assert len(written.splitlines()) == 1
                assert "\x1b" not in written
                assert "\u202e" not in written
    ours = [r.getMessage() for r in caplog.records if r.name == "firebreak"]
    assert ours
    for said in ours:
        assert isinstance(json.loads(said), dict)
        assert not {"\n", "\r", "\x1b", "\u202e"} & set(said)
