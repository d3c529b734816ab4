from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lab.tenant.faults import Loss, When
from responders.close_incident import CloseIncident
from shared.errors import Refused, Transient
from shared.model import Case, Judgement, Origin

CLOSED = ("resolved", "truePositive", "compromisedAccount")


def false_alarm(case: Case) -> Case:
    return case.model_copy(update={"judgement": Judgement.FALSE_ALARM})


def defender(case: Case) -> list[str]:
    return [o.native_id for o in case.origins if o.carrier == "graph_alerts_v2"]


def incidents(place: Any, case: Case) -> list[str]:
    alerts = place.lab.state.alerts
    return [alerts[alert].body["incidentId"] for alert in defender(case)]


def graded(place: Any, incident: str) -> tuple[str, str | None, str | None]:
    held = place.lab.state.incidents[incident]
    return held.status, held.classification, held.determination


def move_in(place: Any, incident: str, **evidence: Any) -> None:
    """Let Defender put one more alert into an incident, about what this evidence says."""
    alerts = place.lab.state.alerts
    one = next(alert for alert in alerts.values() if alert.body["incidentId"] == incident)
    piece = {**one.body["evidence"][0], **evidence}
    body = {**one.body, "id": "fa-other", "evidence": [piece]}
    alerts["fa-other"] = replace(one, oid=place.scenario.bystanders[0], body=body)


def stranger(place: Any) -> dict[str, Any]:
    return {"userAccount": {"azureAdUserId": place.scenario.bystanders[0]}}


async def test_each_incident_is_commented_once_and_then_graded_in_one_request(stand: Any) -> None:
    place = stand(CloseIncident())
    case = await place.case()
    await place.until_done(case)
    assert [write.what for write in place.lab.writes] == [
        "incident: commented",
        "incident: classification truePositive, determination compromisedAccount, status resolved",
    ] * len(incidents(place, case))
    for incident in incidents(place, case):
        assert graded(place, incident) == CLOSED
        (comment,) = place.lab.state.incidents[incident].comments
        assert case.id in comment.text


@pytest.mark.parametrize(
    "evidence",
    [
        stranger,
        lambda _: {"userAccount": {"userPrincipalName": "dana.roth@contoso.example"}},
        lambda _: {"userAccount": None},
        lambda _: {"@odata.type": "#microsoft.graph.security.deviceEvidence"},
        lambda _: {"@odata.type": "#microsoft.graph.security.evidenceOfTomorrow"},
    ],
    ids=["another account", "a name alone", "no account", "a device", "a sort nobody knows"],
)
async def test_an_incident_not_known_to_be_about_this_account_alone_gets_a_comment_and_stays_open(
    stand: Any, evidence: Any
) -> None:
    place = stand(CloseIncident())
    case = await place.case()
    shared, other = incidents(place, case)
    move_in(place, shared, **evidence(place))
    await place.until_done(case)
    assert graded(place, shared) == ("active", None, None)
    (comment,) = place.lab.state.incidents[shared].comments
    assert "left open" in comment.text
    assert place.lab.state.alerts["fa-other"].status != "resolved"
    assert graded(place, other) == CLOSED


async def test_an_incident_that_another_account_joins_after_the_plan_is_not_closed(
    stand: Any,
) -> None:
    place = stand(CloseIncident())
    case = await place.case()
    change = await place.responder.plan(case, place.world)
    joined = incidents(place, case)[0]
    move_in(place, joined, **stranger(place))
    await place.responder.apply(change, place.world)
    assert graded(place, joined)[0] == "active"
    assert await place.responder.plan(case, place.world) is None


async def test_what_a_person_has_resolved_keeps_that_verdict(stand: Any) -> None:
    place = stand(CloseIncident())
    case = await place.case()
    change = await place.responder.plan(case, place.world)
    first = incidents(place, case)[0]
    held = place.lab.state.incidents
    held[first] = replace(held[first], status="resolved", classification="falsePositive")
    await place.responder.apply(change, place.world)
    assert graded(place, first) == ("resolved", "falsePositive", None)
    assert held[first].comments == ()


async def test_a_yes_still_holds_once_the_alerts_were_closed_and_not_for_an_incident_now_shared(
    stand: Any,
) -> None:
    place = stand(CloseIncident())
    case = await place.case()
    approved = await place.responder.plan(case, place.world)
    alerts = place.lab.state.alerts
    first = defender(case)[0]
    alerts[first] = replace(alerts[first], status="resolved")
    assert approved.covers(await place.responder.plan(case, place.world))
    move_in(place, incidents(place, case)[0], **stranger(place))
    assert not approved.covers(await place.responder.plan(case, place.world))


async def test_alerts_of_a_defender_incident_lead_to_it_and_those_of_other_carriers_do_not(
    stand: Any,
) -> None:
    place = stand(CloseIncident())
    case = await place.case()
    ids = defender(case)
    for carrier, found in (
        ("graph_incidents", True),
        ("graph_notifications", True),
        ("defender_streaming", True),
        ("generic", False),
    ):
        origins = tuple(Origin(carrier=carrier, native_id=alert) for alert in ids)
        told = case.model_copy(update={"origins": origins})
        assert (await place.responder.plan(told, place.world) is not None) is found


async def test_a_comment_whose_answer_was_lost_is_not_written_twice(stand: Any) -> None:
    place = stand(CloseIncident())
    case = await place.case()
    place.lab.drop(match="POST *", loss=Loss.READ_TIMEOUT, when=When.AFTER_EFFECT)
    change = await place.responder.plan(case, place.world)
    with pytest.raises(Transient):
        await place.responder.apply(change, place.world)
    await place.until_done(case)
    for incident in incidents(place, case):
        assert len(place.lab.state.incidents[incident].comments) == 1


async def test_undo_opens_the_incident_and_its_alerts_and_the_comment_stays(stand: Any) -> None:
    place = stand(CloseIncident())
    case = await place.case()
    before = {alert: place.lab.state.alerts[alert] for alert in defender(case)}
    change = await place.responder.plan(case, place.world)
    await place.responder.apply(change, place.world)
    assert all(place.lab.state.alerts[alert].status == "resolved" for alert in before)
    await place.responder.undo(change, place.world)
    for alert, was in before.items():
        assert place.lab.state.alerts[alert].status == was.status
    for incident in incidents(place, case):
        assert graded(place, incident) == ("active", None, None)
        assert place.lab.state.incidents[incident].comments


async def test_undo_leaves_all_of_them_where_somebody_graded_one_since(stand: Any) -> None:
    place = stand(CloseIncident())
    case = await place.case()
    change = await place.responder.plan(case, place.world)
    await place.responder.apply(change, place.world)
    last = incidents(place, case)[-1]
    held = place.lab.state.incidents
    held[last] = replace(held[last], determination="phishing")
    place.lab.writes.clear()
    with pytest.raises(Refused, match="phishing"):
        await place.responder.undo(change, place.world)
    assert place.ours() == []


async def test_a_false_alarm_is_closed_as_one_also_where_the_case_closed_it_before(
    stand: Any,
) -> None:
    place = stand(CloseIncident())
    case = await place.case()
    await place.until_done(case)
    [change] = await place.until_done(false_alarm(case))
    for incident in incidents(place, case):
        assert graded(place, incident) == ("resolved", "falsePositive", "notMalicious")
        assert "false alarm" in place.lab.state.incidents[incident].comments[-1].text
    await place.responder.undo(change, place.world)
    assert {graded(place, incident) for incident in incidents(place, case)} == {CLOSED}
