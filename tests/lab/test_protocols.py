"""Rows 7 and 8 of the footholds: what ends them and what does not."""

from __future__ import annotations

from typing import Any

import pytest

from lab.access import Password
from lab.intruder import Intruder
from lab.protocol_footholds import AppPassword, Imap
from tests.lab.tenancy import STRONG, Desk, make

NEW_PASSWORD = {"passwordProfile": {"password": STRONG, "forceChangePasswordNextSignIn": True}}
MAIL_OFF = {"ImapEnabled": False, "PopEnabled": False, "SmtpClientAuthenticationDisabled": True}


@pytest.mark.parametrize(
    ("patch", "cas", "shuts"),
    [
        (NEW_PASSWORD, {}, {"imap"}),
        ({"accountEnabled": False}, {}, {"app"}),
        ({}, {"ImapEnabled": False}, {"imap"}),
        ({}, {"SmtpClientAuthenticationDisabled": True, "PopEnabled": False}, set()),
        ({}, MAIL_OFF, {"app", "imap"}),
        ({}, {"ActiveSyncEnabled": False, "EwsEnabled": None}, set()),
    ],
)
async def test_an_action_shuts_exactly_the_doors_the_table_says(
    patch: dict[str, Any], cas: dict[str, Any], shuts: set[str]
) -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        doors = {"app": AppPassword("app"), "imap": Imap("imap", password=Password("password"))}
        Intruder(desk.tenant, oid, doors.values())
        if patch:
            assert (await desk.graph("PATCH", f"/users/{oid}", patch)).status_code == 204
        if cas:
            await desk.output("Set-CASMailbox", Identity=oid, **cas)
        assert {name for name, door in doors.items() if door.closed_at} == shuts


async def test_revoking_sessions_ends_neither() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        doors = [AppPassword("app"), Imap("imap", password=Password("password"))]
        intruder = Intruder(desk.tenant, oid, doors)
        await desk.graph("POST", f"/users/{oid}/revokeSignInSessions")
        desk.tenant.clock.advance(3600)
        assert all(act.succeeded for act in intruder.attempt_all())


async def test_only_smtp_and_ews_may_follow_the_organisation() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        answer = await desk.exchange("Set-CASMailbox", Identity=oid, ImapEnabled=None)
        assert answer.status_code == 400
        await desk.output("Set-CASMailbox", Identity=oid, EwsEnabled=False)
        await desk.output(
            "Set-CASMailbox",
            Identity=oid,
            EwsEnabled=None,
            SmtpClientAuthenticationDisabled=None,
        )
        (shown,) = await desk.output("Get-CASMailbox", Identity=oid)
        assert (shown["EwsEnabled"], shown["SmtpClientAuthenticationDisabled"]) == (None, None)
