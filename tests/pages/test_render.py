from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from shared.model import (
    Account,
    AlertId,
    AlertState,
    CaseId,
    CaseStatus,
    Difference,
    Foothold,
    Mode,
    TaskState,
    Upn,
)
from shared.pages.choices import ChainState
from shared.pages.health_view import HealthView
from shared.pages.lists import AlertFilters, CaseRow, Tally
from shared.pages.render import Pages
from shared.pages.view import alert_line, alerts_view, cases_view
from tests.pages import stories
from tests.pages.stories import STORIES, ZERO, after, alert, case, task

VOID = {"meta", "link", "br", "input", "path", "circle", "rect"}
XSS = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'--{{ 7*7 }}</title></textarea>"


UNLOOKED = HealthView(
    at=ZERO, checkup=None, looking=True, mode_ceiling=Mode.ENFORCE, rules=("own",)
)


@pytest.fixture(scope="module")
def pages() -> Pages:
    return Pages("/api")


SPOT = {"path": XSS, "said": XSS}
READINGS: list[dict[str, Any]] = [
    {
        "sort": "recognised",
        "reason": XSS,
        "alert": {"kind": XSS, "account": {"upn": XSS}, "occurred_at": XSS},
        "where": {name: [SPOT] for name in ("kind", "account", "time", "state")},
        "awaits": {"place": XSS},
    },
    {"sort": "unreadable", "reason": XSS},
]


class Outline(HTMLParser):
    """Reads a page strictly: every tag that opens is closed, in order."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.stack: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self.stack):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def row(**changes: object) -> CaseRow:
    return CaseRow.model_validate(
        {
            "id": CaseId("c1"),
            "upn": "kim@contoso.example",
            "display_name": "Kim",
            "status": CaseStatus.WAITING,
            "title": "Spam",
            "severity": "high",
            "kinds": ("outbound_spam",),
            "opened_at": ZERO,
            "updated_at": ZERO,
            "waiting": 2,
            "footholds": 3,
            **changes,
        }
    )


def hostile() -> stories.Story:
    """Every text that comes from outside, poisoned."""
    story = stories.contained()
    account = Account(object_id=story.case.account.object_id, upn=Upn(XSS), display_name=XSS)
    poisoned = task(
        "stop_forwarding",
        state=TaskState.FAILED,
        reason=XSS,
        summary=XSS,
        steps=(XSS,),
        differences=(Difference(what=XSS, was=XSS, becomes=XSS),),
        footholds=(Foothold(kind=XSS, label=XSS, reasons=(XSS,)),),
    )
    writer = stories.Writer()
    for entry in story.entries:
        writer.line(entry.event, XSS, at=1, data={"permission": XSS})
    return replace(
        story,
        case=case(account=account, title=XSS, reasons=(XSS,)),
        tasks=(poisoned, task("disable_inbox_rules", state=TaskState.WAITING, summary=XSS)),
        entries=writer.entries,
        alerts=(alert(title=XSS, native_id=XSS, source=XSS, reason=XSS, evidence={XSS: XSS}),),
    )


@pytest.fixture(scope="module")
def every(pages: Pages) -> dict[str, str]:
    said = {f"case {name}": pages.case(make().view()) for name, make in STORIES.items()}
    said |= {f"report {name}": pages.report(make().view()) for name, make in STORIES.items()}
    bad = [alert(id=AlertId(s), state=s, reason=XSS, title=XSS) for s in AlertState]
    return said | {
        "hostile": pages.case(hostile().view()),
        "hostile report": pages.report(hostile().view()),
        "cases": pages.cases(
            cases_view([row(title=XSS, upn=XSS, display_name=XSS)], Tally(number=2), ZERO)
        ),
        "no cases": pages.cases(cases_view([], Tally(), ZERO)),
        "alerts": pages.alerts(
            alerts_view(
                bad,
                at=ZERO,
                filters=AlertFilters(state=AlertState.UNREADABLE, source=XSS, since=XSS),
                older=XSS,
            ),
            may=True,
        ),
        "alert": pages.alert(alert_line(bad[0], XSS + "x" * 9000), READINGS, at=ZERO, may=True),
        "no alerts": pages.alerts(alerts_view([], at=ZERO)),
        "first check-up": pages.health(UNLOOKED),
        "problem": pages.problem(404, XSS, XSS),
    }


def test_every_page_is_well_formed_and_has_one_title_one_main_and_one_first_heading(
    every: dict[str, str],
) -> None:
    for name, page in every.items():
        outline = Outline(page)
        assert [len(outline.of(tag)) for tag in ("main", "h1")] == [1, 1], name
        assert len(outline.of("header")) == 1, name
        assert outline.of("html") == [{"lang": "en"}], name


def test_headings_never_skip_a_level(every: dict[str, str]) -> None:
    for name, page in every.items():
        levels = [int(t[1]) for t, _ in Outline(page).tags if t in {"h1", "h2", "h3", "h4"}]
        assert levels[0] == 1, name
        assert all(b - a <= 1 for a, b in pairwise(levels)), name


def test_ids_are_unique_and_every_reference_finds_its_target(every: dict[str, str]) -> None:
    for name, page in every.items():
        tags = Outline(page).tags
        ids = [attrs["id"] for _, attrs in tags if attrs.get("id")]
        assert len(ids) == len(set(ids)), name
        for _, attrs in tags:
            labels = (attrs.get("aria-labelledby") or "").split()
            anchor = attrs.get("href") or ""
            wanted = [*labels, *([anchor[1:]] if anchor.startswith("#") else [])]
            assert set(wanted) <= set(ids), name


def test_table_headers_say_what_they_head(every: dict[str, str]) -> None:
    for name, page in every.items():
        assert all(th.get("scope") in {"col", "row"} for th in Outline(page).of("th")), name


def test_nothing_from_outside_becomes_markup(every: dict[str, str]) -> None:
    for name, page in every.items():
        outline = Outline(page)
        assert outline.of("img") == [], name
        assert len(outline.of("script")) <= 1, name
        assert all(not key.startswith("on") for _, a in outline.tags for key in a), name
        assert "<script>alert" not in page, name


def test_what_an_alert_says_is_shown_as_it_is_written(pages: Pages) -> None:
    text = Outline(pages.case(hostile().view())).text
    assert "<script>alert(1)</script>" in text
    assert "{{ 7*7 }}" in text


def test_a_name_that_reverses_its_letters_is_unmasked(pages: Pages) -> None:
    account = stories.contained().case.account.model_copy(update={"display_name": "a\u202eb"})
    page = pages.case(replace(stories.contained(), case=case(account=account)).view())
    assert "\u202e" not in page
    assert "a[U+202E]b" in page


def test_a_page_can_always_be_encoded(pages: Pages) -> None:
    evil = replace(stories.contained(), alerts=(alert(title="\ud800", evidence={"\udfff": "x"}),))
    assert pages.case(evil.view()).encode()


def test_no_page_prints_what_is_missing_as_python_would(every: dict[str, str]) -> None:
    for name, page in every.items():
        text = Outline(page).text
        for word in ("None", "Undefined", "datetime.", "TaskState.", "frozenset"):
            assert word not in text.replace("None was found", "").replace("None found", ""), name


def test_a_raw_body_is_cut(every: dict[str, str]) -> None:
    page = every["alert"]
    assert "more characters)" in page
    assert "x" * 4001 not in page


def test_times_carry_their_machine_form(pages: Pages) -> None:
    outline = Outline(pages.case(stories.contained().view()))
    assert "2026-03-17T02:58:41.212Z" in {t["datetime"] for t in outline.of("time")}


def test_the_sections_stand_in_the_order_in_which_they_are_needed(pages: Pages) -> None:
    page = pages.case(stories.synced().view())
    order = re.findall(r'<h2 id="([a-z-]+)"', page)
    assert order == [
        *("answer", "todo", "footholds", "changes", "way-back", "hardening", "timeline"),
        *("alerts", "why", "responders", "evidence", "journal"),
    ]
    linked = re.findall(r'<a href="#([a-z-]+)"', page[page.index('aria-label="On this page"') :])
    assert linked[: len(order) - 1] == order[1:]


def test_every_line_of_the_journal_stands_on_the_page(pages: Pages) -> None:
    story = stories.contained()
    text = Outline(pages.case(story.view())).text
    assert all(entry.text in text for entry in story.entries)


def test_a_broken_journal_is_said_on_the_page(pages: Pages) -> None:
    broken = replace(stories.contained(), chain=ChainState.BROKEN)
    assert "was altered" in Outline(pages.report(broken.view())).text


def test_links_lead_below_the_base_and_ids_cannot_leave_it() -> None:
    base = Pages("/somewhere/api/")
    page = base.cases(cases_view([row(id=CaseId("../../x?y#z"))], Tally(), ZERO))
    links = [a["href"] or "" for a in Outline(page).of("a")]
    assert "/somewhere/api/cases/..%2F..%2Fx%3Fy%23z" in links
    case_page = base.case(stories.contained().view())
    links = [a["href"] or "" for a in Outline(case_page).of("a")]
    for link in ("", ".json", "/report"):
        assert f"/somewhere/api/cases/{stories.CASE}{link}" in links


def test_a_report_needs_nothing_but_itself(pages: Pages) -> None:
    page = pages.report(stories.contained().view())
    outline = Outline(page)
    assert outline.of("script") == []
    for attribute in ("src", "href", "action"):
        for _, attrs in outline.tags:
            assert (attrs.get(attribute) or "#").startswith(("#", "data:"))
    assert "default-src 'none'" in str(outline.of("meta"))


def test_only_a_page_on_which_something_goes_on_refreshes(pages: Pages) -> None:
    def refresh(page: str) -> str | None:
        return Outline(page).of("main")[0].get("data-refresh")

    assert refresh(pages.case(stories.running().view())) == "3"
    assert refresh(pages.case(stories.denied().view())) is None
    assert refresh(pages.report(stories.running().view())) is None


def test_the_policy_names_exactly_the_style_and_script_on_the_page(pages: Pages) -> None:
    policy = pages.security_headers()["Content-Security-Policy"]
    page = pages.case(stories.contained().view())
    for tag in ("style", "script"):
        inside = page.split(f"<{tag}>")[1].split(f"</{tag}>")[0]
        hashed = b64encode(sha256(inside.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{hashed}'" in policy
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


def test_no_page_uses_a_style_attribute_that_the_policy_would_drop(every: dict[str, str]) -> None:
    for name, page in every.items():
        assert all("style" not in attrs for _, attrs in Outline(page).tags), name


def test_pages_are_not_kept_by_caches(pages: Pages) -> None:
    assert pages.security_headers()["Cache-Control"] == "no-store"


def test_the_page_never_tells_more_than_the_json(pages: Pages) -> None:
    story = stories.contained()
    secret = task("stop_forwarding", state=TaskState.APPLIED, change={"token": "canary-55"})
    view = replace(story, tasks=(secret,), at=after(5)).view()
    assert "canary-55" not in pages.case(view) + json.dumps(view.model_dump(mode="json"))
