"""Devices: what an account has registered or joined, and whether they may sign in."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from shared.clients import graph
from shared.clients.graph import Graph, every
from shared.model import Json, ObjectId, Utc, Value

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation
    from msgraph.graph_service_client import GraphServiceClient

DEVICE_WRITE_ALL: Final = "Device.ReadWrite.All"
_HYBRID: Final = "ServerAd"


class DeviceState(StrEnum):
    """Whether a device may be used to sign in."""

    ENABLED = "enabled"
    DISABLED = "disabled"


class Device(Value):
    """A device in the directory; `None` means unknown.

    `trust` is Workplace (registered), AzureAd (joined) or ServerAd (joined on premises as well).
    """

    id: ObjectId
    name: str
    system: str | None = None
    trust: str | None = None
    enabled: bool | None = None
    registered_at: Utc | None = None

    @property
    def on_premises(self) -> bool:
        """Whether the directory on premises knows it too, and enables it again with its sync."""
        return self.trust == _HYBRID


class Devices:
    """The devices of accounts."""

    def __init__(self, source: Graph) -> None:
        self._graph = source

    async def of(self, oid: ObjectId) -> tuple[Device, ...]:
        """List what the account registered or owns, every page, each device once.

        Source: GET /users/{id}/registeredDevices, GET /users/{id}/ownedDevices.
        """
        registered, owned = await asyncio.gather(
            self._list(
                lambda g: g.users.by_user_id(oid).registered_devices.to_get_request_information()
            ),
            self._list(
                lambda g: g.users.by_user_id(oid).owned_devices.to_get_request_information()
            ),
        )
        found = {device.id: device for device in (*registered, *owned)}
        return tuple(found[key] for key in sorted(found))

    async def set_state(self, device: ObjectId, state: DeviceState) -> None:
        """Enable or disable one device. Source: PATCH /devices/{id} {"accountEnabled": ...}."""

        def build(g: GraphServiceClient) -> RequestInformation:
            from msgraph.generated.models.device import Device as Body

            body = Body(account_enabled=state is DeviceState.ENABLED)
            return g.devices.by_device_id(device).to_patch_request_information(body)

        await self._graph.write(build, permission=DEVICE_WRITE_ALL)

    async def _list(self, build: graph.Build) -> list[Device]:
        found = await every(self._graph.pages(build, permission=graph.USER_READ_ALL))
        return [_device(item) for item in found if _is_device(item)]


def _is_device(item: Json) -> bool:
    return str(item.get("@odata.type", "#microsoft.graph.device")).endswith(".device")


def _device(item: Json) -> Device:
    return Device(
        id=ObjectId(str(item["id"])),
        name=str(item.get("displayName") or item["id"]),
        system=item.get("operatingSystem"),
        trust=item.get("trustType"),
        enabled=item.get("accountEnabled"),
        registered_at=item.get("registrationDateTime"),
    )
