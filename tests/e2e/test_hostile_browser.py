"""What an intruder writes, in a real browser: nothing runs, and every page holds at 375 px."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, Page

from tests.e2e.test_approval_pages import Site, served
from tests.tasks.approving import Person
from tests.tasks.benches import POLICY

pytestmark = pytest.mark.browser
SAY = "alert('canary');console.error('canary')"
HOSTILE = {
    "markup": f'<script>{SAY}</script>"\'><img src=x onerror="{SAY}">',
    "ends": f'</bdi></title></style></script><svg onload="{SAY}">',
    "code": f"javascript:{SAY}`${{{SAY}}}`{{{{ 7 * 191 }}}}",
    "lies": "\u202egnp.exe\u2066 \u200b\u200fname " + "e" + "\u0301\u0302\u0303" * 60,
    "long": "W" * 400,
}
PLACES = (
    *("cases", "cases/CASE", "cases/CASE/restore", "cases/CASE/undo", "cases/CASE/report"),
    *("approvals", "alerts", "alert/ALERT/why", "guards", "policy", "health", "notifications"),
)


class Hostile(Site):
    """A tenant and a policy in which every free word is an intruder's."""

    def __init__(self, words: str, policy: Path) -> None:
        super().__init__()
        self.words = words
        freeze = f"[[freeze]]\nname = {json.dumps(words[:60])}\ndays = ['sun']\n"
        text = POLICY.read_text(encoding="utf-8").replace("[[rule]]", f"{freeze}[[rule]]", 1)
        comment = "".join(letter for letter in words if letter.isprintable())
        policy.write_text(f"# {comment}\n{text}", encoding="utf-8")
        self.bench = Person(settings={"policy": policy})

    async def lay_out(self) -> None:
        bench, words = self.bench, self.words
        state, oid = bench.tenant.state, bench.oid
        state.users.seed(oid, replace(bench.tenant.users[oid], display_name=words))
        rules = tuple(replace(rule, name=words) for rule in bench.box.rules)
        state.mailboxes[oid] = replace(bench.box, rules=rules)
        await bench.asked()
        await bench.ask(reason=words, by=words)
        await bench.post("defender", {"title": words, "id": words})
        await bench.settle()


def complaining(page: Page) -> list[str]:
    """Collect whatever a script, a dialog or a broken page would say."""
    found: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        found.append(dialog.message)
        dialog.dismiss()

    page.on("console", lambda said: found.append(said.text))
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("dialog", dismiss)
    return found


@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE)
def test_an_intruders_words_run_nowhere_and_break_no_page(
    browser: Browser, words: str, tmp_path: Path
) -> None:
    site = Hostile(words, tmp_path / "policy.toml")
    with served(site):
        site.run(site.lay_out())
        case = site.bench.the_case().id
        alert = next(a.id for a in site.bench.alerts() if a.case is None)
        context = browser.new_context(viewport={"width": 375, "height": 740})
        page = context.new_page()
        complaints = complaining(page)
        wide = {}
        for place in PLACES:
            where = place.replace("CASE", case).replace("ALERT", alert)
            if where.endswith("report"):
                # It is sent as a file to keep, and opened from there.
                page.set_content(site.answer("GET", f"/api/{where}", {}, b"").body)
            else:
                answer = page.goto(f"{site.address}/{where}")
                assert answer is not None
                assert answer.status == 200
            wide[place] = page.evaluate("document.documentElement.scrollWidth")
            assert page.locator("main img, main script, main [onerror], main [onload]").count() == 0
            assert "1337" not in page.inner_text("main")
        context.close()
    assert complaints == []
    assert {place: width for place, width in wide.items() if width > 375} == {}
