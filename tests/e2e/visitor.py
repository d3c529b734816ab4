"""Somebody at a browser before the app in this process: reads pages and presses buttons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from shared.app import App
from shared.desk import Page
from shared.paths import Ask, find

BROWSER = {"accept": "text/html", "host": "127.0.0.1:7071"}


@dataclass
class Visitor:
    """Keeps what each page said, by a name for it."""

    app: App
    shown: dict[str, str] = field(default_factory=dict)

    async def show(
        self, name: str, path: str, *, app: App | None = None, more: Mapping[str, str] | None = None
    ) -> None:
        """Keep what a page says now; `more` are headers, such as whose they are."""
        place, _, query = path.partition("?")
        ask = Ask({**BROWSER, **(more or {})}, dict(parse_qsl(query)))
        page = await answered("GET", place, app or self.app, ask)
        assert page.media == "text/html", path
        self.shown[name] = page.body

    async def press(self, path: str, **fields: Any) -> Page:
        """Send a form of a page of the local stack."""
        headers = {**BROWSER, "sec-fetch-site": "same-origin"}
        page = await answered(
            "POST", path, self.app, Ask(headers, {}, urlencode(fields, doseq=True).encode())
        )
        assert page.status < 400, page.body
        return page


async def answered(method: str, path: str, app: App, ask: Ask) -> Page:
    """Answer one request, whichever path it is."""
    found = find(method, path)
    assert found is not None, path
    answer, values = found
    return await answer(app, ask, values)
