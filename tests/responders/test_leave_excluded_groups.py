from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lab.plants.excluded_groups import MFA
from lab.registrations import Registrations
from lab.scenarios import false_alarm
from lab.tenant import TenantSettings
from lab.tenant.settings import Licence
from responders.leave_excluded_groups import LeaveExcludedGroups
from shared.errors import Denied, Refused
from shared.tasks.steps import unavailable


def exempt(place: Any, *groups: str, **wish: Any) -> None:
    Registrations(place.lab).access_rule(
        MFA, controls=("mfa",), without_groups=frozenset(groups), **wish
    )


def quiet(stand: Any, **wishes: Any) -> Any:
    return stand(LeaveExcludedGroups(), story=false_alarm, **wishes)


def join(place: Any, name: str, **wish: Any) -> str:
    at = place.clock.now() - timedelta(minutes=1)
    return Registrations(place.lab).join(place.scenario.oid, name, at=at, **wish)


async def planned(place: Any) -> Any:
    return await place.responder.plan(await place.case(), place.world)


async def test_only_the_exemption_that_is_new_ends(stand: Any) -> None:
    place = stand(LeaveExcludedGroups())
    change = await planned(place)
    assert [exemption.group.name for exemption in change.exemptions] == ["MFA exceptions"]
    assert MFA in change.exemptions[0].label
    await place.responder.apply(change, place.world)
    place.clock.advance(place.lab.settings.role_lag)
    held = [f for f in place.scenario.intruder.footholds if f.number == 16]
    assert held
    assert not any(foothold.alive(place.lab) for foothold in held)
    assert place.scenario.losses() == []


async def test_whoever_joined_nothing_costs_no_turn_at_the_policies(stand: Any) -> None:
    place = quiet(stand)
    assert await planned(place) is None
    assert not any("conditionalAccess" in call.name for call in place.lab.calls)


async def test_a_policy_that_is_not_in_force_exempts_nobody(stand: Any) -> None:
    place = quiet(stand)
    exempt(place, join(place, "Pilot"), state="enabledForReportingButNotEnforced")
    assert await planned(place) is None


async def test_an_exemption_through_a_group_in_a_group_is_left_to_a_person(stand: Any) -> None:
    place = quiet(stand)
    outer = Registrations(place.lab).join(place.scenario.bystanders[0], "Outer", at=None)
    inner = join(place, "Inner")
    place.lab.state.memberships.seed(inner, frozenset({outer}))
    exempt(place, outer)
    with pytest.raises(Refused, match="“Outer”") as refused:
        await planned(place)
    assert outer in refused.value.steps[0]
    assert place.ours() == []


async def test_who_is_in_a_dynamic_group_is_not_set_by_hand(stand: Any) -> None:
    place = quiet(stand)
    exempt(place, join(place, "All of Sales", dynamic=True))
    with pytest.raises(Refused, match="All of Sales"):
        await planned(place)


async def test_without_the_licence_it_is_unavailable_and_calls_nobody(stand: Any) -> None:
    free = frozenset(Licence) - {Licence.ENTRA_P1, Licence.ENTRA_P2}
    place = quiet(stand, settings=TenantSettings.instant(licences=free))
    with pytest.raises(Denied) as denied:
        await planned(place)
    assert unavailable(denied.value)


async def test_undo_does_not_mind_that_somebody_let_the_account_in_again(stand: Any) -> None:
    place = stand(LeaveExcludedGroups())
    change = await planned(place)
    await place.responder.apply(change, place.world)
    await place.responder.undo(change, place.world)
    await place.responder.undo(change, place.world)
    held = place.lab.state.memberships[place.scenario.oid]
    assert change.exemptions[0].group.id in held
