from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from lab.scenarios import admin, synced_user, token_thief
from lab.tenant import SimulatedTenant
from lab.tenant.transport import TenantTransport
from lab.workbench import lab_tenant
from responders.disable_sign_in import DisableSignIn, SignInDisabled
from shared.clients import graph
from shared.errors import Denied


class Forgetful(httpx.AsyncBaseTransport):
    """A Graph that does not tell whether an account may sign in."""

    def __init__(self, tenant: SimulatedTenant) -> None:
        self._inner = TenantTransport(tenant)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        body = await answer.aread()
        if not body:
            return answer
        told = json.loads(body)
        told.pop("accountEnabled", None)
        return httpx.Response(answer.status_code, json=told)


async def test_blocking_is_alone_in_its_patch(stand: Any) -> None:
    place = stand(DisableSignIn(), story=token_thief)
    await place.until_done(await place.case())
    assert [w.what for w in place.lab.writes] == ["accountEnabled: False"]
    assert place.lab.users[place.scenario.oid].enabled is False


async def test_blocking_and_allowing_again_leave_the_password_alone(stand: Any) -> None:
    place = stand(DisableSignIn(), story=token_thief)
    before = place.lab.users[place.scenario.oid]
    change = await place.responder.plan(await place.case(), place.world)
    await place.responder.apply(change, place.world)
    await place.responder.undo(change, place.world)
    assert place.lab.users[place.scenario.oid] == before


async def test_an_account_that_is_blocked_already_needs_nothing(stand: Any) -> None:
    place = stand(DisableSignIn(), story=token_thief)
    place.lab.change_user(place.scenario.oid, enabled=False)
    assert await place.responder.plan(await place.case(), place.world) is None


async def test_unknown_counts_as_allowed(stand: Any) -> None:
    place = stand(DisableSignIn(), story=token_thief)
    case = await place.case()
    async with httpx.AsyncClient(transport=Forgetful(place.lab)) as client:
        world = lab_tenant(place.lab, client)
        change = await place.responder.plan(case, world)
        assert change is not None
        assert change.was is None
        assert change.differences()[0].was == "unknown"
        await place.responder.apply(change, world)
        assert place.lab.users[place.scenario.oid].enabled is False
        await place.responder.undo(change, world)
        assert place.lab.users[place.scenario.oid].enabled is True


async def test_an_account_that_was_blocked_before_us_is_not_opened_by_undo(stand: Any) -> None:
    place = stand(DisableSignIn(), story=token_thief)
    case = await place.case()
    place.lab.change_user(place.scenario.oid, enabled=False)
    await place.responder.undo(SignInDisabled(who=case.account.who, was=False), place.world)
    assert place.lab.users[place.scenario.oid].enabled is False


async def test_the_stolen_session_ends_with_the_account(stand: Any) -> None:
    place = stand(DisableSignIn(), story=token_thief)
    await place.until_done(await place.case())
    open_doors = {foothold.label for foothold in place.scenario.intruder.open_doors()}
    assert "stolen session cookie" not in open_doors
    assert "stolen password" in open_doors


async def test_the_next_sync_opens_a_synced_account_again_and_the_next_plan_sees_it(
    stand: Any,
) -> None:
    place = stand(DisableSignIn(), story=synced_user)
    case = await place.case()
    await place.until_done(case)
    assert place.lab.sync_directory() == [place.scenario.oid]
    assert await place.responder.plan(case, place.world) is not None


async def test_an_administrator_is_beyond_the_rights_of_the_app_and_the_role_is_named(
    stand: Any,
) -> None:
    place = stand(DisableSignIn(), story=admin, entra_roles=frozenset())
    with pytest.raises(Denied, match="Privileged Authentication Administrator") as denied:
        await place.until_done(await place.case())
    assert denied.value.permission == graph.USER_ENABLE_DISABLE_ALL
    assert place.ours() == []
