from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lab.registrations import Registrations
from lab.scenarios import admin, false_alarm
from lab.tenant import TenantSettings
from lab.tenant.population import Population
from lab.tenant.settings import Licence
from lab.tenant.state import Role
from responders.remove_admin_roles import RemoveAdminRoles
from shared.clients.held_roles import Holding
from shared.errors import Refused

GLOBAL = "Global Administrator"
P1 = TenantSettings.instant(licences=frozenset({Licence.ENTRA_P1}))
FREE = TenantSettings.instant(licences=frozenset[Licence]())


def held(place: Any) -> set[str]:
    state, oid = place.lab.state, place.scenario.oid
    parents = {
        parent.name
        for parent in state.parents(oid, at=place.clock.now())
        if isinstance(parent, Role) or parent.role_assignable
    }
    return parents | {
        state.roles[role].name for who, role in state.directory.eligible if who == oid
    }


async def planned(place: Any) -> Any:
    return await place.responder.plan(await place.case(), place.world)


async def test_every_way_to_a_role_is_taken_away_and_the_owners_old_one_stays(stand: Any) -> None:
    place = stand(RemoveAdminRoles())
    change = await planned(place)
    assert {(judged.role.holding, judged.role.name) for judged in change.roles} == {
        (Holding.ACTIVE, "Exchange Administrator"),
        (Holding.ACTIVE, "User Administrator"),
        (Holding.ELIGIBLE, "Application Administrator"),
        (Holding.GROUP, "Tier 0 operators"),
    }
    await place.responder.apply(change, place.world)
    assert held(place) == {"Reports Reader"}
    assert place.scenario.losses() == []


async def test_it_is_told_since_when_each_is_held_as_far_as_anybody_knows(stand: Any) -> None:
    change = await planned(stand(RemoveAdminRoles()))
    told = {judged.role.name: judged.reason for judged in change.roles}
    after = "held since 2026-11-23 11:57 UTC, after the compromise began"
    assert told == {
        "Application Administrator": after,
        "User Administrator": after,
        "Tier 0 operators": after,
        "Exchange Administrator": "held, nobody knows since when",
    }


async def test_a_role_known_to_be_older_stays(stand: Any) -> None:
    place = stand(RemoveAdminRoles(), story=false_alarm)
    case = await place.case()
    start = case.compromised_since - timedelta(seconds=1)
    directory = Registrations(place.lab)
    directory.activate(place.scenario.oid, "Teams Administrator", start=start)
    directory.make_eligible(place.scenario.oid, GLOBAL, start=start)
    assert await place.responder.plan(case, place.world) is None


async def test_the_audit_log_tells_when_a_role_was_given_past_pim(stand: Any) -> None:
    place = stand(RemoveAdminRoles(), story=false_alarm)
    oid, people = place.scenario.oid, Population(place.lab)
    token = {"principalId": oid, "directoryScopeId": "/"}
    role = people.role("Teams Administrator", [])
    definition = place.lab.state.roles[role].template
    answer = await place.clients[0].post(
        "https://graph.microsoft.com/v1.0/roleManagement/directory/roleAssignments",
        json={**token, "roleDefinitionId": definition},
        headers={"Authorization": f"Bearer {place.lab.token('https://graph.microsoft.com')}"},
    )
    assert answer.status_code == 201
    change = await planned(place)
    assert change.roles[0].reason.startswith("held since 2026-11-23 12:00")


async def test_the_last_global_administrator_is_never_removed(stand: Any) -> None:
    place = stand(RemoveAdminRoles(), story=admin)
    with pytest.raises(Refused, match="only Global Administrator") as refused:
        await planned(place)
    assert refused.value.steps
    assert held(place) == {GLOBAL}


async def test_the_last_global_administrator_still_loses_the_rest(stand: Any) -> None:
    place = stand(RemoveAdminRoles(), story=admin)
    Registrations(place.lab).activate(place.scenario.oid, "Exchange Administrator")
    change = await planned(place)
    assert [judged.role.name for judged in change.roles] == ["Exchange Administrator"]


async def test_one_global_administrator_of_several_is_removed_and_comes_back(stand: Any) -> None:
    place = stand(RemoveAdminRoles(), story=admin)
    Population(place.lab).role(GLOBAL, [place.scenario.bystanders[0]])
    change = await planned(place)
    await place.responder.apply(change, place.world)
    assert held(place) == set()
    await place.responder.undo(change, place.world)
    assert held(place) == {GLOBAL}


async def test_an_activation_is_ended_and_not_made_to_last_by_an_undo(stand: Any) -> None:
    place = stand(RemoveAdminRoles(), story=false_alarm)
    oid, now = place.scenario.oid, place.clock.now()
    end = now + timedelta(hours=8)
    directory = Registrations(place.lab)
    directory.activate(oid, "Teams Administrator", start=now, end=end, activated=True)
    change = await planned(place)
    assert "activate it again" in change.differences()[0].becomes
    await place.responder.apply(change, place.world)
    assert held(place) == set()
    await place.responder.undo(change, place.world)
    assert held(place) == set()


async def test_an_undo_gives_back_the_end_of_a_term_too(stand: Any) -> None:
    place = stand(RemoveAdminRoles())
    directory = place.lab.state.directory
    before = dict(directory.active), dict(directory.eligible)
    change = await planned(place)
    await place.responder.apply(change, place.world)
    assert directory.active == {}
    await place.responder.undo(change, place.world)
    assert (directory.active, directory.eligible) == before


async def test_without_p2_nothing_has_a_term_and_nobody_is_eligible(stand: Any) -> None:
    place = stand(RemoveAdminRoles(), story=false_alarm, settings=P1)
    Registrations(place.lab).activate(place.scenario.oid, "Teams Administrator")
    change = await planned(place)
    assert [judged.role.timed for judged in change.roles] == [False]
    await place.responder.apply(change, place.world)
    assert held(place) == set()


async def test_without_any_licence_what_nobody_can_date_is_planned(stand: Any) -> None:
    place = stand(RemoveAdminRoles(), settings=FREE)
    change = await planned(place)
    assert {judged.reason for judged in change.roles} == {"held, nobody knows since when"}
    assert {judged.role.name for judged in change.roles} == {
        "Exchange Administrator",
        "User Administrator",
        "Tier 0 operators",
    }


async def test_an_ordinary_group_is_left_alone(stand: Any) -> None:
    place = stand(RemoveAdminRoles(), story=false_alarm)
    Population(place.lab).group("Choir", [place.scenario.oid])
    assert await planned(place) is None
