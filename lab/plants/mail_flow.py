"""Everybody's mail on its way: rules and connectors of administrators, and the intruder's."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from lab.footholds import Foothold
from lab.mail_flow_footholds import MailRoute
from lab.mail_routes import lay
from lab.stage import Stage
from lab.tenant.mail_flow import Device, Kind

_DROP: Final = "collector@mallory.example"
_RELAY: Final = "203.0.113.0/24"


def plant(stage: Stage, oid: str) -> list[Foothold]:
    """Leak by a rule, relay by both connectors; what is older or somebody else's must go on."""
    tenant = stage.tenant
    at, months_ago = stage.since + timedelta(minutes=3), stage.since - timedelta(days=90)
    inside = "journal@contoso.example"
    _own(stage, lay(tenant, Kind.RULE, "Disclaimer", by=oid, at=months_ago, to=inside))
    _own(stage, lay(tenant, Kind.RULE, "Journal", by=stage.bystanders[0], at=at, to=inside))
    _own(stage, lay(tenant, Kind.INBOUND, "Scanner", by=oid, at=months_ago, to="192.0.2.10"))
    return [
        MailRoute(f"{kind} “{name}”", device=lay(tenant, kind, name, by=oid, at=at, to=to))
        for kind, name, to in (
            (Kind.RULE, "Compliance copy", _DROP),
            (Kind.INBOUND, "Cloud relay", _RELAY),
            (Kind.OUTBOUND, "Cloud smart host", "relay.mallory.example"),
        )
    ]


def _own(stage: Stage, device: Device) -> None:
    held = stage.tenant.state.mail_flow.devices
    stage.owned[f"{device.kind} “{device.name}”"] = lambda: held.get(device.id) == device
