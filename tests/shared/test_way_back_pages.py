"""The owner's way back as a person sees and uses it in the browser."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest

from lab.scenarios.second_door import SECOND, second_door
from shared.desk import Page
from shared.store.memory import MemoryStore
from tests.tasks.returns import BROWSER, BY_HAND, Place

FORM = BROWSER | {"content-type": "application/x-www-form-urlencoded"}
ELSEWHERE = BROWSER | {"sec-fetch-site": "cross-site"}
PASS = re.compile(r">(\S{8})</p")


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    made = Place()
    async with made.bench:
        yield made


async def page(place: Place, case: str) -> str:
    found = await place.bench.app.page(f"cases/{case}/restore", BROWSER)
    assert found.status == 200
    return str(found.body)


async def press(place: Place, case: str, check: str) -> Page:
    body = urlencode({"check": check}).encode()
    return await place.bench.app.confirm(case, FORM, body)


async def test_a_line_has_a_button_exactly_where_a_person_may_say_it_is_done(place: Place) -> None:
    case = await place.contained(minutes=70)
    shown = await page(place, case)
    for line in (await place.bench.case(case))["way_back"]["lines"]:
        button = f'name="check" value="{line["name"]}"' in shown
        assert button is line["confirmable"]
        assert f'id="check-{line["name"]}"' in shown
    assert "access-pass" not in shown
    assert "Why is it right all the same?" in shown


async def test_pressing_them_turns_it_green_and_asks_for_no_reason_any_more(place: Place) -> None:
    case = await place.contained(minutes=70)
    for check in BY_HAND:
        assert (await press(place, case, check)).status == 303
    shown = await page(place, case)
    assert "confirmed by" in shown
    assert "Why is it right all the same?" not in shown
    assert 'name="check"' not in shown
    assert (await place.bench.app.restore(case, FORM, b"")).status == 303
    await place.wait(minutes=2)
    assert place.lab.users[place.oid].enabled
    shown = await page(place, case)
    assert "/access-pass" in shown
    assert f"cases/{case}/restore" not in re.findall(r'action="([^"]*)"', shown)


async def test_another_site_presses_nothing(place: Place) -> None:
    case = await place.contained(minutes=70)
    for verb in (place.bench.app.confirm, place.bench.app.restore, place.bench.app.access_pass):
        answer = await verb(case, FORM | ELSEWHERE, urlencode({"check": "methods"}).encode())
        assert answer.status == 403
    assert (await place.lights(case))["methods"] == "unknown"
    assert not place.lab.users[place.oid].enabled


async def test_the_pass_is_on_the_page_that_answers_the_button_and_nowhere_else(
    place: Place,
) -> None:
    case = await place.back()
    answer = await place.bench.app.access_pass(case, FORM, b"")
    [secret] = PASS.findall(answer.body)
    assert answer.headers["Cache-Control"] == "no-store"
    await place.wait(days=8)
    kept = place.bench.store
    assert isinstance(kept, MemoryStore)
    stored = "".join(json.dumps(row.body) for row in kept.rows())
    stored += b"".join(kept.blobs().values()).decode()
    for path in ("", "/restore", "/report", ".json"):
        stored += (await place.bench.app.page(f"cases/{case}{path}", BROWSER)).body
    assert secret not in stored


async def test_what_the_account_made_elsewhere_is_a_line_with_its_steps_and_a_button() -> None:
    place = Place(second_door)
    async with place.bench:
        case = await place.contained(minutes=70)
        [check] = [
            line["name"]
            for line in (await place.bench.case(case))["way_back"]["lines"]
            if SECOND in line["title"]
        ]
        shown = await page(place, case)
        assert "Update-MgUser" in shown
        assert f'value="{check}"' in shown
        assert (await press(place, case, check)).status == 303
        assert (await place.lights(case))[check] == "green"
