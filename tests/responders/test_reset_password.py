from __future__ import annotations

import json
import string
from datetime import timedelta
from typing import Any

import httpx
import pytest

from lab.scenarios import federated_user, guest, synced_user, token_thief
from lab.tenant import SimulatedTenant
from lab.tenant.transport import TenantTransport
from lab.workbench import lab_tenant
from responders.reset_password import ResetPassword
from shared.clients.tenant import random_password
from shared.model import AccountKind

CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "!#%+-=?@_")


class Tapped(httpx.AsyncBaseTransport):
    """The way to the tenant, with the bodies of all PATCHes read along."""

    def __init__(self, tenant: SimulatedTenant) -> None:
        self._inner = TenantTransport(tenant)
        self.bodies: list[dict[str, Any]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH":
            self.bodies.append(json.loads(await request.aread()))
        return await self._inner.handle_async_request(request)


async def test_a_forced_change_never_goes_without_a_new_password(stand: Any) -> None:
    place = stand(ResetPassword(), story=token_thief)
    case = await place.case()
    tap = Tapped(place.lab)
    async with httpx.AsyncClient(transport=tap) as client:
        world = lab_tenant(place.lab, client)
        change = await place.responder.plan(case, world)
        await place.responder.apply(change, world)
        await place.responder.apply(change, world)
    profiles = [body["passwordProfile"] for body in tap.bodies]
    assert all(profile["forceChangePasswordNextSignIn"] is True for profile in profiles)
    assert len({profile["password"] for profile in profiles}) == 2
    assert all("accountEnabled" not in body for body in tap.bodies)


async def test_the_tenant_takes_the_password_and_the_intruder_cannot_choose_the_next(
    stand: Any,
) -> None:
    place = stand(ResetPassword(), story=token_thief)
    await place.until_done(await place.case())
    user = place.lab.users[place.scenario.oid]
    assert (user.password_version, user.must_change_password) == (2, True)
    acts = place.scenario.intruder.attempt_all()
    assert not [act for act in acts if act.succeeded and "password" in act.detail]
    assert place.lab.users[place.scenario.oid].password_version == 2


def test_a_password_has_32_characters_of_all_four_classes_and_is_never_the_same() -> None:
    drawn = [random_password() for _ in range(200)]
    assert len(set(drawn)) == len(drawn)
    for password in drawn:
        assert len(password) == 32
        assert all(any(letter in letters for letter in password) for letters in CLASSES)
        assert set(password) <= set("".join(CLASSES))


def test_the_classes_do_not_stand_in_the_same_places() -> None:
    firsts = {random_password()[0] for _ in range(200)}
    assert all(firsts & set(letters) for letters in CLASSES[:3])


@pytest.mark.parametrize("kind", [AccountKind.FEDERATED, AccountKind.SYNCED, AccountKind.GUEST])
async def test_whose_password_lives_elsewhere_is_refused_with_steps(
    stand: Any, kind: AccountKind
) -> None:
    place = stand(ResetPassword(), story=token_thief)
    case = await place.case()
    account = case.account.model_copy(update={"kinds": frozenset({kind})})
    refused = await place.responder.refuse(
        case.model_copy(update={"account": account}), place.world
    )
    assert refused is not None
    assert refused.steps
    assert all(len(step) > 20 for step in refused.steps)


async def test_a_federated_account_of_the_lab_is_refused_and_keeps_its_password(
    stand: Any,
) -> None:
    place = stand(ResetPassword(), story=federated_user)
    case = await place.case()
    refused = await place.responder.refuse(case, place.world)
    assert refused is not None
    # It is synced too, but whoever signs it in owns the password.
    assert "identity provider" in str(refused)
    assert place.ours() == []


async def test_a_synced_account_without_federation_is_sent_to_the_directory_on_premises(
    stand: Any,
) -> None:
    place = stand(ResetPassword(), story=synced_user)
    refused = await place.responder.refuse(await place.case(), place.world)
    assert refused is not None
    assert "on premises" in str(refused)
    assert any("twice" in step or "again" in step for step in refused.steps)


async def test_a_guest_is_refused(stand: Any) -> None:
    place = stand(ResetPassword(), story=guest)
    refused = await place.responder.refuse(await place.case(), place.world)
    assert refused is not None
    assert "home" in str(refused)


async def test_a_cloud_account_is_not_refused(stand: Any) -> None:
    place = stand(ResetPassword(), story=token_thief)
    assert await place.responder.refuse(await place.case(), place.world) is None


@pytest.mark.parametrize(("after", "planned"), [(-1, True), (0, False), (1, False)])
async def test_the_passwords_age_is_compared_with_when_the_intruder_was_last_seen(
    stand: Any, *, after: int, planned: bool
) -> None:
    place = stand(ResetPassword(), story=token_thief)
    case = await place.case()
    moment = case.seen_until + timedelta(seconds=after)
    place.clock.advance(5)
    place.lab.change_user(place.scenario.oid, password_changed_at=moment)
    assert (await place.responder.plan(case, place.world) is not None) is planned


async def test_the_change_says_how_old_the_password_is_and_never_what_it_is(stand: Any) -> None:
    place = stand(ResetPassword(), story=token_thief)
    change = await place.responder.plan(await place.case(), place.world)
    assert change.differences()[0].was.endswith("UTC")
    unknown = change.model_copy(update={"changed_at": None})
    assert unknown.differences()[0].was == "unknown age"
    assert set(change.model_dump()) == {"who", "changed_at"}
