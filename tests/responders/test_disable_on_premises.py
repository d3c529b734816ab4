from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lab.scenarios import federated_user, synced_user, token_thief
from lab.tenant import TenantSettings
from lab.tenant.settings import Licence
from responders.disable_on_premises import DisableOnPremises
from shared.errors import Refused

WITHOUT = TenantSettings.instant(licences=frozenset(Licence) - {Licence.DEFENDER_IDENTITY})


async def refusal(place: Any) -> Refused:
    with pytest.raises(Refused) as refused:
        await place.responder.plan(await place.case(), place.world)
    assert place.ours() == []
    assert "Disable-ADAccount" in refused.value.steps[0]
    return refused.value


@pytest.mark.parametrize("story", [synced_user, federated_user], ids=lambda story: story.__name__)
async def test_the_sync_then_disables_the_account_instead_of_enabling_it(
    stand: Any, story: Any
) -> None:
    place = stand(DisableOnPremises(), story=story)
    await place.until_done(await place.case())
    place.lab.sync_directory()
    assert place.lab.users[place.scenario.oid].enabled is False
    assert 21 not in {foothold.number for foothold in place.scenario.intruder.living()}


async def test_an_undo_and_a_sync_let_the_owner_in_again(stand: Any) -> None:
    place = stand(DisableOnPremises())
    (change,) = await place.until_done(await place.case())
    place.lab.sync_directory()
    await place.responder.undo(change, place.world)
    place.lab.sync_directory()
    assert place.lab.users[place.scenario.oid].enabled is True


async def test_no_change_of_password_is_forced_that_the_intruder_could_answer(stand: Any) -> None:
    place = stand(DisableOnPremises())
    await place.until_done(await place.case())
    assert not place.lab.users[place.scenario.oid].must_change_password


async def test_a_cloud_account_has_nothing_on_premises(stand: Any) -> None:
    place = stand(DisableOnPremises(), story=token_thief)
    case = await place.case()
    assert await place.responder.refuse(case, place.world) is None
    assert await place.responder.plan(case, place.world) is None
    assert place.lab.calls == []


async def test_switched_off_in_the_policy_it_is_handed_to_a_person(stand: Any) -> None:
    place = stand(DisableOnPremises())
    case = await place.case()
    place.world = replace(place.world, domain_accounts=None)
    refused = await place.responder.refuse(case, place.world)
    assert "switched off" in str(refused)
    assert "switched off" in str(await refusal(place))


async def test_without_a_licence_it_is_handed_to_a_person(stand: Any) -> None:
    assert "no licence" in str(await refusal(stand(DisableOnPremises(), settings=WITHOUT)))


async def test_an_account_that_no_sensor_watches_is_handed_to_a_person(stand: Any) -> None:
    place = stand(DisableOnPremises())
    case = await place.case()
    place.lab.change_user(place.scenario.oid, on_premises_sid="S-1-5-21-1-2-3-4")
    with pytest.raises(Refused, match="knows 0 accounts"):
        await place.responder.plan(case, place.world)


async def test_an_account_nobody_knows_the_sid_of_is_handed_to_a_person(stand: Any) -> None:
    place = stand(DisableOnPremises(), story=synced_user)
    place.lab.change_user(place.scenario.oid, on_premises_sid=None)
    assert "security identifier" in str(await refusal(place))
