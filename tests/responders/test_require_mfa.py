from __future__ import annotations

from typing import Any

import pytest

from lab.enrolment import Enrolment
from lab.scenarios import guest, synced_user
from responders.require_mfa import MfaRequired, RequireMfa
from shared.clients.methods import MfaState
from shared.errors import Refused
from shared.model import MailboxKind


def state(place: Any) -> str:
    return Enrolment(place.lab).of(place.scenario.oid).per_user_mfa


@pytest.mark.parametrize("was", ["disabled", "enabled"])
async def test_it_is_enforced_and_undo_restores_what_was(stand: Any, was: str) -> None:
    place = stand(RequireMfa())
    Enrolment(place.lab).require(place.scenario.oid, was)
    [change] = await place.until_done(await place.case())
    assert state(place) == "enforced"
    assert (change.differences()[0].was, change.differences()[0].becomes) == (was, "enforced")
    await place.responder.undo(change, place.world)
    assert state(place) == was


async def test_where_it_is_enforced_nothing_is_to_do(stand: Any) -> None:
    place = stand(RequireMfa())
    Enrolment(place.lab).require(place.scenario.oid, "enforced")
    assert await place.responder.plan(await place.case(), place.world) is None


async def test_undo_refuses_when_somebody_set_another_state_since(stand: Any) -> None:
    place = stand(RequireMfa())
    [change] = await place.until_done(await place.case())
    Enrolment(place.lab).require(place.scenario.oid, "enabled")
    with pytest.raises(Refused, match="enabled since"):
        await place.responder.undo(change, place.world)
    assert state(place) == "enabled"


async def test_an_unknown_state_is_enforced_and_never_guessed_back(stand: Any) -> None:
    place = stand(RequireMfa())
    Enrolment(place.lab).require(place.scenario.oid, "evaluated")
    [change] = await place.until_done(await place.case())
    assert isinstance(change, MfaRequired)
    assert change.was is MfaState.UNKNOWN
    with pytest.raises(Refused, match="unknown"):
        await place.responder.undo(change, place.world)
    assert state(place) == "enforced"


async def test_a_synced_account_is_enforced_in_the_cloud(stand: Any) -> None:
    place = stand(RequireMfa(), story=synced_user)
    await place.until_done(await place.case())
    assert state(place) == "enforced"


async def test_guests_are_left_to_conditional_access(stand: Any) -> None:
    place = stand(RequireMfa(), story=guest)
    refused = await place.responder.refuse(await place.case(), place.world)
    assert refused is not None
    assert refused.steps


async def test_nobody_is_asked_for_a_second_factor_at_a_shared_mailbox(stand: Any) -> None:
    place = stand(RequireMfa())
    case = await place.case()
    account = case.account.model_copy(update={"mailbox": MailboxKind.SHARED})
    refused = await place.responder.refuse(
        case.model_copy(update={"account": account}), place.world
    )
    assert refused is not None
    assert "shared mailbox" in str(refused)
    assert refused.steps
