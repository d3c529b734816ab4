from __future__ import annotations

import httpx
import pytest

from lab.tenant.faults import Loss, When
from lab.tenant.records import Call, Write
from tests.lab.tenancy import NOON, Desk, make


class Crash(Exception):  # noqa: N818 - not an error but an end
    pass


async def test_a_fault_on_order_hits_the_call_it_names_so_often_and_no_other() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        desk.tenant.fail(match="PATCH /users/{id}", status=429, times=2, skip=1, retry_after=3)
        body = {"accountEnabled": False}
        answers = []
        for _ in range(4):
            assert (await desk.graph("GET", f"/users/{oid}")).status_code == 200
            answers.append(await desk.graph("PATCH", f"/users/{oid}", body))
        assert [answer.status_code for answer in answers] == [204, 429, 429, 204]
        assert answers[1].headers["Retry-After"] == "3"
        assert len(desk.tenant.writes) == 2


async def test_a_fault_on_order_hits_the_kth_call_whatever_it_is() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        desk.tenant.fail(status=503, skip=2)
        got = [
            (await desk.graph("GET", "/domains")).status_code,
            (await desk.exchange("Get-Mailbox")).status_code,
            (await desk.exchange("Get-InboxRule", Mailbox=oid)).status_code,
            (await desk.graph("GET", "/domains")).status_code,
        ]
        assert got == [200, 200, 503, 200]


@pytest.mark.parametrize("loss", list(Loss))
async def test_a_dropped_answer_is_httpxs_own_error_and_before_the_effect_nothing_happened(
    loss: Loss,
) -> None:
    expected = {Loss.READ_TIMEOUT: httpx.ReadTimeout, Loss.CONNECT_ERROR: httpx.ConnectError}[loss]
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        desk.tenant.drop(match="PATCH *", loss=loss)
        with pytest.raises(expected):
            await desk.graph("PATCH", f"/users/{oid}", {"accountEnabled": False})
        assert desk.tenant.users[oid].enabled


@pytest.mark.parametrize("lost", ["dropped", "504"])
async def test_a_write_whose_answer_is_lost_has_happened(lost: str) -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        if lost == "dropped":
            desk.tenant.drop(when=When.AFTER_EFFECT)
            with pytest.raises(httpx.ReadTimeout):
                await desk.graph("PATCH", f"/users/{oid}", {"accountEnabled": False})
        else:
            desk.tenant.fail(status=504, when=When.AFTER_EFFECT)
            answer = await desk.graph("PATCH", f"/users/{oid}", {"accountEnabled": False})
            assert answer.status_code == 504
        assert not desk.tenant.users[oid].enabled
        assert len(desk.tenant.writes) == 1


async def test_a_crash_comes_right_after_the_kth_write_took_effect() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        desk.tenant.crash_after_write(2, Crash())
        await desk.graph("PATCH", f"/users/{oid}", {"accountEnabled": False})
        with pytest.raises(Crash):
            await desk.graph("POST", f"/users/{oid}/revokeSignInSessions")
        assert desk.tenant.users[oid].sessions_valid_from == NOON
        again = await desk.graph("POST", f"/users/{oid}/revokeSignInSessions")
        assert again.status_code == 200


async def test_hooks_and_listeners_see_every_call_and_every_write() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        calls: list[Call] = []
        writes: list[Write] = []
        desk.tenant.before_call.append(calls.append)
        desk.tenant.on_write(writes.append)
        await desk.graph("GET", f"/users/{oid}")
        await desk.exchange("Set-Mailbox", Identity=oid, ForwardingSmtpAddress="a@b.example")
        await desk.graph("GET", "/nonsense")
        assert [call.name for call in calls] == ["GET /users/{id}", "Set-Mailbox", "GET /{unknown}"]
        assert [call.status for call in desk.tenant.calls] == [200, 200, 400]
        assert [(write.path, write.oid) for write in writes] == [("Set-Mailbox", oid)]
        assert desk.tenant.writes == writes


async def test_a_hook_can_stop_a_call_before_it_does_anything() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")

        def stop(_: Call) -> None:
            raise Crash

        desk.tenant.before_call.append(stop)
        with pytest.raises(Crash):
            await desk.graph("PATCH", f"/users/{oid}", {"accountEnabled": False})
        assert desk.tenant.users[oid].enabled
