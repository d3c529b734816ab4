"""19: rules and connectors for everybody's mail, which only a privileged account makes.

 #  foothold                           dies by                    lag
19  transport rule, connector          disabling or removing it   none
"""

from __future__ import annotations

from lab.footholds import Damage, Foothold
from lab.tenant.mail_flow import Device
from lab.tenant.world import World


class MailRoute(Foothold):
    """19: a rule or a connector that copies mail out or lets the intruder relay."""

    number = 19
    damage = Damage.MAIL_LEAKED

    def __init__(self, label: str, *, device: Device) -> None:
        super().__init__(label)
        self.device = device.id

    def shut(self, world: World, oid: str) -> bool:
        """Shut when that one is disabled or gone, and by nothing else."""
        del oid
        device = world.state.mail_flow.devices.get(self.device)
        return device is None or not device.enabled

    def use(self, world: World, oid: str) -> str:
        """Let the next message take it."""
        del oid
        return f"mail took “{world.state.mail_flow.devices[self.device].name}”"
