"""The posture pages in a real browser: read, accepted, mended, kept; judged by axe."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from typer.testing import CliRunner

from cli.main import app
from lab.organisation import Organisation
from lab.score_history import ScoreHistory
from tests.e2e.test_approval_pages import Site, served
from tests.tasks.approving import Person

pytestmark = pytest.mark.browser
SHIPPED = Path(__file__).resolve().parents[2] / "policy.toml"
PAGES = ("sweeps", "sweeps/mfa_coverage", "sweeps/secure_score", "sweeps/mail_forwarding")


class Posture(Site):
    """An organisation that was swept once, under the policy that is shipped."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Person(settings={"policy": SHIPPED})

    def lay_out(self) -> None:
        Organisation(self.bench.tenant, 40)
        ScoreHistory(self.bench.tenant).lay_out(days=90)
        self.run(self.bench.app.start_sweeps())
        self.run(self.bench.settle(within=timedelta(days=2)))


@pytest.fixture(scope="module")
def site() -> Iterator[Posture]:
    made = Posture()
    made.lay_out()
    with served(made):
        yield made


@pytest.fixture(params=["light", "dark"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": 375, "height": 740}, color_scheme=request.param, bypass_csp=True
    )
    yield context.new_page()
    context.close()


@pytest.fixture
def strict(browser: Browser) -> Iterator[Page]:
    """A page under its own Content-Security-Policy, that complains of nothing."""
    context = browser.new_context(viewport={"width": 375, "height": 740})
    complaints: list[str] = []
    page = context.new_page()
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


@pytest.mark.parametrize("place", PAGES)
def test_a_page_fits_a_telephone_and_axe_finds_nothing(
    site: Posture, page: Page, place: str
) -> None:
    page.goto(f"{site.address}/{place}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_finding_is_accepted_until_a_day_by_keyboard(site: Posture, strict: Page) -> None:
    strict.goto(f"{site.address}/sweeps/mfa_coverage")
    first = strict.locator("article").first
    title = first.get_by_role("heading").inner_text()
    first.locator("summary").focus()
    strict.keyboard.press("Enter")
    first.get_by_label("Until").fill("2027-01-31")
    first.get_by_label("Why").fill("a key is ordered")
    strict.keyboard.press("Enter")
    strict.get_by_text("accepted it until").wait_for()
    said = strict.locator("article", has_text=title)
    assert "a key is ordered" in said.inner_text()
    assert "Accepted" in said.inner_text()


def test_what_a_task_can_mend_leads_to_what_waits_for_approval(site: Posture, strict: Page) -> None:
    strict.goto(f"{site.address}/sweeps/mail_forwarding")
    strict.get_by_role("button", name="Fix this").first.click()
    strict.get_by_role("heading", level=1, name="Approvals").wait_for()
    site.settle()
    strict.reload()
    assert strict.get_by_role("button", name="Approve").count() > 0


def test_the_chart_says_in_words_and_numbers_what_it_draws(site: Posture, strict: Page) -> None:
    strict.goto(f"{site.address}/sweeps")
    chart = strict.get_by_role("img", name="Secure Score")
    assert "lowest" in str(chart.locator("desc").text_content())
    strict.get_by_text("Secure Score as a table").click()
    assert strict.get_by_role("table", name="Secure Score by day").locator("tr").count() == 91


def test_the_report_is_one_file_that_asks_the_network_for_nothing(
    site: Posture, strict: Page
) -> None:
    answer = site.answer("GET", "/api/sweeps/report", {"accept": "text/html"}, b"")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    asked: list[str] = []
    strict.on("request", lambda request: asked.append(request.url))
    strict.set_content(answer.body)
    assert "How well the tenant is protected" in strict.inner_text("h1")
    assert [url for url in asked if not url.startswith("data:")] == []
    assert "<script" not in answer.body


def test_the_csv_has_every_finding(site: Posture) -> None:
    answer = site.answer("GET", "/api/sweeps/mfa_coverage/findings.csv", {}, b"")
    rows = list(csv.DictReader(io.StringIO(answer.body, newline="")))
    found = {(row["kind"], row["title"]) for row in rows}
    assert answer.media == "text/csv"
    assert len(found) == len(rows) == 7
    assert "admin_phishable" in {kind for kind, _ in found}


def test_the_command_line_prints_the_same_files(site: Posture) -> None:
    def printed(*asked: str) -> str:
        address = site.address.removesuffix("/api")
        found = CliRunner().invoke(app, ["sweep", *asked, "--url", address])
        assert found.exit_code == 0, found.output
        return found.stdout

    # The browser's loop runs in this thread, so the command's runs in another.
    with ThreadPoolExecutor(1) as thread:
        table = thread.submit(printed, "export", "mfa_coverage").result()
        report = thread.submit(printed, "report").result()
    rows = list(csv.DictReader(io.StringIO(table)))
    assert len(rows) == 7
    assert report.startswith("<!doctype html>")
    assert "How well the tenant is protected" in report
