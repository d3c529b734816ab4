from __future__ import annotations

from typing import Any

import pytest

from lab.scenarios import guest, spammer, token_thief
from lab.tenant import TenantSettings
from lab.tenant.settings import AccessPolicy, Licence
from responders.confirm_compromised import ConfirmCompromised
from shared.errors import Denied


async def test_the_risk_becomes_high_and_undo_dismisses_it(stand: Any) -> None:
    place = stand(ConfirmCompromised(), story=token_thief)
    change = await place.responder.plan(await place.case(), place.world)
    await place.responder.apply(change, place.world)
    confirmed = place.lab.state.risks[place.scenario.oid]
    assert (confirmed.state, confirmed.level) == ("confirmedCompromised", "high")
    await place.responder.undo(change, place.world)
    dismissed = place.lab.state.risks[place.scenario.oid]
    assert (dismissed.state, dismissed.level) == ("dismissed", "none")


@pytest.mark.parametrize("story", [token_thief, spammer], ids=lambda s: s.__name__)
async def test_an_account_with_or_without_a_risk_record_is_confirmed(
    stand: Any, story: Any
) -> None:
    place = stand(ConfirmCompromised(), story=story)
    change = await place.responder.plan(await place.case(), place.world)
    assert change.was.state == ("atRisk" if story is token_thief else "none")
    await place.responder.apply(change, place.world)
    assert place.lab.state.risks[place.scenario.oid].level == "high"


async def test_undo_leaves_a_verdict_that_somebody_else_gave_since(stand: Any) -> None:
    place = stand(ConfirmCompromised(), story=token_thief)
    change = await place.responder.plan(await place.case(), place.world)
    await place.responder.apply(change, place.world)
    await place.world.risk.dismiss(place.scenario.oid)
    writes = len(place.lab.writes)
    await place.responder.undo(change, place.world)
    assert len(place.lab.writes) == writes


async def test_without_a_licence_the_refusal_says_so(stand: Any) -> None:
    settings = TenantSettings.instant(licences=frozenset({Licence.ENTRA_P1}))
    place = stand(ConfirmCompromised(), story=token_thief, settings=settings)
    case = await place.case()
    with pytest.raises(Denied, match=r"licen[cs]e") as denied:
        await place.responder.plan(case, place.world)
    assert "Grant the application permission" not in str(denied.value)


async def test_a_risk_policy_keeps_the_intruder_out_once_it_is_confirmed(stand: Any) -> None:
    policies = frozenset({AccessPolicy.BLOCK_HIGH_USER_RISK})
    place = stand(
        ConfirmCompromised(), story=spammer, settings=TenantSettings.instant(policies=policies)
    )
    assert place.lab.sign_in_blocked(place.scenario.oid) is None
    await place.until_done(await place.case())
    assert place.lab.sign_in_blocked(place.scenario.oid) is not None


async def test_a_guest_is_judged_at_home(stand: Any) -> None:
    place = stand(ConfirmCompromised(), story=guest)
    refused = await place.responder.refuse(await place.case(), place.world)
    assert refused is not None
    assert refused.steps
