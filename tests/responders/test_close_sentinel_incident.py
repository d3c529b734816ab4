from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lab.tenant.sentinel import Incident, account_entity
from lab.workbench import lab_tenant
from responders.close_sentinel_incident import CloseSentinelIncident
from shared.errors import Conflict, Refused, Unavailable
from shared.model import Case, Judgement, Origin


def the_incident(place: Any) -> Incident:
    """The one that is open about the intruder's account, or was."""
    held = place.lab.workspace.incidents.values()
    (found,) = [i for i in held if i.classification != "FalsePositive"]
    return found  # type: ignore[no-any-return]


def change_it(place: Any, **changes: Any) -> None:
    one = the_incident(place)
    place.lab.workspace.incidents[one.name] = replace(one, version=one.version + 1, **changes)


def verdict(place: Any) -> tuple[str, str | None, str | None]:
    one = the_incident(place)
    return one.status, one.classification, one.reason


async def test_it_is_commented_and_then_closed_as_a_true_positive_once(stand: Any) -> None:
    place = stand(CloseSentinelIncident())
    case = await place.case()
    change = await place.responder.plan(case, place.world)
    await place.responder.apply(change, place.world)
    await place.responder.apply(change, place.world)
    assert [write.what for write in place.lab.writes] == [
        "sentinel incident: commented",
        "sentinel incident: Closed",
    ]
    assert verdict(place) == ("Closed", "TruePositive", "SuspiciousActivity")
    ((_, text),) = the_incident(place).comments
    assert case.id in text


@pytest.mark.parametrize(
    "more",
    [
        account_entity("x", aadUserId="00000000-0000-0000-0000-000000000001"),
        account_entity("x", accountName="dana.roth", upnSuffix="contoso.example"),
        {"kind": "Host", "properties": {"hostName": "pc-1"}},
    ],
    ids=["another account", "a name alone", "a host"],
)
async def test_one_not_known_to_be_about_this_account_alone_gets_one_comment_and_stays_open(
    stand: Any, more: dict[str, Any]
) -> None:
    place = stand(CloseSentinelIncident())
    case = await place.case()
    change = await place.responder.plan(case, place.world)
    change_it(place, entities=(*the_incident(place).entities, more))
    shared = await place.responder.plan(case, place.world)
    await place.responder.apply(change, place.world)  # it was planned to be closed
    await place.responder.apply(shared, place.world)
    assert await place.responder.plan(case, place.world) is None
    assert verdict(place) == ("New", None, None)
    ((_, text),) = the_incident(place).comments
    assert "left open" in text


async def test_without_a_workspace_it_says_how_to_name_one(stand: Any) -> None:
    place = stand(CloseSentinelIncident())
    case = await place.case()
    world = lab_tenant(place.lab, place.clients[-1], workspace=None)
    with pytest.raises(Unavailable) as unavailable:
        await place.responder.plan(case, world)
    assert "FIREBREAK_SENTINEL_WORKSPACE" in unavailable.value.steps[0]
    nothing: Case = case.model_copy(update={"origins": ()})
    assert await place.responder.plan(nothing, world) is None


@pytest.mark.parametrize("name", ["1020", "../x", "00000000-0000-0000-0000-000000000009"])
async def test_an_incident_that_is_not_in_the_workspace_is_left_alone(
    stand: Any, name: str
) -> None:
    place = stand(CloseSentinelIncident())
    case = await place.case()
    origin = Origin(carrier="sentinel_incident", native_id=name)
    case = case.model_copy(update={"origins": (origin,)})
    assert await place.responder.plan(case, place.world) is None


async def test_a_verdict_on_what_somebody_changed_meanwhile_is_a_conflict(stand: Any) -> None:
    place = stand(CloseSentinelIncident())
    case = await place.case()
    read = await place.world.sentinel.read(the_incident(place).name)
    change_it(place, severity="Low")
    change = await place.responder.plan(case, place.world)
    with pytest.raises(Conflict):
        await place.world.sentinel.judge(read, change.incidents[0].was)
    await place.responder.apply(change, place.world)
    assert the_incident(place).severity == "Low"


async def test_undo_opens_it_unless_somebody_judged_it_since(stand: Any) -> None:
    place = stand(CloseSentinelIncident())
    case = await place.case()
    change = await place.responder.plan(case, place.world)
    await place.responder.apply(change, place.world)
    await place.responder.undo(change, place.world)
    assert verdict(place) == ("New", None, None)
    assert the_incident(place).comments
    change_it(
        place, status="Closed", classification="BenignPositive", reason="SuspiciousButExpected"
    )
    with pytest.raises(Refused, match="BenignPositive"):
        await place.responder.undo(change, place.world)


async def test_a_false_alarm_is_closed_as_one_also_where_the_case_closed_it_before(
    stand: Any,
) -> None:
    place = stand(CloseSentinelIncident())
    case = await place.case()
    name = the_incident(place).name
    await place.until_done(case)
    alarm = case.model_copy(update={"judgement": Judgement.FALSE_ALARM})
    await place.until_done(alarm)
    held = place.lab.workspace.incidents[name]
    assert (held.status, held.classification) == ("Closed", "FalsePositive")
    assert len(held.comments) == 2
    taken_back = alarm.model_copy(update={"judgement": Judgement.COMPROMISE})
    await place.until_done(taken_back)
    assert verdict(place) == ("Closed", "TruePositive", "SuspiciousActivity")
