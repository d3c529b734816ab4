from __future__ import annotations

import httpx
import pytest

from shared.clients.inbox import RuleState
from shared.clients.mailbox import Forwarding
from shared.errors import Defect, Denied, Gone, Transient
from tests.clients.far_side import (
    WHO,
    FarSide,
    clients,
    page,
)


@pytest.mark.parametrize("rule", ["", " ", "\t\n"])
@pytest.mark.parametrize("state", RuleState)
async def test_a_rule_without_an_identity_never_reaches_exchange(
    rule: str, state: RuleState
) -> None:
    far = FarSide(page())
    with pytest.raises(Defect):
        await clients(far).mailbox.set_rule_state(WHO, rule, state)
    assert far.requests == []


@pytest.mark.parametrize("status", [400, 404])
async def test_what_exchange_does_not_know_is_gone(status: int) -> None:
    error = {"code": "NotFound", "message": "|x.ManagementObjectNotFoundException|It is not there"}
    with pytest.raises(Gone):
        await clients(FarSide(httpx.Response(status, json={"error": error}))).mailbox.forwarding(
            WHO
        )


@pytest.mark.parametrize(("status", "kind"), [(403, Denied), (429, Transient), (503, Transient)])
async def test_exchange_in_trouble_does_not_know_that_something_is_gone(
    status: int, kind: type[Exception]
) -> None:
    error = {"code": "x", "message": "The server for this mailbox couldn't be found"}
    answer = httpx.Response(status, json={"error": error})
    with pytest.raises(kind):
        await clients(FarSide(answer)).mailbox.forwarding(WHO)


@pytest.mark.parametrize(
    "message",
    ["|x.CmdletAccessDeniedException|No", "'ada' isn't within your current write scopes."],
)
async def test_a_missing_exchange_role_is_denied_whatever_the_status(message: str) -> None:
    answer = httpx.Response(400, json={"error": {"code": "BadRequest", "message": message}})
    with pytest.raises(Denied):
        await clients(FarSide(answer)).mailbox.set_forwarding(WHO, Forwarding())


@pytest.mark.parametrize("count", [0, 2])
async def test_not_exactly_one_mailbox_is_no_mailbox(count: int) -> None:
    with pytest.raises(Gone):
        await clients(FarSide(page(*[{}] * count))).mailbox.forwarding(WHO)


async def test_a_recipient_nobody_can_resolve_is_unknown() -> None:
    error = {"error": {"code": "NotFound", "message": "couldn't be found"}}
    for answer in (httpx.Response(404, json=error), page(), page({}, {}), page({"Name": "x"})):
        assert await clients(FarSide(answer)).mailbox.recipient_address(WHO, "x") is None
    with pytest.raises(Transient):
        await clients(FarSide(httpx.Response(503))).mailbox.recipient_address(WHO, "x")
