from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lab.closed_doors import shut
from lab.scenarios import guest, synced_user
from lab.tenant.faults import When
from lab.tenant.settings import AccessPolicy, Licence, TenantSettings
from responders.restore_sign_in import RestoreSignIn
from shared.errors import Transient


def writes(place: Any) -> list[str]:
    return [w.what for w in place.lab.writes if w.actor == place.lab.own_object_id]


async def test_nobody_who_did_not_ask_is_let_in(stand: Any) -> None:
    place = stand(RestoreSignIn())
    case = await place.case()
    refused = await place.responder.refuse(case, place.world)
    assert refused is not None
    assert "asked" in str(refused)
    asked = case.model_copy(update={"restored_at": place.clock.now()})
    assert await place.responder.refuse(asked, place.world) is None


async def test_password_first_then_the_group_the_risk_and_sign_in_last(stand: Any) -> None:
    place = stand(RestoreSignIn())
    (change,) = await place.until_done(await place.case())
    password, group, risk, sign_in = writes(place)
    assert "password" in password
    assert "Remove member from group" in group
    assert risk == "risk: dismissed"
    assert [(d.was, d.becomes) for d in change.differences() if d.what == "User risk"] == [
        ("atRisk (high)", "dismissed")
    ]
    assert sign_in == "accountEnabled: True"
    assert place.lab.users[place.scenario.oid].enabled
    assert not place.lab.sign_in_blocked(place.scenario.oid)


async def test_an_account_that_is_open_is_left_alone(stand: Any) -> None:
    place = stand(RestoreSignIn())
    case = await place.case()
    await place.until_done(case)
    before = len(place.lab.writes)
    place.clock.advance(timedelta(days=7).total_seconds())
    assert await place.until_done(case) == []
    assert len(place.lab.writes) == before


async def test_after_sign_in_is_allowed_the_password_is_not_touched_again(stand: Any) -> None:
    place = stand(RestoreSignIn())
    case = await place.case()
    place.lab.fail(match="PATCH *", skip=1, status=504, when=When.AFTER_EFFECT)
    change = await place.responder.plan(case, place.world)
    with pytest.raises(Transient):
        await place.responder.apply(change, place.world)
    own = place.clock.now() + timedelta(seconds=30)
    place.lab.change_user(place.scenario.oid, password_changed_at=own)
    await place.until_done(case)
    assert place.lab.users[place.scenario.oid].password_changed_at == own


async def test_a_synced_account_keeps_its_password_and_is_told_of_its_directory(
    stand: Any,
) -> None:
    place = stand(RestoreSignIn(), story=synced_user)
    (change,) = await place.until_done(await place.case())
    assert not change.new_password
    assert any("on premises" in line.what for line in change.differences())
    assert place.lab.users[place.scenario.oid].enabled


async def test_a_guest_is_let_in_here_and_keeps_the_home_tenants_password(stand: Any) -> None:
    place = stand(RestoreSignIn(), story=guest)
    (change,) = await place.until_done(await place.case())
    assert not change.new_password
    assert place.lab.users[place.scenario.oid].enabled


async def test_who_was_only_in_the_blocked_group_leaves_it(stand: Any) -> None:
    place = stand(RestoreSignIn())
    place.lab.change_user(place.scenario.oid, enabled=True)
    (change,) = await place.until_done(await place.case())
    assert change.was is True
    assert not place.lab.sign_in_blocked(place.scenario.oid)


async def test_another_account_in_the_group_stays_blocked(stand: Any) -> None:
    place = stand(RestoreSignIn())
    other = place.scenario.bystanders[0]
    shut(place.lab, other)
    await place.until_done(await place.case())
    assert place.lab.sign_in_blocked(other)
    assert not place.lab.users[other].enabled


async def test_the_risk_that_we_confirmed_no_longer_keeps_the_owner_out(stand: Any) -> None:
    blocking = frozenset({AccessPolicy.BLOCK_HIGH_USER_RISK})
    place = stand(RestoreSignIn(), settings=TenantSettings.instant(policies=blocking))
    case = await place.case()
    await place.world.risk.confirm_compromised(place.scenario.oid)
    assert place.lab.sign_in_blocked(place.scenario.oid)
    await place.until_done(case)
    assert place.lab.sign_in_blocked(place.scenario.oid) is None


async def test_without_a_licence_there_is_no_risk_to_dismiss(stand: Any) -> None:
    free = TenantSettings.instant(licences=frozenset({Licence.ENTRA_P1}))
    place = stand(RestoreSignIn(), settings=free)
    await place.until_done(await place.case())
    assert place.lab.users[place.scenario.oid].enabled
    assert not any("risk" in what for what in writes(place))


async def test_a_risk_that_is_raised_after_the_return_is_not_dismissed(stand: Any) -> None:
    place = stand(RestoreSignIn())
    case = await place.case()
    await place.until_done(case)
    await place.world.risk.confirm_compromised(place.scenario.oid)
    assert await place.until_done(case) == []
    assert place.lab.state.risks[place.scenario.oid].state == "confirmedCompromised"
