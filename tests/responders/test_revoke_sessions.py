from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lab.scenarios import guest, token_thief
from responders.revoke_sessions import RevokeSessions


@pytest.mark.parametrize(("after", "planned"), [(-1, True), (0, False), (1, False)])
async def test_sessions_are_compared_with_when_the_intruder_was_last_seen(
    stand: Any, *, after: int, planned: bool
) -> None:
    place = stand(RevokeSessions(), story=token_thief)
    case = await place.case()
    moment = case.seen_until + timedelta(seconds=after)
    place.clock.advance(5)
    place.lab.change_user(place.scenario.oid, sessions_valid_from=moment)
    assert (await place.responder.plan(case, place.world) is not None) is planned


async def test_a_later_sighting_ends_the_sessions_again(stand: Any) -> None:
    place = stand(RevokeSessions(), story=token_thief)
    case = await place.case()
    place.clock.advance(2)
    await place.until_done(case)
    seen_again = case.model_copy(update={"seen_until": place.clock.now() + timedelta(minutes=1)})
    assert await place.responder.plan(case, place.world) is None
    assert await place.responder.plan(seen_again, place.world) is not None


async def test_the_session_dies_and_the_token_nobody_evaluates_lives_out_its_time(
    stand: Any,
) -> None:
    place = stand(RevokeSessions(), story=token_thief)
    place.clock.advance(1)
    await place.until_done(await place.case())
    intruder = place.scenario.intruder
    ends = {f.label: intruder.died_at(f) for f in intruder.footholds}
    lag = timedelta(seconds=place.lab.settings.session_lag)
    assert ends["stolen session cookie"] == place.clock.now() + lag
    assert ends["stolen password"] is None
    place.clock.advance(place.lab.settings.access_token_life)
    assert "Graph access token" not in {f.label for f in intruder.living()}


async def test_only_the_sessions_change(stand: Any) -> None:
    place = stand(RevokeSessions(), story=token_thief)
    before = place.lab.users[place.scenario.oid]
    place.clock.advance(1)
    await place.until_done(await place.case())
    after = place.lab.users[place.scenario.oid]
    assert after.sessions_valid_from == place.clock.now()
    assert replace(after, sessions_valid_from=before.sessions_valid_from) == before


async def test_a_guests_sessions_are_left_to_the_home_tenant(stand: Any) -> None:
    place = stand(RevokeSessions(), story=guest)
    refused = await place.responder.refuse(await place.case(), place.world)
    assert refused is not None
    assert refused.steps


async def test_unknown_is_shown_as_unknown(stand: Any) -> None:
    place = stand(RevokeSessions(), story=token_thief)
    change = await place.responder.plan(await place.case(), place.world)
    assert "UTC" in change.differences()[0].was
    assert change.model_copy(update={"valid_from": None}).differences()[0].was == "unknown"
