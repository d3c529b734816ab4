from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lab.registrations import Registrations
from lab.stage import sent_to
from lab.tenant.population import Population
from tests.tasks.returns import Place, everything


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    made = Place()
    async with made.bench:
        yield made


async def test_after_the_return_later_looks_touch_nothing_of_the_owners(tmp_path: Path) -> None:
    place = Place(policy=everything(tmp_path))
    async with place.bench:
        case = await place.contained(minutes=70)
        lights = await place.lights(case)
        assert set(lights.values()) == {"green"}
        await place.ask("restore", case)
        await place.wait(minutes=1)
        own, people = Registrations(place.lab), Population(place.lab)
        own.device(place.oid, "Owner's new phone", at=place.lab.now())
        people.rule(place.oid, "Board papers", actions={"markAsRead": True})
        people.rule(place.oid, "Own archive", actions={"forwardTo": sent_to("me@home.example")})
        place.phone()
        place.lab.change_user(place.oid, password_changed_at=place.lab.now())
        before, writes = place.lab.snapshot(), len(place.ours())
        await place.wait(days=8)
        found = await place.bench.case(case)
        looks = [line["text"] for line in await place.events(case, "looked")]
        assert any("24 hours" in text for text in looks)
        assert any("7 days" in text for text in looks)
        assert len(place.ours()) == writes
        assert place.lab.snapshot() == before
        # What may be the owner's or not is said to a person, and left.
        assert found["status"] == "needs_person"
        assert "left alone" in (await place.task(case, "disable_inbox_rules"))["reason"]


async def test_a_method_from_before_the_return_is_removed_even_if_it_shows_late(
    tmp_path: Path,
) -> None:
    place = Place(policy=everything(tmp_path))
    async with place.bench:
        case = await place.contained(minutes=70)
        before = place.lab.now()
        await place.ask("restore", case)
        await place.wait(minutes=5)
        theirs = place.phone(at=before)
        mine = place.phone()
        await place.wait(days=8)
        left = {method.id for method in place.lab.state.authentication[place.oid].methods}
        assert theirs not in left
        assert mine in left
        assert place.lab.users[place.oid].enabled


async def test_what_happens_after_the_return_is_a_new_case(place: Place) -> None:
    old = await place.back()
    alert = place.scenario.alerts[0]
    page = json.loads(alert.body)
    late = place.lab.now().isoformat()
    page["value"][0] |= {"id": "e" * 64, "activityDateTime": late, "detectedDateTime": late}
    await place.bench.post(alert.source, page)
    await place.bench.settle()
    cases = [case["id"] for case in await place.bench.cases()]
    assert len(cases) == 2
    assert old in cases
    assert not place.lab.users[place.oid].enabled


async def test_a_late_alert_about_what_happened_before_shuts_nobody_out(place: Place) -> None:
    case = await place.back()
    alert = place.scenario.alerts[0]
    page = json.loads(alert.body)
    page["value"][0] |= {"id": "d" * 64}
    await place.bench.post(alert.source, page)
    await place.bench.settle()
    assert [found["id"] for found in await place.bench.cases()] == [case]
    assert place.lab.users[place.oid].enabled
