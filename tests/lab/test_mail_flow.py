"""Row 19: transport rules and connectors; what Exchange takes, refuses and ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lab.intruder import Intruder
from lab.mail_flow_footholds import MailRoute
from lab.mail_routes import lay
from lab.tenant.mail_flow import Kind
from tests.lab.tenancy import NOON, Desk, make

OFF = {
    Kind.RULE: ("Disable-TransportRule", {}),
    Kind.INBOUND: ("Set-InboundConnector", {"Enabled": False}),
    Kind.OUTBOUND: ("Set-OutboundConnector", {"Enabled": False}),
}


@pytest.mark.parametrize("kind", Kind)
async def test_only_its_own_switch_ends_a_route_and_resets_of_the_account_do_not(
    kind: Kind,
) -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        device = lay(desk.tenant, kind, "Relay", by=oid, at=NOON - timedelta(days=1), to="x")
        other = lay(desk.tenant, kind, "Other", by=oid, at=NOON, to="x")
        intruder = Intruder(desk.tenant, oid, [MailRoute("relay", device=device)])
        await desk.graph("PATCH", f"/users/{oid}", {"accountEnabled": False})
        assert intruder.attempt_all()[0].succeeded
        cmdlet, how = OFF[kind]
        await desk.output(cmdlet, Identity=device.id, Confirm=False, **how)
        assert intruder.doors_shut_at is not None
        shown = {one["Guid"]: one for one in await desk.output(f"Get-{kind}")}
        assert shown[device.id].get("State", shown[device.id].get("Enabled")) in {False, "Disabled"}
        assert shown[other.id].get("State", shown[other.id].get("Enabled")) in {True, "Enabled"}
        assert shown[device.id]["WhenChanged"] > "2026-11-23"


@pytest.mark.parametrize(
    ("cmdlet", "given", "status"),
    [
        ("Disable-TransportRule", {"Identity": "nobody's"}, 404),
        ("Disable-TransportRule", {"Identity": None}, 400),
        ("Set-InboundConnector", {"Identity": "Relay"}, 400),
        ("Set-OutboundConnector", {"Identity": "Relay", "Enabled": "no"}, 400),
    ],
)
async def test_what_exchange_refuses(cmdlet: str, given: dict[str, Any], status: int) -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        for kind in Kind:
            lay(desk.tenant, kind, "Relay", by=oid, at=NOON, to="x")
        assert (await desk.exchange(cmdlet, **given)).status_code == status
        assert all(one.enabled for one in desk.tenant.state.mail_flow.devices.values())
