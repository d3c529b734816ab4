"""Every page is clean by axe-core and fits, light and dark, on a desk and on a telephone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from shared import pages
from tests.e2e.gallery import LOOKS, play
from tests.tasks.benches import POLICY

pytestmark = pytest.mark.browser

CONTRAST = {"runOnly": ["color-contrast"]}
"""What a scheme can change; the other rules are tried on a telephone, where tables are stacked."""
ALIKE = {
    *("case-admin", "case-full_house", "case-long-ago", "case-synced_user", "case-guest"),
    *("reader-case", "reader-approvals", "sweep-secure_score", "sweep-mail_forwarding"),
}
"""Long pages of a template that others here show as well: axe takes the square of their length."""
RUN = "options => axe.run(document, options)"
TEMPLATES = Path(pages.__file__).parent / "templates"


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return asyncio.run(play(tmp_path_factory.mktemp("gallery"), policy=POLICY))


def judged(page: Page, html: str, *, fully: bool) -> Iterator[str]:
    """Load a page once, and say in each look what is wrong with it."""
    page.set_content(html)
    axe = Axe()
    for number, (scheme, width) in enumerate((LOOKS[0], LOOKS[-1])):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 800})
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            yield f"{scheme} {width}: {wide} wide"
        if fully:
            found = page.evaluate(RUN, CONTRAST) if number else axe.run(page).response
            for one in found["violations"]:
                yield f"{scheme} {width}: {one['id']} {one['nodes'][0]['html'][:120]}"


def test_every_page_is_clean_and_fits(shown: dict[str, str], browser: Browser) -> None:
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    page.set_default_timeout(60_000)
    found = {
        name: list(judged(page, html, fully=name not in ALIKE)) for name, html in shown.items()
    }
    context.close()
    assert {name: said for name, said in found.items() if said} == {}


def titles() -> dict[str, str]:
    """What the title of each whole page is like, as a pattern, by its template."""
    whole = {
        template.name: text
        for template in TEMPLATES.glob("*.html")
        if (text := template.read_text(encoding="utf-8")).startswith('{% extends "shell.html"')
    }
    found = {name: re.findall(r"block title %}(.*?){% endblock", whole[name]) for name in whole}
    return {name: re.sub(r"{{.*?}}|{%.*?%}", ".*", title[0]) for name, title in found.items()}


def test_the_gallery_leaves_no_page_out(shown: dict[str, str]) -> None:
    there = [
        title for html in shown.values() for title in re.findall(r"<title>(.*?)</title>", html)
    ]
    absent = {
        template
        for template, title in titles().items()
        if not any(re.fullmatch(f"{title} · Firebreak", one) for one in there)
    }
    assert absent == set()
