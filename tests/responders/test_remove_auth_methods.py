from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from lab.enrolment import Enrolment
from lab.scenarios import guest, synced_user, token_thief
from lab.stage import SINCE
from lab.stand import NOON, Stand
from lab.tenant.state import AuthMethod
from responders.remove_auth_methods import AuthMethodsRemoved, RemoveAuthMethods
from shared.clients.method_kinds import KINDS
from shared.errors import Denied, Refused

LONG_AGO = NOON - timedelta(days=900)
SINCE_THEN = NOON - SINCE + timedelta(minutes=1)
type MakeStand = Callable[..., Stand]


class Owner:
    """An account with no methods yet, and its responder."""

    def __init__(self, stand: MakeStand, story: Any = token_thief) -> None:
        self.place = stand(RemoveAuthMethods(), story=story)
        self.oid = self.place.scenario.oid
        self.enrolment = Enrolment(self.place.lab)

    def has(self, kind: str, at: datetime | None, **shown: Any) -> AuthMethod:
        return self.enrolment.register(self.oid, kind, at=at, **shown)

    def held(self) -> set[str]:
        return {method.id for method in self.enrolment.of(self.oid).methods}

    async def plan(self) -> AuthMethodsRemoved | None:
        found = await self.place.responder.plan(await self.place.case(), self.place.world)
        assert found is None or isinstance(found, AuthMethodsRemoved)
        return found

    async def removed(self) -> AuthMethodsRemoved:
        change = await self.plan()
        assert change is not None
        await self.place.responder.apply(change, self.place.world)
        return change


async def test_every_kind_that_graph_knows_is_removed_and_the_password_is_not(
    stand: MakeStand,
) -> None:
    place = stand(RemoveAuthMethods())
    change = await place.responder.plan(await place.case(), place.world)
    assert isinstance(change, AuthMethodsRemoved)
    assert {method.kind for method in change.removed} == set(KINDS)
    await place.until_done(await place.case())
    held = place.lab.state.authentication[place.scenario.oid]
    assert {m.kind for m in held.methods} == {"phone", "fido2", "windowsHelloForBusiness"}
    assert [f.label for f in place.scenario.intruder.open_doors() if f.number in {5, 6}] == []


async def test_the_list_of_what_went_is_kept(stand: MakeStand) -> None:
    owner = Owner(stand)
    owner.has("phone", SINCE_THEN, phoneNumber="+1 202 5550142")
    change = await owner.removed()
    [line] = change.differences()
    assert "+1 202 5550142" in line.what
    assert line.becomes == "removed"
    [foothold] = change.footholds()
    assert "2026-11-23 11:55" in foothold.reasons[0]


async def test_age_decides_whose_a_method_is(stand: MakeStand) -> None:
    for before, theirs in ((1, False), (0, True), (-1, True)):
        owner = Owner(stand)
        owner.has("fido2", NOON - SINCE - timedelta(seconds=before))
        assert (await owner.plan() is not None) is theirs


async def test_the_second_that_graph_shows_counts_from_its_beginning(stand: MakeStand) -> None:
    owner = Owner(stand)
    began = NOON - SINCE
    owner.has("fido2", began.replace(microsecond=0))
    case = await owner.place.case()
    late = case.model_copy(update={"compromised_since": began.replace(microsecond=900_000)})
    assert await owner.place.responder.plan(late, owner.place.world) is not None


async def test_the_default_goes_last_when_nothing_else_is_left(stand: MakeStand) -> None:
    owner = Owner(stand)
    owner.has("phone", SINCE_THEN)
    owner.has("softwareOath", SINCE_THEN)
    owner.enrolment.prefer(owner.oid, "sms")
    change = await owner.removed()
    assert [method.kind for method in change.removed] == ["softwareOath", "phone"]
    assert change.default is None
    assert owner.held() == set()


async def test_the_owners_strongest_factor_becomes_the_default(stand: MakeStand) -> None:
    owner = Owner(stand)
    own = {owner.has("phone", LONG_AGO).id, owner.has("softwareOath", LONG_AGO).id}
    owner.has("microsoftAuthenticator", SINCE_THEN)
    owner.has("email", SINCE_THEN)
    owner.enrolment.prefer(owner.oid, "push")
    change = await owner.removed()
    assert change.default is not None
    assert (change.default.was, change.default.becomes) == ("push", "oath")
    assert change.removed[-1].kind == "microsoftAuthenticator"
    assert owner.held() == own
    assert owner.enrolment.of(owner.oid).preferred == "oath"


async def test_a_default_that_the_owner_still_serves_stays(stand: MakeStand) -> None:
    owner = Owner(stand)
    own = owner.has("microsoftAuthenticator", LONG_AGO)
    owner.has("microsoftAuthenticator", SINCE_THEN)
    owner.enrolment.prefer(owner.oid, "push")
    change = await owner.removed()
    assert change.default is None
    assert owner.held() == {own.id}


async def test_a_phone_of_unknown_age_is_the_default_only_where_there_is_no_other(
    stand: MakeStand,
) -> None:
    owner = Owner(stand)
    owner.has("softwareOath", None)
    owner.has("microsoftAuthenticator", SINCE_THEN)
    owner.enrolment.prefer(owner.oid, "push")
    alone = await owner.plan()
    assert alone is not None
    assert alone.default is not None
    assert alone.default.becomes == "oath"
    owner.has("phone", LONG_AGO)
    beside = await owner.plan()
    assert beside is not None
    assert beside.default is not None
    assert beside.default.becomes == "sms"


async def test_without_betas_answer_the_default_may_stay_and_a_person_is_told_how(
    stand: MakeStand,
) -> None:
    owner = Owner(stand)
    owner.has("phone", LONG_AGO)
    authenticator = owner.has("microsoftAuthenticator", SINCE_THEN)
    owner.has("email", SINCE_THEN)
    owner.enrolment.prefer(owner.oid, "push")
    case = await owner.place.case()
    owner.place.lab.fail(match="GET /users/{id}/authentication/signInPreferences", status=400)
    change = await owner.place.responder.plan(case, owner.place.world)
    assert change is not None
    assert change.default is None
    with pytest.raises(Refused, match="default authentication method") as refused:
        await owner.place.responder.apply(change, owner.place.world)
    assert any("Choose another" in step for step in refused.value.steps)
    left = {m.kind for m in owner.enrolment.of(owner.oid).methods}
    assert left == {"phone", "microsoftAuthenticator"}
    assert authenticator.id in owner.held()


async def test_one_that_will_not_go_does_not_save_the_next(stand: MakeStand) -> None:
    owner = Owner(stand)
    stubborn = owner.has("phone", SINCE_THEN)
    owner.has("email", SINCE_THEN)
    change = await owner.plan()
    assert change is not None
    owner.place.lab.fail(match="DELETE /users/{id}/authentication/phoneMethods/{mid}", status=403)
    with pytest.raises(Denied):
        await owner.place.responder.apply(change, owner.place.world)
    assert owner.held() == {stubborn.id}


async def test_unknown_age_is_left_and_said(stand: MakeStand) -> None:
    owner = Owner(stand)
    undated = owner.has("phone", None, phoneNumber="+49 30 1234")
    with pytest.raises(Refused) as refused:
        await owner.plan()
    assert any("+49 30 1234" in step for step in refused.value.steps)
    owner.has("email", SINCE_THEN)
    change = await owner.removed()
    assert owner.held() == {undated.id}
    assert [line.becomes for line in change.differences()] == ["removed", "left"]


@pytest.mark.parametrize("story", [token_thief, guest])
async def test_an_unknown_kind_is_left_and_said(stand: MakeStand, story: Any) -> None:
    owner = Owner(stand, story)
    unknown = owner.has("telepathy", SINCE_THEN)
    with pytest.raises(Refused) as refused:
        await owner.plan()
    assert any("telepathy" in step for step in refused.value.steps)
    owner.has("email", SINCE_THEN)
    change = await owner.removed()
    assert [method.kind for method in change.left] == ["telepathy"]
    assert owner.held() == {unknown.id}


async def test_an_old_method_of_an_unknown_kind_is_the_owners(stand: MakeStand) -> None:
    owner = Owner(stand)
    owner.has("telepathy", LONG_AGO)
    assert await owner.plan() is None


async def test_a_time_before_there_were_such_services_is_unknown(stand: MakeStand) -> None:
    owner = Owner(stand)
    owner.has("phone", LONG_AGO.replace(year=1))
    with pytest.raises(Refused):
        await owner.plan()


async def test_what_a_guest_registered_here_goes_and_the_rest_is_for_the_home_tenant(
    stand: MakeStand,
) -> None:
    owner = Owner(stand, guest)
    owner.has("phone", SINCE_THEN)
    await owner.removed()
    assert owner.held() == set()
    with pytest.raises(Refused, match="home tenant") as refused:
        await owner.plan()
    assert refused.value.steps


async def test_methods_of_a_synced_account_are_the_clouds(stand: MakeStand) -> None:
    owner = Owner(stand, synced_user)
    owner.has("microsoftAuthenticator", SINCE_THEN)
    await owner.removed()
    assert owner.held() == set()


async def test_a_method_that_is_gone_already_is_fine(stand: MakeStand) -> None:
    owner = Owner(stand)
    owner.has("phone", SINCE_THEN)
    change = await owner.removed()
    await owner.place.responder.apply(change, owner.place.world)
    assert owner.held() == set()
