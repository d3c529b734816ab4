"""The pages in a real browser: what a parser cannot tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from shared.model import AlertId, AlertState, CaseId
from shared.pages.lists import CaseRow, Tally
from shared.pages.render import Pages
from shared.pages.view import alert_line, alerts_view, cases_view
from tests.pages import stories
from tests.pages.stories import ZERO, alert

pytestmark = pytest.mark.browser

PHONE = {"width": 375, "height": 740}


@dataclass
class Site:
    """A server that sends pages with the headers the app will send."""

    address: str = ""
    pages: dict[str, Callable[[], str]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


@contextmanager
def served(site: Site) -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = site.pages.get(self.path.partition("?")[0])
            self.send_response(200 if page else 404)
            for name, value in site.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            if page:
                self.wfile.write(page().encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.address = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


READINGS = [
    {
        "sort": "recognised",
        "alert": {
            "kind": "risky_sign_in",
            "account": {"object_id": "7d3c2f10-5b1e-4a7c-9c55-0d6d3a1b2c3d"},
            "occurred_at": "2026-05-04T10:07:37.729999Z",
        },
        "where": {
            "kind": [{"path": "title", "said": "Anonymous IP address"}],
            "account": [{"path": "evidence[0].userAccount.azureAdUserId" * 3, "said": "x" * 120}],
            "time": [],
            "state": [{"path": "status", "said": "new"}],
        },
    }
]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    render = Pages("/api")
    row = CaseRow(
        id=CaseId("c1"),
        upn="a.very.long.name.that.goes.on.and.on.without.a.break@subsidiary.contoso.example",
        display_name="",
        status=stories.waiting().case.status,
        title="W" * 180,
        severity="high",
        kinds=("outbound_spam",),
        opened_at=ZERO,
        updated_at=ZERO,
        waiting=1,
        footholds=2,
    )
    unread = alert(
        id=AlertId("b1"), state=AlertState.UNREADABLE, reason="not JSON", title="x" * 300
    )
    raw = "<script>document.title = 'owned'</script>" + "A" * 900
    pages: dict[str, Callable[[], str]] = {
        f"/api/cases/{name}": lambda make=make: render.case(make().view())  # type: ignore[misc]
        for name, make in stories.STORIES.items()
    }
    pages["/api/cases"] = lambda: render.cases(cases_view([row], Tally(number=1), ZERO))
    pages["/api/alerts"] = lambda: render.alerts(alerts_view([unread], at=ZERO), may=True)
    pages["/api/alert"] = lambda: render.alert(alert_line(unread, raw), READINGS, at=ZERO, may=True)
    pages["/api/report"] = lambda: render.report(stories.contained().view())
    pages["/api/problem"] = lambda: render.problem(404, "There is no such case", "Look in the list")
    with served(Site(pages=pages, headers=render.security_headers())) as running:
        yield running


@contextmanager
def visit(browser: Browser, address: str, **options: object) -> Iterator[Page]:
    """Open a page; whatever the console complains about fails the test."""
    context: BrowserContext = browser.new_context(**options)  # type: ignore[arg-type]
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    try:
        yield page
        assert complaints == []
    finally:
        context.close()


ADDRESSES = [
    *(f"/api/cases/{name}" for name in stories.STORIES),
    *("/api/cases", "/api/alerts", "/api/alert", "/api/report", "/api/problem"),
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_fits_a_telephone_and_nothing_complains(
    browser: Browser, site: Site, address: str
) -> None:
    with visit(browser, site.address + address, viewport=PHONE) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
        too_wide = """[...document.querySelectorAll('main *')].filter(one =>
            !one.closest('.scroll, .unseen, thead') &&
            one.getBoundingClientRect().right > 376).map(one => one.outerHTML.slice(0, 90))"""
        assert page.evaluate(too_wide) == []
        assert "Firebreak" in page.title()


def test_the_drawing_scrolls_in_its_own_box_on_a_telephone(browser: Browser, site: Site) -> None:
    with visit(browser, f"{site.address}/api/cases/contained", viewport=PHONE) as page:
        widths = page.evaluate(
            "(box => [box.clientWidth, box.scrollWidth])(document.querySelector('.scroll'))"
        )
        assert widths[0] <= 375
        assert widths[1] > 800


def test_a_reader_s_landmarks_and_headings_are_there(browser: Browser, site: Site) -> None:
    with visit(browser, f"{site.address}/api/cases/synced") as page:
        tree = page.locator("body").aria_snapshot()
    for line in (
        "- banner:",
        "- navigation",
        "- main:",
        '- heading "Noor Haddad" [level=1]',
        '- heading "Needs a person" [level=2]',
        '- region "What a person must do',
        '- table "Footholds and their fate',
        '- columnheader "It was"',
        '- rowheader "Sign-in Disable sign in"',
        '- img "Timeline of the case"',
    ):
        assert line in tree


def test_tables_stay_tables_for_a_screen_reader_on_a_telephone(
    browser: Browser, site: Site
) -> None:
    with visit(browser, f"{site.address}/api/cases/contained", viewport=PHONE) as page:
        assert page.get_by_role("table").count() == 6
        assert page.get_by_role("columnheader", name="It was").count() == 1


def test_dark_and_light_differ_and_each_is_itself(browser: Browser, site: Site) -> None:
    ground = {}
    for scheme in ("light", "dark"):
        with visit(browser, f"{site.address}/api/cases/contained", color_scheme=scheme) as page:
            colours = page.evaluate(
                "['background-color', 'color'].map(name =>"
                " getComputedStyle(document.body).getPropertyValue(name))"
            )
            ground[scheme] = [int(colour[4:].split(",")[0]) for colour in colours]
    paper, ink = ground["light"]
    assert paper > 200
    assert ink < 100
    paper, ink = ground["dark"]
    assert paper < 50
    assert ink > 200


def test_without_javascript_everything_is_said(browser: Browser, site: Site) -> None:
    address = f"{site.address}/api/cases/contained"
    with visit(browser, address) as page:
        full = page.locator("main").inner_text()
    with visit(browser, address, java_script_enabled=False) as page:
        assert page.locator("main").inner_text() == full
        assert not page.locator("#live").is_visible()


def test_it_prints_on_a_few_pages(browser: Browser, site: Site) -> None:
    with visit(browser, f"{site.address}/api/report", color_scheme="dark") as page:
        pdf = page.pdf(format="A4")
        page.emulate_media(media="print")
        assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    assert pdf.startswith(b"%PDF-")
    assert 1 <= pdf.count(b"/Type /Page\n") <= 6


def test_a_report_opens_from_disk(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(Pages().report(stories.contained().view()), encoding="utf-8")
    with visit(browser, file.as_uri()) as page:
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        assert page.get_by_role("heading", level=1).inner_text() == "Noor Haddad"
        tint = page.evaluate("getComputedStyle(document.querySelector('.answer')).borderLeftWidth")
        assert tint == "6px"
        assert requests == []


def test_the_keyboard_reaches_the_content_at_once_and_shows_where_it_is(
    browser: Browser, site: Site
) -> None:
    with visit(browser, f"{site.address}/api/cases/denied") as page:
        page.keyboard.press("Tab")
        skip = page.locator(":focus")
        assert skip.inner_text() == "Skip to the content"
        assert (skip.bounding_box() or {"y": -1})["y"] >= 0
        assert skip.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('main') !== null")


def test_a_running_case_refreshes_in_place_and_keeps_the_reader_s_place(
    browser: Browser, site: Site
) -> None:
    made = [stories.running(), *[stories.contained().later(hours=3)] * 9]
    render = Pages("/api")
    site.pages["/api/cases/moving"] = lambda: render.case(made.pop(0).view())
    with visit(browser, f"{site.address}/api/cases/moving", viewport=PHONE) as page:
        assert page.locator("#answer").inner_text() == "Not contained yet"
        page.evaluate("document.querySelector('.scroll').focus()")
        page.evaluate("document.querySelector('.scroll').scrollLeft = 120; scrollTo(0, 400)")
        page.get_by_role("heading", name="Contained", exact=True).wait_for()
        assert page.evaluate("scrollY") == 400
        assert page.evaluate("document.querySelector('.scroll').scrollLeft") == 120
        assert page.evaluate("document.activeElement.className") == "scroll"
        assert page.locator("#live-said").inner_text() == "Contained"
        assert page.locator("#live-text").inner_text() == "Up to date"
        assert page.title().startswith("Contained")


def test_who_asked_for_less_motion_is_asked_before_anything_moves(
    browser: Browser, site: Site
) -> None:
    asked: list[int] = []
    render = Pages("/api")

    def count() -> str:
        asked.append(1)
        return render.case(stories.running().view())

    site.pages["/api/cases/still"] = count
    with visit(browser, f"{site.address}/api/cases/still", reduced_motion="reduce") as page:
        assert page.locator("#live-text").inner_text() == "Updates are paused"
        page.clock.install()
        page.clock.run_for(20_000)
        assert len(asked) == 1
        page.get_by_role("button", name="Go on").click()
        page.get_by_role("button", name="Pause").wait_for()
        assert len(asked) == 2


def test_a_script_in_an_alert_does_not_run(browser: Browser, site: Site) -> None:
    with visit(browser, f"{site.address}/api/alert") as page:
        page.get_by_text("As it came").click()
        assert "document.title = 'owned'" in page.locator("pre").inner_text()
        assert page.title() != "owned"


def test_a_script_that_got_into_a_page_would_be_stopped_by_the_policy(
    browser: Browser, site: Site
) -> None:
    whole = Pages("/api").case(stories.contained().view())
    site.pages["/api/cases/holed"] = lambda: whole.replace(
        "</main>", "<script>document.title = 'owned'</script></main>"
    )
    context = browser.new_context()
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{site.address}/api/cases/holed")
    assert page.title() != "owned"
    assert any("Content Security Policy" in line for line in said)
    context.close()
