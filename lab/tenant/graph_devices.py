"""Devices of accounts: what was registered, what is owned, and disabling one."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from lab.tenant.answers import Answer, no_such_object, only_enabled
from lab.tenant.directory_state import Device
from lab.tenant.operations import Ask, Json, Shape, operation
from lab.tenant.user_view import seconds

TYPE: Final = "microsoft.graph.device"
_READ: Final = ("User.Read.All", "User.ReadWrite.All", "Directory.Read.All")
_OBJECT: Final = "microsoft.graph.directoryObject"
_JOINED: Final = frozenset({"AzureAd", "ServerAd"})


@operation("GET", "/users/{id}/registeredDevices", any_of=_READ, shape=Shape.MANY, returns=_OBJECT)
def list_registered_devices(ask: Ask) -> Json:
    """List what the account registered or signed in to when it was joined."""
    return ask.page(_held(ask), _shown, context="directoryObjects")


@operation("GET", "/users/{id}/ownedDevices", any_of=_READ, shape=Shape.MANY, returns=_OBJECT)
def list_owned_devices(ask: Ask) -> Json:
    """List what the account owns; a device that was joined on premises has no owner."""
    owned = [device for device in _held(ask) if device.trust != "ServerAd"]
    return ask.page(owned, _shown, context="directoryObjects")


@operation(
    "PATCH",
    "/devices/{device}",
    any_of=("Device.ReadWrite.All", "Directory.ReadWrite.All"),
    shape=Shape.NOTHING,
    consumes=TYPE,
)
def update_device(ask: Ask) -> Answer:
    """Enable or disable a device; the tenant plays no other change of it."""
    devices = ask.world.state.directory.devices
    device = devices.get(ask.path["device"].lower())
    if device is None:
        raise no_such_object(ask.path["device"])
    enabled = only_enabled(ask.fields(), "Device")
    devices[device.id] = replace(device, enabled=enabled)
    ask.wrote(device.owner, f"device {device.name!r}: accountEnabled {enabled}")
    return Answer(204)


def _held(ask: Ask) -> list[Device]:
    user = ask.user()
    devices = ask.world.state.directory.devices.values()
    return [device for device in devices if device.owner == user.id]


def _shown(device: Device) -> Json:
    at = device.registered_at
    return {
        "@odata.type": f"#{TYPE}",
        "id": device.id,
        "deviceId": device.device_id,
        "displayName": device.name,
        "accountEnabled": device.enabled,
        "operatingSystem": device.system,
        "trustType": device.trust,
        "isManaged": device.trust in _JOINED,
        "registrationDateTime": None if at is None else seconds(at),
    }
