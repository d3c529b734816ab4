from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lab.mail_routes import lay
from lab.scenarios import false_alarm
from lab.tenant import TenantSettings
from lab.tenant.mail_flow import Kind
from responders.disable_mail_flow_rules import DisableMailFlowRules
from shared.clients.mail_flow import MailRoute, RouteKind
from shared.errors import Defect, Refused, Transient

THEIRS = {"Compliance copy", "Cloud relay", "Cloud smart host"}


async def planned(place: Any) -> Any:
    return await place.responder.plan(await place.case(), place.world)


def on(place: Any) -> set[str]:
    return {one.name for one in place.lab.state.mail_flow.devices.values() if one.enabled}


def lay_one(place: Any, name: str, *, ago: int = 1, by: str | None = None, **wish: Any) -> Any:
    at = place.clock.now() - timedelta(minutes=ago)
    oid = by or place.scenario.oid
    return lay(place.lab, Kind.RULE, name, by=oid, at=at, to="x@mallory.example", **wish)


def quiet(stand: Any, **wishes: Any) -> Any:
    return stand(DisableMailFlowRules(), story=false_alarm, **wishes)


async def test_what_the_account_made_since_is_off_and_nothing_else(stand: Any) -> None:
    place = stand(DisableMailFlowRules())
    before = on(place)
    change = await planned(place)
    await place.responder.apply(change, place.world)
    assert before - on(place) == THEIRS
    alive = {f.label for f in place.scenario.intruder.open_doors()}
    assert not any(name in label for name in THEIRS for label in alive)
    assert place.scenario.losses() == []
    await place.responder.undo(change, place.world)
    assert on(place) == before


async def test_a_rule_that_was_there_and_was_changed_since_counts(stand: Any) -> None:
    place = quiet(stand)
    lay_one(place, "Old one, new address", verb="Set")
    change = await planned(place)
    assert [made.route.name for made in change.routes] == ["Old one, new address"]


async def test_where_nothing_changed_no_search_is_started(stand: Any) -> None:
    place = quiet(stand)
    lay_one(place, "Old", ago=60)
    assert await planned(place) is None
    assert not place.lab.state.logbook.searches


async def test_the_search_is_waited_for_by_the_queue_and_not_here(stand: Any) -> None:
    place = quiet(stand, settings=TenantSettings.instant(audit_search=90.0))
    lay_one(place, "Leak")
    case = await place.case()
    with pytest.raises(Transient) as later:
        await place.responder.plan(case, place.world)
    assert later.value.retry_after
    place.clock.advance(90)
    assert (await place.responder.plan(case, place.world)).routes


async def test_two_of_one_name_are_left_to_a_person(stand: Any) -> None:
    place = quiet(stand)
    mine = lay_one(place, "Copy")
    lay_one(place, "Copy", ago=60, by=place.scenario.bystanders[0])
    with pytest.raises(Refused, match="1 rule or connector has a name that another") as refused:
        await planned(place)
    assert mine.id in refused.value.steps[0]
    assert place.ours() == []


async def test_undo_leaves_off_what_was_deleted_since(stand: Any) -> None:
    place = quiet(stand)
    device = lay_one(place, "Leak")
    change = await planned(place)
    await place.responder.apply(change, place.world)
    del place.lab.state.mail_flow.devices[device.id]
    await place.responder.undo(change, place.world)
    assert on(place) == set()


async def test_nothing_without_an_identity_reaches_exchange(stand: Any) -> None:
    place = quiet(stand)
    case = await place.case()
    route = MailRoute(id=" ", kind=RouteKind.RULE, name="", enabled=True, changed_at=None)
    with pytest.raises(Defect, match="without an identity"):
        await place.world.mail_flow.switch(case.account.who, route, on=False)
    assert place.ours() == []
