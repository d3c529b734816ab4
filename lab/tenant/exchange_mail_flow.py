"""Transport rules and connectors, as Exchange shows them and switches them on and off."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from lab.tenant.cmdlets import Output, Run, binding, cmdlet, not_found
from lab.tenant.mail_flow import Device, Kind
from lab.tenant.user_view import exact

_RULES: Final = "Transport Rules"
_CONNECTORS: Final = "Remote and Accepted Domains"


@cmdlet("Get-TransportRule", role=_RULES, parameters=("Identity", "State", "ResultSize"))
def get_rules(run: Run) -> Output:
    """Show the transport rules in the order in which they work."""
    return [
        {**_shown(run, rule), "State": "Enabled" if rule.enabled else "Disabled", "Priority": place}
        for place, rule in enumerate(_all(run, Kind.RULE))
    ]


@cmdlet("Enable-TransportRule", role=_RULES, parameters=("Identity", "Confirm"))
def enable_rule(run: Run) -> Output:
    """Let a transport rule work."""
    return _switch(run, Kind.RULE, on=True)


@cmdlet("Disable-TransportRule", role=_RULES, parameters=("Identity", "Confirm"))
def disable_rule(run: Run) -> Output:
    """Let a transport rule rest."""
    return _switch(run, Kind.RULE, on=False)


@cmdlet("Get-InboundConnector", role=_CONNECTORS, parameters=("Identity", "ResultSize"))
def get_inbound(run: Run) -> Output:
    """Show by which partners' and servers' connectors mail comes in."""
    return [{**_shown(run, one), "Enabled": one.enabled} for one in _all(run, Kind.INBOUND)]


@cmdlet("Get-OutboundConnector", role=_CONNECTORS, parameters=("Identity", "ResultSize"))
def get_outbound(run: Run) -> Output:
    """Show by which connectors mail goes out."""
    return [{**_shown(run, one), "Enabled": one.enabled} for one in _all(run, Kind.OUTBOUND)]


@cmdlet("Set-InboundConnector", role=_CONNECTORS, parameters=("Identity", "Enabled", "Confirm"))
def set_inbound(run: Run) -> Output:
    """Switch an inbound connector."""
    return _set(run, Kind.INBOUND)


@cmdlet("Set-OutboundConnector", role=_CONNECTORS, parameters=("Identity", "Enabled", "Confirm"))
def set_outbound(run: Run) -> Output:
    """Switch an outbound connector."""
    return _set(run, Kind.OUTBOUND)


def _set(run: Run, kind: Kind) -> Output:
    if not run.asked("Enabled"):
        raise binding("Cannot process command because of a missing parameter: Enabled.")
    return _switch(run, kind, on=run.switch("Enabled"))


def _switch(run: Run, kind: Kind, *, on: bool) -> Output:
    wanted = run.text("Identity")
    if wanted is None:
        raise binding("Cannot bind argument to parameter 'Identity' because it is null.")
    found = [device for device in _all(run, kind) if wanted in (device.id, device.name)]
    if not found:
        raise not_found(wanted)
    flow, device = run.world.state.mail_flow, found[0]
    flow.devices[device.id] = replace(device, enabled=on)
    flow.changed_at[device.id] = run.world.now()
    run.wrote(device.oid, f"{kind} {device.name!r}: {'on' if on else 'off'}")
    return []


def _all(run: Run, kind: Kind) -> list[Device]:
    return [one for one in run.world.state.mail_flow.devices.values() if one.kind is kind]


def _shown(run: Run, device: Device) -> dict[str, object]:
    changed = run.world.state.mail_flow.changed_at[device.id]
    # Exchange prints the time without saying that it is UTC.
    return {
        "Identity": device.name,
        "Name": device.name,
        "Guid": device.id,
        "WhenChanged": exact(changed).rstrip("Z"),
    }
