"""From alert to approval to contained to undone, in a real browser: by mouse and by keyboard."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl

import pytest
from playwright.sync_api import Browser, Page

from shared.app import App
from shared.desk import Page as Answer
from shared.model import CaseStatus, TaskState
from shared.paths import Ask
from tests.e2e.visitor import answered
from tests.tasks.approving import Person

pytestmark = pytest.mark.browser


class Site:
    """The app itself behind a small server: forms reach it as browsers send them."""

    def __init__(self) -> None:
        self.bench = Person()
        self.loop = asyncio.new_event_loop()
        self.address = ""
        # The browser's own loop runs in the test's thread, so the app's runs in another.
        self.thread = Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    @property
    def app(self) -> App:
        return self.bench.app

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        place, _, query = path.removeprefix("/api/").partition("?")
        ask = Ask(headers, dict(parse_qsl(query)), body)
        return self.run(answered(method, place, self.app, ask))

    def run[T](self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout=60)

    def close(self) -> None:
        self.run(self.bench.client.aclose())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def settle(self) -> None:
        self.run(self.bench.settle())

    def asked(self) -> None:
        self.run(self.bench.asked())


@contextmanager
def served(site: Site) -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._deal("GET")

        def do_POST(self) -> None:
            self._deal("POST")

        def _deal(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            page = site.answer(method, self.path, dict(self.headers), body)
            self.send_response(page.status)
            for name, value in page.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", f"{page.media}; charset=utf-8")
            self.end_headers()
            self.wfile.write(page.body.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.address = f"http://127.0.0.1:{server.server_port}/api"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        site.close()


@pytest.fixture
def site() -> Iterator[Site]:
    with served(Site()) as running:
        running.asked()
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 375, "height": 740})
    complaints: list[str] = []
    page = context.new_page()
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def tab_to(page: Page, name: str, within: str) -> None:
    """Press Tab until the button or summary of that name, in that card, has the focus."""
    for _ in range(200):
        page.keyboard.press("Tab")
        said = page.evaluate(
            "(one => one.innerText + '|' + (one.closest('.approval') || {}).innerText)"
            "(document.activeElement)"
        )
        here, _, around = str(said).partition("|")
        if here.strip() == name and within in around:
            return
    raise AssertionError(f"Tab never reaches {name} of {within}")


def test_by_mouse_from_what_waits_to_contained_to_undone(site: Site, page: Page) -> None:
    page.goto(f"{site.address}/approvals")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert page.get_by_role("note").inner_text().startswith("Local stack")
    for left in range(5, 0, -1):
        assert page.get_by_role("button", name="Approve", exact=True).count() == left
        page.get_by_role("button", name="Approve", exact=True).first.click()
        page.get_by_role("heading", level=1, name="Ada Brandt").wait_for()
        page.goto(f"{site.address}/approvals")
    site.settle()
    assert site.bench.the_case().status is CaseStatus.CONTAINED
    page.goto(f"{site.address}/cases/{site.bench.the_case().id}")
    assert page.locator("#answer").inner_text().startswith("Contained")
    page.get_by_role("link", name="Put something back").click()
    page.get_by_role("button", name="Put all of it back").click()
    page.get_by_role("heading", level=1, name="Ada Brandt").wait_for()
    site.settle()
    assert site.bench.tenant.users[site.bench.oid].enabled
    assert site.bench.tasks()["stop_forwarding"].state is TaskState.UNDONE


def test_by_keyboard_a_change_is_approved_and_another_declined(site: Site, page: Page) -> None:
    page.goto(f"{site.address}/approvals")
    tab_to(page, "Approve", "Block sign-in")
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name="Ada Brandt").wait_for()
    site.settle()
    assert not site.bench.tenant.users[site.bench.oid].enabled
    page.goto(f"{site.address}/approvals")
    tab_to(page, "Decline …", "Stop forwarding")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("the owner's second mailbox")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name="Ada Brandt").wait_for()
    task = site.bench.tasks()["stop_forwarding"]
    assert task.state is TaskState.DECLINED
    assert "the owner's second mailbox" in task.reason


def test_one_foothold_is_taken_out_by_keyboard(site: Site, page: Page) -> None:
    page.goto(f"{site.address}/cases/{site.bench.the_case().id}")
    box = page.get_by_role("checkbox", name="hidden inbox rule")
    box.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name="Ada Brandt").wait_for()
    site.settle()
    on = {rule.name for rule in site.bench.box.rules if rule.enabled}
    assert "sync" in on
    assert "." not in on


@pytest.mark.parametrize("place", ["approvals", "case"])
def test_all_changes_of_a_case_are_approved_with_one_button(
    site: Site, page: Page, place: str
) -> None:
    case = site.bench.the_case().id
    page.goto(f"{site.address}/{place if place == 'approvals' else f'cases/{case}'}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.get_by_label("Note for the journal, with each of them").fill("seen with the owner")
    page.get_by_role("button", name="Approve all 5 changes of this case").click()
    page.get_by_role("heading", level=1, name="Ada Brandt").wait_for()
    site.settle()
    assert site.bench.the_case().status is CaseStatus.CONTAINED
    page.reload()
    assert page.get_by_role("button", name="Approve").count() == 0


def test_what_a_reader_has_begun_to_type_survives_the_refresh(site: Site, page: Page) -> None:
    page.clock.install()
    page.goto(f"{site.address}/approvals")
    note = page.get_by_label("Note for the journal").first
    note.fill("seen with the owner")
    page.clock.run_for(65_000)
    assert note.input_value() == "seen with the owner"
    note.fill("")
    with page.expect_request(f"{site.address}/approvals"):
        page.clock.run_for(65_000)


def test_a_false_alarm_is_one_form_on_the_cases_page_and_can_be_taken_back(
    site: Site, page: Page
) -> None:
    page.goto(f"{site.address}/cases/{site.bench.the_case().id}")
    page.get_by_text("This is a false alarm …").click()
    page.get_by_label("How you know").fill("Ada is on a journey")
    page.get_by_role("button", name="Close it as a false alarm").click()
    page.get_by_role("heading", level=1, name="Ada Brandt").wait_for()
    site.settle()
    page.reload()
    assert page.locator("#answer").inner_text().startswith("A false alarm")
    assert page.get_by_role("button", name="Approve").count() == 0
    page.get_by_text("It was no false alarm …").click()
    page.get_by_label("Why", exact=True).fill("Ada is at home")
    page.get_by_role("button", name="Take it back").click()
    page.get_by_role("heading", level=1, name="Ada Brandt").wait_for()
    site.settle()
    page.reload()
    assert page.get_by_role("button", name="Approve", exact=True).count() == 5


def test_several_cases_are_ticked_and_closed_as_false_alarms(site: Site, page: Page) -> None:
    others = [oid for oid in site.bench.tenant.users if oid != site.bench.oid][:2]
    for number, oid in enumerate(others):
        site.run(site.bench.detect(2 + number, level="medium", oid=oid))
    site.settle()
    page.goto(f"{site.address}/cases")
    page.get_by_role("link", name="Close several as false alarms").click()
    page.get_by_role("heading", name="Cases found").wait_for()
    boxes = page.locator("input[name=case]")
    assert boxes.count() == 3
    page.get_by_text("Close those that are ticked as false alarms …").click()
    page.get_by_label("Tick all that are listed").check()
    assert page.locator("input[name=case]:checked").count() == 3
    boxes.last.uncheck()
    page.get_by_label("How you know").fill("a detection that errs")
    page.get_by_role("button", name="Close them as false alarms").click()
    page.get_by_role("heading", name="What became of them").wait_for()
    site.settle()
    closed = [case.status for case in site.bench.all_cases()]
    assert sorted(closed) == ["closed", "closed", "waiting"]
