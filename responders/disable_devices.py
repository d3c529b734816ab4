"""Disable the devices that were registered since the compromise."""

from __future__ import annotations

from contextlib import suppress

from shared.clients import devices, graph
from shared.clients.devices import Device, DeviceState
from shared.clients.tenant import Tenant
from shared.errors import Gone, Refused
from shared.model import Case, Difference, Foothold, Phase, number_of
from shared.responder import Change, Impact, Responder


class DevicesDisabled(Change):
    """The devices as found."""

    choices = "devices"
    devices: tuple[Device, ...]

    def summary(self) -> str:
        """Say what will be done."""
        return f"Disable {number_of(len(self.devices), 'device')} registered since the compromise"

    def differences(self) -> tuple[Difference, ...]:
        """List the devices, and those of them that the next directory sync enables again."""
        return (
            *(
                Difference(what=_label(d), was=_STATES[d.enabled], becomes="disabled")
                for d in self.devices
            ),
            *(
                Difference(
                    what=f"{_label(device)} in Active Directory on premises",
                    was="unknown",
                    becomes="unchanged: disable the computer there too, or its sync undoes this",
                )
                for device in self.devices
                if device.on_premises
            ),
        )

    def footholds(self) -> tuple[Foothold, ...]:
        """Name each device and when it came."""
        return tuple(
            Foothold(kind="device", label=_label(device), reasons=(_when(device),))
            for device in self.devices
        )


class DisableDevices(Responder[DevicesDisabled]):
    """Disable the devices that were registered since the compromise.

    A device signs in with a key of its own, which survives a new password. Disabled, not deleted:
    the owner's new telephone can be enabled again, and the record stays for the investigation.
    """

    phase = Phase.EVICT
    impact = Impact.NONE
    dated = True
    techniques = frozenset({"T1098.005"})
    permissions = frozenset({graph.USER_READ_ALL, devices.DEVICE_WRITE_ALL})

    async def plan(self, case: Case, tenant: Tenant) -> DevicesDisabled | None:
        """Read the devices and pick those that came since; unknown times are a person's."""
        who = case.account.who
        usable = [d for d in await tenant.devices.of(who.object_id) if d.enabled is not False]
        since = tuple(
            device
            for device in usable
            if device.registered_at is not None
            and device.registered_at >= case.compromised_since
            and not case.owners(device.registered_at)
        )
        if since:
            return DevicesDisabled(who=who, devices=since)
        _hand_over([device for device in usable if device.registered_at is None])
        return None

    async def apply(self, change: DevicesDisabled, tenant: Tenant) -> None:
        """Disable them; one that is gone is fine."""
        for device in change.devices:
            with suppress(Gone):
                await tenant.devices.set_state(device.id, DeviceState.DISABLED)

    async def undo(self, change: DevicesDisabled, tenant: Tenant) -> None:
        """Enable those that still belong to the account; one that was deleted stays deleted."""
        now = {device.id: device for device in await tenant.devices.of(change.who.object_id)}
        for device in change.devices:
            if device.id in now and now[device.id].enabled is not True:
                with suppress(Gone):
                    await tenant.devices.set_state(device.id, DeviceState.ENABLED)


def _hand_over(unknown: list[Device]) -> None:
    """Ask a person about devices whose time Graph does not tell: unknown is not "before"."""
    if unknown:
        which = number_of(
            len(unknown), "device of this account was", "devices of this account were"
        )
        raise Refused(
            f"Nobody can tell when {which} registered",
            steps=tuple(
                f"Ask the owner about {_label(device)}; if it is not theirs, disable it "
                f"(Entra admin center, Devices, object id {device.id})"
                for device in unknown
            ),
        )


_STATES = {True: "enabled", False: "disabled", None: "unknown"}


def _label(device: Device) -> str:
    return f"device “{device.name}” ({device.system or 'unknown system'})"


def _when(device: Device) -> str:
    at = device.registered_at
    return f"Registered {at:%Y-%m-%d %H:%M} UTC" if at else "Registered at an unknown time"
