"""How transport rules and connectors come to be before a story begins."""

from __future__ import annotations

from datetime import datetime

from lab.tenant.logbook import AuditRecord
from lab.tenant.mail_flow import Device, Kind
from lab.tenant.world import World


def lay(  # noqa: PLR0913 - one device with all that is known of it
    world: World, kind: Kind, name: str, *, by: str, at: datetime, to: str, verb: str = "New"
) -> Device:
    """Make a rule or a connector as an account did at some time; the audit log has seen it."""
    device = Device(id=world.guid(), kind=kind, name=name, oid=by, sends_to=to)
    world.state.mail_flow.devices[device.id] = device
    world.state.mail_flow.changed_at[device.id] = at
    world.state.logbook.records.append(
        AuditRecord(
            id=world.guid(),
            at=at,
            operation=f"{verb}-{kind}",
            service="Exchange",
            kind="ExchangeAdmin",
            upn=world.state.users[by].upn,
            object_id=name,
            ip="203.0.113.66",
            details={"Parameters": [{"Name": "Name", "Value": name}]},
        )
    )
    return device
