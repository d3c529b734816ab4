"""Every page is clean by axe-core, light and dark, on a desk and on a telephone."""

from __future__ import annotations

import asyncio

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ViewportSize

from shared.desk import Page
from tests.tasks.approving import Person

pytestmark = pytest.mark.browser

HTML = {"accept": "text/html"}
NAMES = (
    *("case", "cases", "found", "restore", "undo", "report", "problem"),
    *("approvals", "alerts", "guards", "notifications", "policy", "health"),
)
LOOKS = [("light", 1200), ("dark", 375)]


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """Every page of one case of which some changes are made and others wait."""

    async def make() -> dict[str, Page]:
        async with Person() as bench:
            cards = await bench.asked()
            await bench.approve(cards["stop_forwarding"])
            await bench.settle()
            app, case = bench.app, bench.the_case().id
            return {
                "case": await app.page(f"cases/{case}", HTML),
                "cases": await app.page("cases", HTML),
                "found": await app.page("cases", HTML, {"q": "ada"}),
                "restore": await app.page(f"cases/{case}/restore", HTML),
                "undo": await app.show_undo(case, HTML),
                "report": await app.page(f"cases/{case}/report", HTML),
                "problem": await app.page("cases/aaaaaaaa", HTML),
                "approvals": await app.approvals(HTML),
                "alerts": await app.page("alerts", HTML),
                "guards": await app.guards(HTML),
                "notifications": await app.notifications(HTML),
                "policy": await app.show_policy(HTML),
                "health": await app.health(HTML),
            }

    return {name: page.body for name, page in asyncio.run(make()).items()}


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_clean_and_fits(
    pages: dict[str, str], browser: Browser, name: str, scheme: str, width: int
) -> None:
    size = ViewportSize(width=width, height=800)
    context = browser.new_context(viewport=size, bypass_csp=True)
    page = context.new_page()
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_content(pages[name])
    found = Axe().run(page).response["violations"]
    wide = page.evaluate("document.documentElement.scrollWidth")
    context.close()
    assert [(v["id"], v["nodes"][0]["html"][:120]) for v in found] == []
    assert wide <= width
