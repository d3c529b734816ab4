from __future__ import annotations

from typing import Any

import pytest

from lab.mail_routes import lay
from lab.tenant import TenantSettings
from lab.tenant.catalogue import cmdlets
from lab.tenant.cmdlets import Cmdlet
from lab.tenant.mail_flow import Kind
from lab.tenant.mailbox_state import Delegation, FolderEntry
from lab.tenant.tokens import GRAPH
from tests.lab.tenancy import ANCHOR, Desk, make, message

OUT = "drop@mallory.example"
FORWARDS = ("ForwardingAddress", "ForwardingSmtpAddress", "DeliverToMailboxAndForward")
ADA: dict[str, Any] = {"Identity": "ada.brandt@contoso.example"}
HANS = "hans.ott@contoso.example"
INBOX: dict[str, Any] = {"Identity": "ada.brandt@contoso.example:\\Inbox"}
CALENDAR: dict[str, Any] = {"Identity": "ada.brandt@contoso.example:\\Calendar"}
REQUIRED: dict[str, dict[str, Any]] = {
    "Get-AcceptedDomain": {},
    "Get-BlockedSenderAddress": {},
    "Get-InboxRule": {"Mailbox": "ada.brandt@contoso.example"},
    "Get-Mailbox": {"Identity": "ada.brandt@contoso.example"},
    "Get-Recipient": {"Identity": "ada.brandt@contoso.example"},
    "Set-Mailbox": {"Identity": "ada.brandt@contoso.example", "ForwardingSmtpAddress": None},
    "Disable-InboxRule": {"Mailbox": "ada.brandt@contoso.example", "Identity": "one"},
    "Enable-InboxRule": {"Mailbox": "ada.brandt@contoso.example", "Identity": "one"},
    "Remove-BlockedSenderAddress": {"SenderAddress": "ada.brandt@contoso.example"},
    "Get-MailboxAuditBypassAssociation": ADA,
    "Set-MailboxAuditBypassAssociation": {**ADA, "AuditBypassEnabled": True},
    "Get-OrganizationConfig": {},
    "Set-OrganizationConfig": {"AuditDisabled": True},
    "Get-AdminAuditLogConfig": {},
    "Set-AdminAuditLogConfig": {"UnifiedAuditLogIngestionEnabled": False},
    "Get-TransportConfig": {},
    "Get-TransportRule": {},
    "Enable-TransportRule": {"Identity": "RULE"},
    "Disable-TransportRule": {"Identity": "RULE"},
    "Get-InboundConnector": {},
    "Get-OutboundConnector": {},
    "Set-InboundConnector": {"Identity": "IN", "Enabled": False},
    "Set-OutboundConnector": {"Identity": "OUT", "Enabled": False},
    "Get-CASMailbox": ADA,
    "Set-CASMailbox": {**ADA, "ImapEnabled": False},
    "Get-MailboxPermission": ADA,
    "Add-MailboxPermission": {**ADA, "User": HANS, "AccessRights": ["FullAccess"]},
    "Remove-MailboxPermission": {**ADA, "User": HANS, "AccessRights": ["FullAccess"]},
    "Get-RecipientPermission": ADA,
    "Add-RecipientPermission": {**ADA, "Trustee": HANS, "AccessRights": ["SendAs"]},
    "Remove-RecipientPermission": {**ADA, "Trustee": HANS, "AccessRights": ["SendAs"]},
    "Get-MailboxFolderStatistics": ADA,
    "Get-MailboxFolderPermission": INBOX,
    "Add-MailboxFolderPermission": {**CALENDAR, "User": HANS, "AccessRights": ["Reviewer"]},
    "Set-MailboxFolderPermission": {**INBOX, "User": "Default", "AccessRights": ["Reviewer"]},
    "Remove-MailboxFolderPermission": {**INBOX, "User": HANS},
    "Get-MailboxCalendarFolder": CALENDAR,
    "Set-MailboxCalendarFolder": {**CALENDAR, "PublishEnabled": True},
}


def furnish(desk: Desk) -> str:
    oid = desk.people.person("Ada Brandt")
    desk.people.rule(oid, "one")
    desk.people.restrict_sender(oid, "ExceedingLimitType=RecipientRateLimit")
    reader = FolderEntry(
        folder="Inbox", trustee=desk.people.person("Hans Ott"), rights=("Reviewer",)
    )
    desk.people.forward(oid, delegation=Delegation(folders=(reader,)))
    for kind, name in ((Kind.RULE, "RULE"), (Kind.INBOUND, "IN"), (Kind.OUTBOUND, "OUT")):
        lay(desk.tenant, kind, name, by=oid, at=desk.tenant.now(), to="x@mallory.example")
    return oid


@pytest.mark.parametrize("cmdlet", cmdlets(), ids=lambda cmdlet: cmdlet.name)
async def test_every_cmdlet_runs_with_its_role_and_not_without(cmdlet: Cmdlet) -> None:
    others = frozenset(other.role for other in cmdlets()) - {cmdlet.role}
    async with Desk(make(exchange_roles=frozenset({cmdlet.role}))) as desk:
        furnish(desk)
        answer = await desk.exchange(cmdlet.name, **REQUIRED[cmdlet.name])
        assert answer.status_code == 200, answer.text
    async with Desk(make(exchange_roles=others)) as desk:
        furnish(desk)
        before = desk.tenant.snapshot()
        answer = await desk.exchange(cmdlet.name, **REQUIRED[cmdlet.name])
        assert answer.status_code == 403
        assert "CmdletAccessDeniedException" in message(answer)
        assert desk.tenant.snapshot() == before


@pytest.mark.parametrize("cmdlet", cmdlets(), ids=lambda cmdlet: cmdlet.name)
async def test_every_cmdlet_refuses_a_parameter_it_does_not_know(cmdlet: Cmdlet) -> None:
    async with Desk(make()) as desk:
        furnish(desk)
        before = desk.tenant.snapshot()
        answer = await desk.exchange(cmdlet.name, Mailbocks="x", **REQUIRED[cmdlet.name])
        assert answer.status_code == 400
        assert "ParameterBindingException" in message(answer)
        assert desk.tenant.snapshot() == before


async def test_a_refusal_stands_between_pipes_in_the_details() -> None:
    async with Desk(make()) as desk:
        answer = await desk.exchange("Get-Mailbox", Identity="nobody@contoso.example")
        assert answer.status_code == 404
        kind = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"
        assert message(answer).startswith(f"|{kind}|")
        inner = answer.json()["error"]["innererror"]["internalException"]
        assert inner["message"] == message(answer)


async def test_an_unknown_cmdlet_is_not_recognized() -> None:
    async with Desk(make()) as desk:
        answer = await desk.exchange("Get-Mailbocks")
        assert (answer.status_code, "CommandNotFound" in message(answer)) == (400, True)


async def test_the_anchor_header_the_app_role_and_the_right_tenant_are_needed() -> None:
    async with Desk(make(granted=frozenset())) as desk:
        furnish(desk)
        assert (await desk.exchange("Get-Mailbox")).status_code == 403
    async with Desk(make()) as desk:
        furnish(desk)
        assert (await desk.exchange("Get-Mailbox")).status_code == 200
        assert (await desk.exchange("Get-Mailbox", headers={})).status_code == 400
        other = desk.tenant.guid()
        url = f"https://outlook.office365.com/adminapi/beta/{other}/InvokeCommand"
        assert (await desk.exchange("Get-Mailbox", url=url)).status_code == 403


async def test_a_graph_token_does_not_open_exchange() -> None:
    async with Desk(make()) as desk:
        answer = await desk.exchange("Get-Mailbox", token=desk.tenant.token(GRAPH))
        assert answer.status_code == 401


async def test_output_comes_in_pages_that_are_fetched_by_posting_the_body_again() -> None:
    async with Desk(make()) as desk:
        oids = {desk.people.person(f"Person {n}") for n in range(5)}
        first = await desk.exchange("Get-Mailbox")
        assert len(first.json()["value"]) == 2
        found = await desk.output("Get-Mailbox")
        assert {box["ExternalDirectoryObjectId"] for box in found} == oids
        one = await desk.exchange(
            "Get-Mailbox", headers={**ANCHOR, "Prefer": "odata.maxpagesize=1"}
        )
        assert len(one.json()["value"]) == 1


@pytest.mark.parametrize("key", ["oid", "upn", "alias", "guid"])
async def test_a_mailbox_is_found_by_any_of_its_identities(key: str) -> None:
    async with Desk(make()) as desk:
        oid = furnish(desk)
        desk.people.person("Bruno Keller")
        box, user = desk.tenant.mailboxes[oid], desk.tenant.users[oid]
        identity = {"oid": oid, "upn": user.upn.upper(), "alias": box.alias, "guid": box.guid}[key]
        [found] = await desk.output("Get-Mailbox", Identity=identity)
        assert found["ExternalDirectoryObjectId"] == oid


async def test_both_forwarders_are_set_shown_and_cleared() -> None:
    async with Desk(make()) as desk:
        oid = furnish(desk)
        desk.people.contact("Archive", OUT)
        wish = dict(zip(FORWARDS, ("Archive", f"smtp:{OUT}", True), strict=True))
        await desk.output("Set-Mailbox", Identity=oid, **wish)
        [found] = await desk.output("Get-Mailbox", Identity=oid)
        assert [found[name] for name in FORWARDS] == ["Archive", f"smtp:{OUT}", True]
        cleared = dict(zip(FORWARDS, (None, None, False), strict=True))
        await desk.output("Set-Mailbox", Identity=oid, **cleared)
        [found] = await desk.output("Get-Mailbox", Identity=oid)
        assert [found[name] for name in FORWARDS] == [None, None, False]


async def test_what_is_not_mentioned_is_not_changed() -> None:
    async with Desk(make()) as desk:
        oid = furnish(desk)
        await desk.output("Set-Mailbox", Identity=oid, ForwardingSmtpAddress=OUT)
        await desk.output("Set-Mailbox", Identity=oid, DeliverToMailboxAndForward=True)
        assert desk.tenant.mailboxes[oid].forwarding_smtp == OUT


async def test_forwarding_to_nobody_known_is_refused() -> None:
    async with Desk(make()) as desk:
        oid = furnish(desk)
        before = desk.tenant.snapshot()
        answer = await desk.exchange("Set-Mailbox", Identity=oid, ForwardingAddress="Nobody")
        assert answer.status_code == 404
        assert desk.tenant.snapshot() == before


async def test_a_set_that_changes_nothing_warns() -> None:
    async with Desk(make()) as desk:
        oid = furnish(desk)
        answer = await desk.exchange("Set-Mailbox", Identity=oid, ForwardingSmtpAddress=None)
        assert "no settings" in answer.json()["@adminapi.warnings"][0]


async def test_a_mail_contact_says_where_its_mail_goes() -> None:
    async with Desk(make()) as desk:
        desk.people.contact("Archive", OUT)
        [found] = await desk.output("Get-Recipient", Identity="Archive")
        assert found["ExternalEmailAddress"] == f"SMTP:{OUT}"
        assert found["RecipientTypeDetails"] == "MailContact"


async def test_hidden_rules_are_shown_on_request_only() -> None:
    async with Desk(make()) as desk:
        oid = furnish(desk)
        desk.people.rule(oid, "unseen", hidden=True, actions={"delete": True})
        shown = await desk.output("Get-InboxRule", Mailbox=oid)
        everything = await desk.output("Get-InboxRule", Mailbox=oid, IncludeHidden=True)
        assert [rule["Name"] for rule in shown] == ["one"]
        assert {rule["Name"] for rule in everything} == {"one", "unseen", "Junk E-Mail Rule"}


async def test_a_rule_shows_its_recipients_folders_and_words_in_exchanges_way() -> None:
    async with Desk(make()) as desk:
        oid = furnish(desk)
        away = [{"emailAddress": {"name": "X", "address": OUT}}]
        desk.people.rule(
            oid,
            "bad",
            conditions={"subjectContains": ["bank"]},
            actions={"forwardTo": away, "moveToFolder": "RSS Feeds"},
        )
        [rule] = await desk.output("Get-InboxRule", Mailbox=oid, Identity="bad")
        assert rule["ForwardTo"] == [f'"X" [SMTP:{OUT}]']
        assert rule["MoveToFolder"] == "RSS Feeds"
        assert rule["SubjectContainsWords"] == ["bank"]


async def test_switching_one_rule_through_exchange_deletes_outlooks_own_rules() -> None:
    async with Desk(make()) as desk:
        oid = furnish(desk)
        desk.people.rule(oid, "two")
        desk.people.forward(oid, outlook_rules=("sound",))
        [rule] = await desk.output("Get-InboxRule", Mailbox=oid, Identity="one")
        await desk.output("Disable-InboxRule", Mailbox=oid, Identity=rule["Identity"])
        box = desk.tenant.mailboxes[oid]
        assert {r.name: r.enabled for r in box.rules if not r.hidden} == {"one": False, "two": True}
        assert box.outlook_rules == ()
        await desk.output("Enable-InboxRule", Mailbox=oid, Identity=rule["Identity"])
        assert all(r.enabled for r in desk.tenant.mailboxes[oid].rules)


@pytest.mark.parametrize("identity", [None, ""])
async def test_an_empty_identity_means_every_rule(identity: str | None) -> None:
    async with Desk(make()) as desk:
        oid = furnish(desk)
        desk.people.rule(oid, "two")
        await desk.output("Disable-InboxRule", Mailbox=oid, Identity=identity)
        assert not any(rule.enabled for rule in desk.tenant.mailboxes[oid].rules)


async def test_a_missing_identity_is_refused() -> None:
    async with Desk(make()) as desk:
        oid = furnish(desk)
        answer = await desk.exchange("Disable-InboxRule", Mailbox=oid)
        assert answer.status_code == 400
        assert all(rule.enabled for rule in desk.tenant.mailboxes[oid].rules)


async def test_an_unblocked_sender_stays_listed_until_the_change_has_spread() -> None:
    async with Desk(make()) as desk:
        oid = furnish(desk)
        address = desk.tenant.users[oid].mail
        await desk.output("Remove-BlockedSenderAddress", SenderAddress=address)
        assert len(await desk.output("Get-BlockedSenderAddress")) == 1
        desk.tenant.clock.advance(desk.tenant.settings.unblock_delay)
        assert await desk.output("Get-BlockedSenderAddress") == []
        gone = await desk.exchange("Remove-BlockedSenderAddress", SenderAddress=address)
        assert gone.status_code == 404


async def test_past_the_unblock_limit_only_support_can_help() -> None:
    async with Desk(make(TenantSettings.instant(unblock_limit=2))) as desk:
        oid = furnish(desk)
        address = desk.tenant.users[oid].mail
        asked = [
            (await desk.exchange("Remove-BlockedSenderAddress", SenderAddress=address)).status_code
            for _ in range(3)
        ]
        assert asked == [200, 200, 400]


async def test_accepted_domains_are_listed() -> None:
    async with Desk(make()) as desk:
        found = {d["DomainName"]: d["Default"] for d in await desk.output("Get-AcceptedDomain")}
        assert found["contoso.example"] is True
        assert len(found) == 3


async def test_a_listing_stops_at_a_thousand_with_a_warning_unless_all_are_asked_for() -> None:
    async with Desk(make(TenantSettings.instant(page_size=1000))) as desk:
        desk.people.crowd(1_001)
        cut = (await desk.exchange("Get-Mailbox")).json()
        assert len(cut["value"]) == 1_000
        assert "@odata.nextLink" not in cut
        assert any("ResultSize" in warning for warning in cut["@adminapi.warnings"])
        everything = await desk.output("Get-Mailbox", ResultSize="Unlimited")
        assert len({box["ExternalDirectoryObjectId"] for box in everything}) == 1_001
        assert len(await desk.output("Get-CASMailbox", ResultSize=7)) == 7
