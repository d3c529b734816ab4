from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from lab.scenarios import forwarder
from tests.tasks.returns import Place, everything


def graded(place: Place) -> set[str]:
    return {alert.status for alert in place.lab.state.alerts.values() if alert.oid == place.oid}


async def test_a_contained_cases_defender_alert_is_closed_where_it_came_from(
    tmp_path: Path,
) -> None:
    place = Place(forwarder, policy=everything(tmp_path))
    async with place.bench:
        case = await place.contained()
        assert (await place.bench.case(case))["status"] == "contained"
        assert (await place.task(case, "close_alert"))["state"] == "verified"
        assert graded(place) == {"resolved"}
        events = [e["event"] for e in (await place.bench.case(case))["happened"]]
        assert events.count("status") == 1


async def test_an_alert_stays_open_while_its_case_is_not_contained(tmp_path: Path) -> None:
    place = Place(forwarder, policy=everything(tmp_path))
    async with place.bench:
        place.lab.granted -= {"User-PasswordProfile.ReadWrite.All"}
        case = await place.contained(minutes=70)
        assert (await place.bench.case(case))["status"] == "needs_person"
        assert (await place.task(case, "close_alert"))["state"] == "queued"
        assert "resolved" not in graded(place)
        await place.bench.settle(within=timedelta(days=8))
        assert "resolved" not in graded(place)


async def test_what_an_analyst_opens_again_is_not_closed_by_a_later_look(tmp_path: Path) -> None:
    place = Place(forwarder, policy=everything(tmp_path))
    async with place.bench:
        await place.contained()
        alerts = place.lab.state.alerts
        for key, alert in alerts.items():
            alerts[key] = replace(alert, status="inProgress")
        await place.wait(days=8)
        assert graded(place) == {"inProgress"}
