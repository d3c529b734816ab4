from __future__ import annotations

import pytest

from lab.intruder import Intruder
from lab.reply_footholds import AutoReply as Phish
from lab.tenant.mailbox_state import AutoReply
from tests.lab.tenancy import Desk, code, make

LINK = "https://mallory.example/x"
REPLY = AutoReply(status="alwaysEnabled", external=f"see {LINK}", internal="mine")


async def test_what_a_patch_does_not_name_stays() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        desk.people.forward(oid, auto_reply=REPLY)
        body = {"automaticRepliesSetting": {"status": "disabled"}}
        answer = await desk.graph("PATCH", f"/users/{oid}/mailboxSettings", body)
        assert answer.status_code == 200
        shown = answer.json()["automaticRepliesSetting"]
        assert (shown["status"], shown["externalReplyMessage"]) == ("disabled", f"see {LINK}")
        assert LINK not in "".join(write.what for write in desk.tenant.writes)


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ({"status": "off"}, "RequestBodyRead"),
        ({"state": "disabled"}, "RequestBodyRead"),
        ({"status": "scheduled"}, "ErrorInvalidScheduledOofDuration"),
    ],
)
async def test_what_graph_refuses_changes_nothing(setting: dict[str, str], expected: str) -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        before = desk.tenant.snapshot()
        body = {"automaticRepliesSetting": setting}
        answer = await desk.graph("PATCH", f"/users/{oid}/mailboxSettings", body)
        assert (answer.status_code, code(answer)) == (400, expected)
        assert desk.tenant.snapshot() == before


async def test_an_account_without_a_mailbox_has_no_settings() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.guest("Eli Stern")
        answer = await desk.graph("GET", f"/users/{oid}/mailboxSettings")
        assert (answer.status_code, code(answer)) == (404, "MailboxNotEnabledForRESTAPI")


async def test_a_reply_outlives_a_disabled_account_and_dies_when_it_is_switched_off() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        desk.people.forward(oid, auto_reply=REPLY)
        phish = Phish("reply", link=LINK)
        Intruder(desk.tenant, oid, [phish])
        await desk.graph("PATCH", f"/users/{oid}", {"accountEnabled": False})
        assert phish.alive(desk.tenant)
        body = {"automaticRepliesSetting": {"status": "disabled"}}
        await desk.graph("PATCH", f"/users/{oid}/mailboxSettings", body)
        assert not phish.alive(desk.tenant)
