from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator

import pytest

from lab.scenarios import Story, guest, synced_user
from lab.tenant.faults import Loss, When
from shared.store.memory import MemoryStore
from tests.tasks.returns import BROWSER, Place


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    made = Place()
    async with made.bench:
        yield made


async def test_a_pass_is_shown_once_and_found_nowhere_else(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    case = await place.contained()
    assert (await place.ask("access_pass", case))[0] == 409
    await place.ask("restore", case, reason="urgent")
    await place.wait(minutes=2)
    status, shown = await place.ask("access_pass", case, minutes=30)
    assert status == 200
    page = await place.bench.app.access_pass(case, BROWSER, b"")
    secrets = [shown["access_pass"]]
    [second] = [word for word in page.body.split(">") if word.endswith("</p") and len(word) == 11]
    secrets.append(second.removesuffix("</p"))
    assert page.headers["Cache-Control"] == "no-store"
    await place.wait(days=8)
    kept = place.bench.store
    assert isinstance(kept, MemoryStore)
    places = "".join(json.dumps(row.body) for row in kept.rows())
    places += b"".join(kept.blobs().values()).decode() + caplog.text
    for path in ("", ".json", "/report", "/restore"):
        places += (await place.bench.app.page(f"cases/{case}{path}", {})).body
    assert all(len(secret) == 8 and secret not in places for secret in secrets)
    issued = await place.events(case, "pass_issued")
    assert [line["actor"] for line in issued] == ["olga", "somebody at this computer"]
    assert "good until" in issued[0]["text"]
    # The pass is a method of the owner's, made after the return: no look takes it away.
    assert len(await place.events(case, "pass_asked")) == 2


async def test_a_pass_whose_answer_was_lost_is_said_to_be_known_to_nobody(place: Place) -> None:
    case = await place.back()
    match = "POST /users/{id}/authentication/temporaryAccessPassMethods"
    place.lab.drop(match=match, loss=Loss.READ_TIMEOUT, when=When.AFTER_EFFECT)
    assert (await place.ask("access_pass", case))[0] == 409
    assert (
        "known" in (await place.events(case, "failed"))[-1]["text"]
        or "nobody" in (await place.events(case, "failed"))[-1]["text"]
    )
    assert (await place.ask("access_pass", case))[0] == 200


@pytest.mark.parametrize(("story", "says"), [(guest, "home"), (synced_user, "on premises")])
async def test_other_kinds_of_account_are_told_what_to_do_instead(story: Story, says: str) -> None:
    place = Place(story)
    async with place.bench:
        case = await place.contained()
        await place.ask("restore", case, reason="urgent")
        await place.wait(minutes=2)
        _, said = await place.ask("access_pass", case)
        assert says in json.dumps(said)
