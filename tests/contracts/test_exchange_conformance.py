from __future__ import annotations

import re
from typing import Any, Final

import pytest

from lab.tenant.catalogue import cmdlets
from shared.clients.exchange import Forwarding
from shared.clients.inbox import RuleState
from shared.model import ObjectId, Upn, Who
from tests.contracts.recording import EXCHANGE, Exchange, Scene

CMDLETS: Final[dict[str, dict[str, type | tuple[type, ...]]]] = {
    "Get-Mailbox": {"Identity": str},
    "Set-Mailbox": {
        "Identity": str,
        "ForwardingAddress": (str, type(None)),
        "ForwardingSmtpAddress": (str, type(None)),
        "DeliverToMailboxAndForward": bool,
    },
    "Get-Recipient": {"Identity": str},
    "Get-InboxRule": {"Mailbox": str, "IncludeHidden": bool},
    "Enable-InboxRule": {"Identity": str, "Mailbox": str, "Confirm": bool},
    "Disable-InboxRule": {"Identity": str, "Mailbox": str, "Confirm": bool},
}
"""Source: learn.microsoft.com/powershell/module/exchangepowershell, one page for each cmdlet."""
NAMES: Final = {"Identity", "Mailbox"}
FORBIDDEN: Final = {"Force", "AlwaysDeleteOutlookRulesBlob"}
"""They delete what belongs to the owner."""
GUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def told(passed: Exchange) -> tuple[str, dict[str, Any]]:
    """Read the one shape a command has."""
    body = passed.body
    assert body.keys() == {"CmdletInput"}
    assert body["CmdletInput"].keys() == {"CmdletName", "Parameters"}
    return body["CmdletInput"]["CmdletName"], body["CmdletInput"]["Parameters"]


def check(passed: Exchange, scene: Scene) -> None:
    request = passed.request
    assert request.method == "POST"
    assert passed.path == f"/adminapi/beta/{scene.lab.tenant_id}/InvokeCommand"
    assert passed.query.keys() <= {"$skiptoken"}
    upn = scene.lab.users[scene.scenario.oid].upn
    assert request.headers["X-AnchorMailbox"] == f"UPN:{upn}"
    assert request.headers["Content-Type"].startswith("application/json")
    assert request.headers["Prefer"] == "odata.maxpagesize=1000"
    assert passed.token["aud"] == f"https://{EXCHANGE}"
    cmdlet, parameters = told(passed)
    known = CMDLETS[cmdlet]
    assert parameters.keys() <= known.keys()
    assert not parameters.keys() & FORBIDDEN
    for name, value in parameters.items():
        assert isinstance(value, known[name]), f"{cmdlet} -{name} {value!r}"
    for name in NAMES & known.keys():
        assert str(parameters[name]).strip(), f"{cmdlet} without -{name} means all there are"


def check_answer(passed: Exchange) -> None:
    if passed.status >= 400:
        assert passed.answer.keys() == {"error"}
        assert {"code", "message"} <= passed.answer["error"].keys()
        return
    keys = {"@odata.context", "value", "@adminapi.warnings"}
    assert keys <= passed.answer.keys() <= keys | {"@odata.nextLink"}
    assert isinstance(passed.answer["value"], list)
    if link := passed.answer.get("@odata.nextLink"):
        assert link.startswith(f"https://{EXCHANGE}/adminapi/beta/")


async def test_whatever_a_case_asks_exchange_for_is_a_cmdlet_with_its_parameters(
    played: Scene,
) -> None:
    for passed in played.recorder.to(EXCHANGE):
        check(passed, played)
        check_answer(passed)


async def test_a_mailbox_is_named_by_object_id_and_only_its_owner_is_touched() -> None:
    scene = Scene("token_thief")
    await scene.play()
    cmdlets_run = [told(each) for each in scene.recorder.to(EXCHANGE)]
    assert {name for name, _ in cmdlets_run} >= {"Get-Mailbox", "Set-Mailbox", "Disable-InboxRule"}
    for name, parameters in cmdlets_run:
        mailbox = parameters.get("Mailbox") or parameters["Identity"]
        if name != "Get-Recipient":
            assert GUID.fullmatch(mailbox)
            assert mailbox == scene.scenario.oid


@pytest.mark.parametrize("state", RuleState)
async def test_what_no_story_needs_is_asked_for_rightly_too(state: RuleState) -> None:
    scene = Scene("token_thief")
    user = scene.lab.users[scene.scenario.oid]
    who, world = Who(object_id=ObjectId(user.id), upn=Upn(user.upn)), scene.connect()
    hidden = [rule for rule in await world.exchange.rules(who) if rule.hidden]
    assert hidden
    for rule in hidden:
        await world.exchange.set_rule_state(who, rule.id, state)
    wanted = Forwarding(to_recipient=user.upn, to_smtp="smtp:a@b.example", keeps_copy=True)
    await world.exchange.set_forwarding(who, wanted)
    await world.exchange.recipient_address(who, user.upn)
    await world.exchange.recipient_address(who, "nobody of that name")
    for passed in scene.recorder.to(EXCHANGE):
        check(passed, scene)
        check_answer(passed)


def test_the_simulated_exchange_takes_all_that_we_may_send() -> None:
    simulated = {cmdlet.name: cmdlet.parameters for cmdlet in cmdlets()}
    assert CMDLETS.keys() <= simulated.keys()
    for name, known in CMDLETS.items():
        assert known.keys() <= simulated[name], f"{name}: the lab would refuse what we may send"
