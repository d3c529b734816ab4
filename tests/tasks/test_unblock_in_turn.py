from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from lab.scenarios import spammer
from tests.tasks.returns import Place, everything


async def test_the_sender_is_let_go_after_the_owner_is_back_and_followed_until_it_shows() -> None:
    place = Place(spammer)
    async with place.bench:
        case = await place.green()
        assert sum(place.lab.state.unblocked.values()) == 0
        await place.ask("restore", case)
        await place.bench.settle(within=timedelta(minutes=5))
        own = [w for w in place.lab.writes if w.actor == place.lab.own_object_id]
        order = [w.what for w in own if "unblocked" in w.what or "accountEnabled" in w.what]
        assert order[-2:] == ["accountEnabled: True", order[-1]]
        assert "unblocked" in order[-1]
        assert (await place.task(case, "unblock_sender"))["state"] == "applied"
        assert (await place.bench.case(case))["status"] == "contained"
        await place.wait(hours=3)
        assert (await place.task(case, "unblock_sender"))["state"] == "verified"
        assert sum(place.lab.state.unblocked.values()) == 1


async def test_a_rule_that_names_unblock_sender_waits_for_the_checklist(tmp_path: Path) -> None:
    place = Place(spammer, policy=everything(tmp_path, without={"revoke_app_consents"}))
    async with place.bench:
        case = await place.contained(minutes=70)
        assert (await place.task(case, "unblock_sender"))["state"] == "queued"
        assert sum(place.lab.state.unblocked.values()) == 0
        await place.ask("confirm", case, check="apps")
        await place.wait(hours=4)
        assert (await place.lights(case))["apps"] == "green"
        assert sum(place.lab.state.unblocked.values()) == 1
