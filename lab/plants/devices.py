"""Devices that the intruder registered and joined, beside those the owner has worked on for years.

One is joined on premises as well, which only the list of registered devices shows.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from lab.directory_footholds import DeviceKey
from lab.footholds import Foothold
from lab.registrations import Registrations
from lab.stage import Stage
from lab.tenant.directory_state import Device

_THEIRS: Final = (
    ("DESKTOP-7Q2", "Windows", "AzureAd"),
    ("iPhone", "iOS", "Workplace"),
    ("SRV-TMP", "Windows", "ServerAd"),
)


def plant(stage: Stage, oid: str) -> list[Foothold]:
    """Register devices of all kinds; the owner's are older than the compromise."""
    directory = Registrations(stage.tenant)
    long_ago = stage.tenant.created_at + timedelta(days=500)
    notebook = directory.device(oid, "LAPTOP-NORA", at=long_ago, trust="AzureAd")
    retired = directory.device(oid, "Old telephone", at=long_ago, system="Android", enabled=False)
    for own in (notebook, retired):
        _own(stage, own)
    for bystander in stage.bystanders:
        directory.device(bystander, "New tablet", at=stage.since, system="iPadOS")
    at = stage.since + timedelta(minutes=2)
    found: list[Foothold] = []
    for name, system, trust in _THEIRS:
        device = directory.device(oid, name, at=at, system=system, trust=trust)
        found.append(DeviceKey(f"device “{name}”", device=device, signed_in_at=at))
    return found


def _own(stage: Stage, device: Device) -> None:
    held = stage.tenant.state.directory.devices
    stage.owned[f"device “{device.name}”"] = lambda: held.get(device.id) == device
