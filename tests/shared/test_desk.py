from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from lab.clock import Clock
from lab.scenarios import token_thief
from lab.tenant import SimulatedTenant, TenantSettings
from lab.workbench import Workbench
from shared.desk import Page
from shared.settings import PageAccess
from tests.shared.principals import principal

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
CLOSED = {"pages": PageAccess.SIGNED_IN}
AZURE = {"WEBSITE_INSTANCE_ID": "an instance"}
FLEX = {"WEBSITE_POD_NAME": "a pod", "WEBSITE_SKU": "FlexConsumption"}
AUTH = {"WEBSITE_AUTH_ENABLED": "True"}
SIGNED_IN = {"X-MS-CLIENT-PRINCIPAL": principal("reader")}
NAME = "Ada Brandt"


def bench(**settings: Any) -> Workbench:
    lab = SimulatedTenant(clock=Clock.frozen(NOON), settings=TenantSettings.instant())
    return Workbench(lab, settings=settings)


@pytest.fixture(autouse=True)
def nothing_of_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*AZURE, *FLEX, *AUTH):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def played() -> Workbench:
    """One case, open to whoever sits at this computer; nothing here changes it."""

    async def play() -> Workbench:
        async with bench() as made:
            story = token_thief(made.tenant)
            for alert in story.alerts:
                await made.post(alert.source, alert.body, **alert.headers)
            await made.settle()
            return made

    return asyncio.run(play())


async def only(played: Workbench) -> str:
    (case,) = await played.cases()
    return str(case["id"])


def reopened(played: Workbench, **settings: Any) -> Workbench:
    """Open the same store with other settings."""
    return Workbench(played.tenant, store=played.store, settings=settings)


PATHS = ["cases", "cases/{case}", "cases/{case}.json", "cases/{case}/report", "alerts"]
PATHS += ["alert/{alert}", "cases/0123456789abcdef", "no/such/page", ""]
SHUT = [
    CLOSED,
    CLOSED | AUTH,
    CLOSED | AZURE,
    CLOSED | AZURE | AUTH,
    AZURE,
    AZURE | AUTH,
    FLEX,
    FLEX | AUTH,
    CLOSED | {"WEBSITE_AUTH_ENABLED": "false"},
]
"""Settings under which somebody without a name sees nothing; those of Azure alone say `local`."""


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("settings", SHUT, ids="+".join)
async def test_nobody_who_is_not_signed_in_sees_anything(
    played: Workbench, path: str, settings: dict[str, Any]
) -> None:
    case = await only(played)
    alert = (await played.case(case))["alerts"][0]["id"]
    shut = reopened(played, **settings)
    for headers in ({}, {"X-MS-CLIENT-PRINCIPAL": ""}, {"Accept": "application/json"}):
        page = await shut.app.page(path.format(case=case, alert=alert), headers)
        assert page.status == 403
        assert NAME not in page.body
        assert case not in page.body


async def test_who_is_not_signed_in_is_led_to_where_one_signs_in(played: Workbench) -> None:
    way_in = "/.auth/login/aad?post_login_redirect_uri=/api/cases"
    assert way_in in (await reopened(played, **AZURE, **AUTH).app.page("cases", {})).body
    assert way_in not in (await reopened(played, **AZURE).app.page("cases", {})).body


@pytest.mark.parametrize(
    "settings",
    [CLOSED, CLOSED | AZURE, AZURE, FLEX, CLOSED | {"WEBSITE_AUTH_ENABLED": "false"}],
    ids="+".join,
)
async def test_the_header_alone_is_nobodys_word(
    played: Workbench, settings: dict[str, Any]
) -> None:
    shut = reopened(played, **settings)
    for name, value in SIGNED_IN.items():
        for spelt in (name, name.lower()):
            page = await shut.app.page("cases", {spelt: value})
            assert page.status == 403
            assert "App Service authentication" in page.body


@pytest.mark.parametrize("name", ["X-MS-CLIENT-PRINCIPAL", "x-ms-client-principal"])
async def test_whoever_the_platform_let_in_sees_the_case(played: Workbench, name: str) -> None:
    open_to_some = reopened(played, **(CLOSED | AZURE | AUTH))
    page = await open_to_some.app.page("cases", {name: principal("reader")})
    assert page.status == 200
    assert NAME in page.body


async def test_health_is_open_to_all_and_names_nobody(played: Workbench) -> None:
    shut = reopened(played, **(CLOSED | AZURE))
    page = await shut.app.health()
    assert page.status == 200
    assert json.loads(page.body) == {"status": "ok", "storage": "ok"}
    case = await played.case(await only(played))
    for personal in (NAME, case["id"], played.tenant.tenant_id):
        assert personal not in page.body


async def test_whether_firebreak_acts_at_all_is_said_to_readers_only(played: Workbench) -> None:
    shut = reopened(played, **(CLOSED | AZURE | AUTH))
    assert "mode_ceiling" not in (await shut.app.health({})).body
    told = json.loads((await shut.app.health(SIGNED_IN)).body)
    assert {"mode_ceiling", "rules", "notifications_given_up", "guards_absent"} <= told.keys()


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("application/json", "application/json"),
        ("application/json;q=0.9, */*;q=0.1", "application/json"),
        ("text/html,application/xhtml+xml,application/json;q=0.9", "text/html"),
        ("text/html", "text/html"),
        ("*/*", "text/html"),
        ("", "text/html"),
        (None, "text/html"),
    ],
)
@pytest.mark.parametrize("name", ["Accept", "accept"])
async def test_json_is_for_whoever_asks_for_it_and_html_for_everybody_else(
    played: Workbench, name: str, accept: str | None, media: str
) -> None:
    headers = {} if accept is None else {name: accept}
    for path in ("cases", f"cases/{await only(played)}", "alerts"):
        page = await played.app.page(path, headers)
        assert page.status == 200
        assert page.media == media
        assert (media == "application/json") is page.body.startswith("{")


async def test_a_case_is_shown_as_page_json_and_file(played: Workbench) -> None:
    case = await only(played)
    page = await played.app.page(f"cases/{case}", {})
    assert NAME in page.body
    told = await played.app.page(f"cases/{case}.json", {"Accept": "text/html"})
    assert json.loads(told.body)["id"] == case
    report = await played.app.page(f"cases/{case}/report", {})
    assert report.headers["Content-Disposition"] == f'attachment; filename="firebreak-{case}.html"'
    assert NAME in report.body


UNKNOWN = ["cases/0123456789abcdef", "cases/0123456789abcdef.json", "alert/0123456789abcdef"]
UNKNOWN += ["cases/0123456789abcdef/report", "cases/0123456789abcdef/raw", "alert/", "cases/"]
TRICKS = [
    "",
    "case",
    "CASES",
    "cases/..",
    "cases/../alerts",
    "cases/%2e%2e/alerts",
    "cases//",
    "cases/{case}/",
    "cases/{case}/../..",
    "cases/{case}.json/report",
    "cases/{case}.JSON",
    "cases/{case}\n",
    "cases/{case}\x00",
    "cases/ {case}",
    "cases/{upper}",
    "alerts/{case}",
    "alert/{case}",
    "alert/{case}/report",
    "alert/../cases/{case}",
    "cases/" + "a" * 65,
    "cases/" + "a" * 5000,
    "cases/abcdef'",
    "cases/<script>alert(1)</script>",
]


@pytest.mark.parametrize("path", UNKNOWN + TRICKS, ids=lambda path: repr(path[:40]))
async def test_whatever_is_not_there_is_not_found_and_shows_nothing(
    played: Workbench, path: str
) -> None:
    case = await only(played)
    page = await played.app.page(path.format(case=case, upper=case.upper() + "A"), {})
    assert page.status == 404
    assert NAME not in page.body
    assert "<script>alert" not in page.body


async def test_an_alert_leads_to_its_case(played: Workbench) -> None:
    case = await only(played)
    alert = (await played.case(case))["alerts"][0]["id"]
    page = await played.app.page(f"alert/{alert}", {})
    assert page.status == 303
    assert page.headers["Location"] == f"/api/cases/{case}"
    told = await played.app.page(f"alert/{alert}", {"Accept": "application/json"})
    assert json.loads(told.body)["case"] == case
    assert "raw" not in json.loads(told.body)


async def test_an_alert_that_nobody_has_read_yet_says_so() -> None:
    made = bench()
    story = token_thief(made.tenant)
    reply = await made.post(story.alerts[0].source, story.alerts[0].body)
    page = await made.app.page(f"alert/{reply.body['alerts'][0]['id']}", {})
    assert page.status == 202
    assert page.headers["Refresh"]


async def test_another_tenants_case_is_not_here(played: Workbench) -> None:
    other = reopened(played, tenant_id="00000000-0000-4000-8000-000000000000")
    page = await other.app.page(f"cases/{await only(played)}", {})
    assert page.status == 404
    assert NAME not in (await other.app.page("cases", {})).body


def safe(page: Page) -> bool:
    headers = {name.lower(): value.lower() for name, value in page.headers.items()}
    return headers["x-content-type-options"] == "nosniff" and headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path", ["cases", "cases/{case}", "cases/{case}.json", "alerts", "nothing"]
)
async def test_no_page_is_kept_or_guessed_at_by_anybody_on_the_way(
    played: Workbench, path: str
) -> None:
    case = await only(played)
    alert = (await played.case(case))["alerts"][0]["id"]
    page = await played.app.page(path.format(case=case, alert=alert), {})
    assert safe(page)
    if page.media == "text/html":
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
