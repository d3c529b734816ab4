"""Every row of the table of footholds is planted by a story, and somebody answers it."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest

from lab.answers import ANSWERS
from lab.scenarios import STORIES
from lab.stand import Stand
from responders import catalogue
from shared.model import ResponderName
from tests.lab.tenancy import make
from tests.tasks.returns import Place

FACTS = Path(__file__).resolve().parents[2] / ".." / "shared" / "facts" / "footholds.md"
DOERS = {row: answer for row, answer in ANSWERS.items() if answer.by}


def test_the_table_has_every_row() -> None:
    assert set(ANSWERS) == set(range(1, 22))
    if not FACTS.exists():
        pytest.skip("the reference that the table was taken from is not beside this checkout")
    rows = re.findall(r"(?m)^\| (\d+) \|", FACTS.read_text(encoding="utf-8"))
    assert {int(row) for row in rows} == set(ANSWERS)


@pytest.mark.parametrize("row", ANSWERS)
def test_each_row_is_planted_by_its_story(row: int) -> None:
    scenario = STORIES[ANSWERS[row].story](make())
    assert row in {foothold.number for foothold in scenario.intruder.footholds}
    assert ANSWERS[row].by or ANSWERS[row].said


def test_no_story_plants_what_is_in_no_row() -> None:
    planted = {
        foothold.number
        for story in STORIES.values()
        for foothold in story(make()).intruder.footholds
    }
    assert planted == set(ANSWERS)


@pytest.mark.parametrize("row", DOERS)
async def test_the_responders_of_a_row_shut_every_door_of_it(row: int) -> None:
    answer = ANSWERS[row]
    first, *others = (catalogue()[ResponderName(name)] for name in answer.by)
    stand = Stand(first, story=STORIES[answer.story])
    doors = [f for f in stand.scenario.intruder.footholds if f.number == row]
    case = await stand.case()
    for responder in (first, *others):
        stand.responder = responder
        assert [f for f in doors if f.closed_at is None], "shut before it was answered"
        assert await stand.until_done(case)
    await stand.aclose()
    assert [f.label for f in doors if f.closed_at is None] == []


async def test_what_only_time_ends_is_said_with_its_end() -> None:
    place = Place(STORIES[ANSWERS[2].story])
    async with place.bench:
        clock = (await place.bench.case(await place.contained()))["clock"]
        await place.wait(minutes=70)
    tokens = [f for f in place.scenario.intruder.footholds if f.number == 2]
    assert ANSWERS[2].said in clock["sentence"]
    until = datetime.fromisoformat(clock["latest_until"])
    ends = [f.died_at(place.lab) for f in tokens]
    assert ends
    assert all(end is not None and end <= until for end in ends)


async def test_what_only_a_person_ends_is_left_to_one_with_steps() -> None:
    place = Place(STORIES[ANSWERS[20].story])
    async with place.bench:
        case = await place.bench.case(await place.contained())
    assert case["status"] == "needs_person"
    assert any(ANSWERS[20].said in step for one in case["open"] for step in one["steps"])
