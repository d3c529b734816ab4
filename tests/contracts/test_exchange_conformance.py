from __future__ import annotations

from typing import Any, Final

import pytest

from lab.stage import Scenario
from lab.stand import Stand
from lab.tenant.catalogue import cmdlets
from responders import catalogue
from shared.clients import exchange
from shared.clients.inbox import RuleState
from shared.clients.mailbox import Forwarding
from shared.model import ObjectId, ResponderName, Upn, Who
from tests.contracts.recording import EXCHANGE, Exchange, Recorder, Scene

_RIGHT: Final[dict[str, type | tuple[type, ...]]] = {
    "Identity": str,
    "User": str,
    "AccessRights": list,
    "Confirm": bool,
}
_SENDER: Final[dict[str, type | tuple[type, ...]]] = {
    "Identity": str,
    "Trustee": str,
    "AccessRights": list,
    "Confirm": bool,
}
_SWITCHED: Final[dict[str, type | tuple[type, ...]]] = {"Identity": str, "Confirm": bool}
CMDLETS: Final[dict[str, dict[str, type | tuple[type, ...]]]] = {
    "Get-Mailbox": {"Identity": str},
    "Set-Mailbox": {
        "Identity": str,
        "ForwardingAddress": (str, type(None)),
        "ForwardingSmtpAddress": (str, type(None)),
        "DeliverToMailboxAndForward": bool,
        "GrantSendOnBehalfTo": dict,
        "AuditEnabled": bool,
        "DefaultAuditSet": list,
        "AuditAdmin": list,
        "AuditDelegate": list,
        "AuditOwner": list,
    },
    "Get-Recipient": {"Identity": str},
    "Get-InboxRule": {"Mailbox": str, "IncludeHidden": bool},
    "Enable-InboxRule": {"Identity": str, "Mailbox": str, "Confirm": bool},
    "Disable-InboxRule": {"Identity": str, "Mailbox": str, "Confirm": bool},
    "Get-MailboxAuditBypassAssociation": {"Identity": str},
    "Set-MailboxAuditBypassAssociation": {"Identity": str, "AuditBypassEnabled": bool},
    "Get-OrganizationConfig": {},
    "Set-OrganizationConfig": {"AuditDisabled": bool, "Confirm": bool},
    "Get-AdminAuditLogConfig": {},
    "Set-AdminAuditLogConfig": {"UnifiedAuditLogIngestionEnabled": bool, "Confirm": bool},
    "Get-BlockedSenderAddress": {},
    "Remove-BlockedSenderAddress": {"SenderAddress": str, "Reason": str},
    "Get-CASMailbox": {"Identity": str},
    "Set-CASMailbox": {
        "Identity": str,
        "SmtpClientAuthenticationDisabled": (bool, type(None)),
        "EwsEnabled": (bool, type(None)),
        "ImapEnabled": bool,
        "PopEnabled": bool,
    },
    "Get-MailboxPermission": {"Identity": str},
    "Add-MailboxPermission": _RIGHT | {"InheritanceType": str},
    "Remove-MailboxPermission": _RIGHT | {"InheritanceType": str},
    "Get-RecipientPermission": {"Identity": str},
    "Add-RecipientPermission": _SENDER,
    "Remove-RecipientPermission": _SENDER,
    "Get-MailboxFolderStatistics": {"Identity": str},
    "Get-MailboxFolderPermission": {"Identity": str},
    "Add-MailboxFolderPermission": _RIGHT | {"SharingPermissionFlags": str},
    "Set-MailboxFolderPermission": _RIGHT | {"SharingPermissionFlags": str},
    "Remove-MailboxFolderPermission": {"Identity": str, "User": str, "Confirm": bool},
    "Get-MailboxCalendarFolder": {"Identity": str},
    "Set-MailboxCalendarFolder": {
        "Identity": str,
        "PublishEnabled": bool,
        "DetailLevel": str,
        "SearchableUrlEnabled": bool,
        "Confirm": bool,
    },
    "Get-TransportRule": {},
    "Enable-TransportRule": _SWITCHED,
    "Disable-TransportRule": _SWITCHED,
    "Get-InboundConnector": {},
    "Get-OutboundConnector": {},
    "Set-InboundConnector": _SWITCHED | {"Enabled": bool},
    "Set-OutboundConnector": _SWITCHED | {"Enabled": bool},
}
"""Source: learn.microsoft.com/powershell/module/exchangepowershell, one page for each cmdlet."""
NAMES: Final = {"Identity", "Mailbox", "User", "Trustee"}
FORBIDDEN: Final = {"Force", "AlwaysDeleteOutlookRulesBlob"}
"""They delete what belongs to the owner."""
ORGANISATION: Final = "APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}"
"""Where a request goes that is about nobody's mailbox."""
ABOUT_ALL: Final = {
    "Get-AdminAuditLogConfig",
    "Get-OrganizationConfig",
    "Set-AdminAuditLogConfig",
    "Set-OrganizationConfig",
}


RESPONDERS = catalogue()
EXCHANGE_RESPONDERS = [
    name for name, found in RESPONDERS.items() if exchange.MANAGE_AS_APP in found.permissions
]


def command(passed: Exchange) -> tuple[str, dict[str, Any]]:
    """Read the one shape a command has."""
    body = passed.body
    assert body.keys() == {"CmdletInput"}
    assert body["CmdletInput"].keys() == {"CmdletName", "Parameters"}
    return body["CmdletInput"]["CmdletName"], body["CmdletInput"]["Parameters"]


def check(passed: Exchange, told: Scenario) -> None:
    request = passed.request
    assert request.method == "POST"
    assert passed.path == f"/adminapi/beta/{told.tenant.tenant_id}/InvokeCommand"
    assert passed.query.keys() <= {"$skiptoken"}
    upn = told.tenant.users[told.oid].upn
    assert request.headers["Content-Type"].startswith("application/json")
    assert request.headers["Prefer"] == "odata.maxpagesize=1000"
    assert passed.token["aud"] == f"https://{EXCHANGE}"
    cmdlet, parameters = command(passed)
    anchors = {f"UPN:{upn}"}
    if cmdlet in ABOUT_ALL:
        anchors.add(f"{ORGANISATION}@{told.tenant.tenant_id}")
    assert request.headers["X-AnchorMailbox"] in anchors
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
        check(passed, played.scenario)
        check_answer(passed)


async def test_a_mailbox_is_named_by_object_id_and_only_its_owner_is_touched() -> None:
    scene = Scene("token_thief")
    await scene.play()
    cmdlets_run = [command(each) for each in scene.recorder.to(EXCHANGE)]
    assert {name for name, _ in cmdlets_run} >= {"Get-Mailbox", "Set-Mailbox", "Disable-InboxRule"}
    for name, parameters in cmdlets_run:
        if CMDLETS[name].keys() & NAMES and name != "Get-Recipient":
            mailbox = parameters.get("Mailbox") or parameters["Identity"]
            # Behind the colon stands a folder of that mailbox.
            assert mailbox.partition(":")[0] == scene.scenario.oid


@pytest.mark.parametrize("state", RuleState)
async def test_what_no_story_needs_is_asked_for_rightly_too(state: RuleState) -> None:
    scene = Scene("token_thief")
    user = scene.lab.users[scene.scenario.oid]
    who, world = Who(object_id=ObjectId(user.id), upn=Upn(user.upn)), scene.connect()
    hidden = [rule for rule in await world.mailbox.rules(who) if rule.hidden]
    assert hidden
    for rule in hidden:
        await world.mailbox.set_rule_state(who, rule.id, state)
    wanted = Forwarding(to_recipient=user.upn, to_smtp="smtp:a@b.example", keeps_copy=True)
    await world.mailbox.set_forwarding(who, wanted)
    await world.mailbox.recipient_address(who, user.upn)
    await world.mailbox.recipient_address(who, "nobody of that name")
    for passed in scene.recorder.to(EXCHANGE):
        check(passed, scene.scenario)
        check_answer(passed)


@pytest.mark.parametrize("name", EXCHANGE_RESPONDERS)
async def test_what_a_responder_does_and_undoes_in_a_full_house_is_asked_for_rightly(
    name: ResponderName,
) -> None:
    stand, recorder = Stand(RESPONDERS[name]), Recorder()
    case = await stand.case()
    recorder.watch(stand.clients[0])
    changes = await stand.until_done(case)
    assert changes
    for change in reversed(changes if stand.responder.reversible else []):
        await stand.responder.undo(change, stand.world)
    await stand.aclose()
    for passed in recorder.to(EXCHANGE):
        check(passed, stand.scenario)
        check_answer(passed)


def test_the_simulated_exchange_takes_all_that_we_may_send() -> None:
    simulated = {cmdlet.name: cmdlet.parameters for cmdlet in cmdlets()}
    assert CMDLETS.keys() <= simulated.keys()
    for name, known in CMDLETS.items():
        assert known.keys() <= simulated[name], f"{name}: the lab would refuse what we may send"
