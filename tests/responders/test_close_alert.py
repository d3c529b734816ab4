from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lab.tenant.faults import Loss, When
from responders.close_alert import CloseAlert
from shared.errors import Refused, Transient
from shared.model import Case, Judgement, Origin

FALSE = ("resolved", "falsePositive", "notMalicious")


def graded(place: Any, alert: str) -> tuple[str, str | None, str | None]:
    held = place.lab.state.alerts[alert]
    return held.status, held.classification, held.determination


def false_alarm(case: Case) -> Case:
    return case.model_copy(update={"judgement": Judgement.FALSE_ALARM})


def ids(case: Case) -> list[str]:
    return [o.native_id for o in case.origins if o.carrier == "graph_alerts_v2"]


async def test_each_alert_is_commented_once_and_then_graded_in_one_request(stand: Any) -> None:
    place = stand(CloseAlert())
    case = await place.case()
    await place.until_done(case)
    assert [write.what for write in place.lab.writes] == [
        "alert: commented",
        "alert: classification truePositive, determination compromisedAccount, status resolved",
    ] * len(ids(case))
    for alert in ids(case):
        assert graded(place, alert) == ("resolved", "truePositive", "compromisedAccount")
        (comment,) = place.lab.state.alerts[alert].comments
        assert case.id in comment.text


async def test_what_a_person_has_resolved_keeps_that_verdict(stand: Any) -> None:
    place = stand(CloseAlert())
    case = await place.case()
    first, second = ids(case)
    alerts = place.lab.state.alerts
    alerts[first] = replace(alerts[first], status="resolved", classification="falsePositive")
    change = await place.responder.plan(case, place.world)
    assert [alert.id for alert in change.alerts] == [second]
    await place.responder.apply(change, place.world)
    assert graded(place, first) == ("resolved", "falsePositive", None)


async def test_an_alert_a_person_resolves_between_plan_and_apply_keeps_that_verdict(
    stand: Any,
) -> None:
    place = stand(CloseAlert())
    case = await place.case()
    change = await place.responder.plan(case, place.world)
    first = ids(case)[0]
    alerts = place.lab.state.alerts
    alerts[first] = replace(alerts[first], status="resolved", classification="falsePositive")
    await place.responder.apply(change, place.world)
    assert graded(place, first) == ("resolved", "falsePositive", None)
    assert place.lab.state.alerts[first].comments == ()


@pytest.mark.parametrize(
    "carrier", ["graph_incidents", "graph_notifications", "defender_streaming"]
)
async def test_however_an_alert_of_defender_came_it_is_closed_there(
    stand: Any, carrier: str
) -> None:
    place = stand(CloseAlert())
    case = await place.case()
    names = (*ids(case), "a-risk:atRisk", "incident:7")
    came = tuple(Origin(carrier=carrier, native_id=name) for name in names)
    change = await place.responder.plan(case.model_copy(update={"origins": came}), place.world)
    assert [alert.id for alert in change.alerts] == ids(case)


async def test_alerts_of_other_carriers_are_not_looked_for_in_defender(stand: Any) -> None:
    place = stand(CloseAlert())
    case = await place.case()
    elsewhere = tuple(Origin(carrier="generic", native_id=alert) for alert in ids(case))
    case = case.model_copy(update={"origins": elsewhere})
    assert await place.responder.plan(case, place.world) is None
    assert place.lab.calls == []


async def test_an_alert_that_is_gone_at_its_source_does_not_keep_the_others_open(
    stand: Any,
) -> None:
    place = stand(CloseAlert())
    case = await place.case()
    gone, left = ids(case)
    del place.lab.state.alerts[gone]
    await place.until_done(case)
    assert graded(place, left)[0] == "resolved"


async def test_a_comment_whose_answer_was_lost_is_not_written_twice(stand: Any) -> None:
    place = stand(CloseAlert())
    case = await place.case()
    place.lab.drop(match="POST *", loss=Loss.READ_TIMEOUT, when=When.AFTER_EFFECT)
    change = await place.responder.plan(case, place.world)
    with pytest.raises(Transient) as lost:
        await place.responder.apply(change, place.world)
    assert lost.value.may_have_happened
    await place.until_done(case)
    for alert in ids(case):
        assert len(place.lab.state.alerts[alert].comments) == 1


async def test_undo_opens_them_as_they_were_and_says_that_the_comment_stays(stand: Any) -> None:
    place = stand(CloseAlert())
    case = await place.case()
    before = {alert: graded(place, alert) for alert in ids(case)}
    change = await place.responder.plan(case, place.world)
    assert any("stays" in line.what for line in change.differences())
    await place.responder.apply(change, place.world)
    await place.responder.undo(change, place.world)
    assert {alert: graded(place, alert) for alert in ids(case)} == before
    assert all(place.lab.state.alerts[alert].comments for alert in ids(case))


async def test_undo_leaves_all_of_them_where_somebody_graded_one_since(stand: Any) -> None:
    place = stand(CloseAlert())
    case = await place.case()
    change = await place.responder.plan(case, place.world)
    await place.responder.apply(change, place.world)
    last = ids(case)[-1]
    alerts = place.lab.state.alerts
    alerts[last] = replace(alerts[last], determination="phishing")
    place.lab.writes.clear()
    with pytest.raises(Refused, match="phishing"):
        await place.responder.undo(change, place.world)
    assert place.ours() == []


async def test_a_false_alarm_is_closed_as_one_and_undo_opens_it_again(stand: Any) -> None:
    place = stand(CloseAlert())
    case = false_alarm(await place.case())
    before = [graded(place, alert)[0] for alert in ids(case)]
    [change] = await place.until_done(case)
    for alert in ids(case):
        assert graded(place, alert) == FALSE
        assert "false alarm" in place.lab.state.alerts[alert].comments[-1].text
    await place.responder.undo(change, place.world)
    assert [graded(place, alert)[0] for alert in ids(case)] == before


async def test_what_the_case_closed_itself_is_corrected_either_way(stand: Any) -> None:
    place = stand(CloseAlert())
    case = await place.case()
    await place.until_done(case)
    await place.until_done(false_alarm(case))
    assert {graded(place, alert) for alert in ids(case)} == {FALSE}
    taken_back = false_alarm(case).model_copy(update={"judgement": Judgement.COMPROMISE})
    await place.until_done(taken_back)
    assert {graded(place, alert)[1] for alert in ids(case)} == {"truePositive"}


async def test_what_a_person_resolved_otherwise_is_not_corrected(stand: Any) -> None:
    place = stand(CloseAlert())
    case = await place.case()
    first, second = ids(case)
    alerts = place.lab.state.alerts
    theirs = {"status": "resolved", "classification": "truePositive", "determination": "phishing"}
    alerts[first] = replace(alerts[first], **theirs)
    await place.until_done(false_alarm(case))
    assert graded(place, first) == ("resolved", "truePositive", "phishing")
    assert graded(place, second) == FALSE
