"""What an intruder holds in the directory, and what kills it.

#   foothold                     dies by                                         lag
13  consent to a malicious app   deleting the grant, disabling the app           none
14  registered device            disabling the device                            none
15  directory role               removing assignment, eligibility and group      `role_lag`
16  group that Conditional       leaving the group                               `role_lag`
    Access leaves out
21  directory synchronisation    a Conditional Access block, disabling it on     none
                                 premises; the cloud's disable lasts one cycle
"""

from __future__ import annotations

from datetime import datetime, timedelta

from lab.access import account
from lab.footholds import Damage, Foiled, Foothold
from lab.tenant.directory_state import Device, Grant
from lab.tenant.world import World


def refuse_sign_in(world: World, oid: str) -> None:
    """Refuse whoever needs the account itself. Raises `Foiled`."""
    if not account(world, oid).enabled:
        raise Foiled("AADSTS50057: the account is disabled")
    if reason := world.sign_in_blocked(oid):
        raise Foiled(f"AADSTS53003: {reason}")


class AppConsent(Foothold):
    """13: an app of the intruder's that acts in the owner's name, whatever the password."""

    number = 13
    damage = Damage.MAIL_READ

    def __init__(self, label: str, *, grant: Grant, signed_in_at: datetime) -> None:
        super().__init__(label)
        self.grant = grant
        self.signed_in_at = signed_in_at
        """When the owner last signed in through the app; what was revoked since has to wait."""

    def shut(self, world: World, oid: str) -> bool:
        """Shut when the grant is deleted or the app disabled, and by nothing else."""
        del oid
        app = world.state.directory.apps.get(self.grant.client)
        held = world.state.directory.grants.get(self.grant.id)
        return held is None or app is None or not app.enabled

    def use(self, world: World, oid: str) -> str:
        """Read mail; after a revocation only once the owner has signed in through the app."""
        refuse_sign_in(world, oid)
        if world.state.users[oid].sessions_valid_from > self.signed_in_at:
            raise Foiled("AADSTS50173: revoked until the owner's next sign-in through the app")
        return "read mail through the app"


class DeviceKey(Foothold):
    """14: a device of the intruder's, whose primary refresh token signs in silently."""

    number = 14
    damage = Damage.FILES_READ

    def __init__(self, label: str, *, device: Device, signed_in_at: datetime) -> None:
        super().__init__(label)
        self.device = device.id
        self.signed_in_at = signed_in_at
        """When somebody last signed in on it; what was revoked since has to wait."""

    def shut(self, world: World, oid: str) -> bool:
        """Shut when the device is disabled or deleted, and by nothing else."""
        del oid
        device = world.state.directory.devices.get(self.device)
        return device is None or not device.enabled

    def use(self, world: World, oid: str) -> str:
        """Sign in silently; after a revocation only once somebody has signed in on it again."""
        refuse_sign_in(world, oid)
        if world.state.users[oid].sessions_valid_from > self.signed_in_at:
            raise Foiled("AADSTS50173: revoked until the next sign-in on the device")
        return "signed in silently from the device"


class AdminRole(Foothold):
    """15: a directory role, with which the intruder gives themselves any of the rest back."""

    number = 15

    def __init__(self, label: str, *, role: str) -> None:
        super().__init__(label)
        self.role = role

    def shut(self, world: World, oid: str) -> bool:
        """Shut when the role is neither held, nor reached through a group, nor eligible."""
        state = world.state
        held = any(parent.id == self.role for parent in state.parents(oid, at=world.now()))
        return not held and (oid, self.role) not in state.directory.eligible

    def lag(self, world: World) -> timedelta:
        """Minutes, until services have noticed."""
        return timedelta(seconds=world.settings.role_lag)

    def use(self, world: World, oid: str) -> str:
        """Administer, activating the role first where it is only eligible."""
        refuse_sign_in(world, oid)
        role = world.state.roles[self.role]
        held = role in world.state.parents(oid, at=world.now())
        return f"{'used' if held else 'activated and used'} the role {role.name}"


class LeftOut(Foothold):
    """16: membership of a group that every Conditional Access policy leaves out: no MFA asked."""

    number = 16

    def __init__(self, label: str, *, group: str) -> None:
        super().__init__(label)
        self.group = group

    def shut(self, world: World, oid: str) -> bool:
        """Shut when the account has left the group."""
        return all(parent.id != self.group for parent in world.state.parents(oid, at=world.now()))

    def lag(self, world: World) -> timedelta:
        """Minutes, until sign-ins have noticed."""
        return timedelta(seconds=world.settings.role_lag)

    def use(self, world: World, oid: str) -> str:
        """Sign in and be asked for no second factor."""
        refuse_sign_in(world, oid)
        return "signed in without a second factor"


class DirectorySync(Foothold):
    """21: the directory on premises, which enables what only the cloud has disabled."""

    number = 21

    def shut(self, world: World, oid: str) -> bool:
        """Shut by a Conditional Access block and by disabling on premises, by nothing else."""
        user = world.state.users.get(oid)
        blocked = user is None or world.sign_in_blocked(oid) is not None
        return blocked or not (user and user.synced and user.on_premises_enabled)

    def use(self, world: World, oid: str) -> str:
        """Sign in, once the next cycle has enabled the account again."""
        refuse_sign_in(world, oid)
        return "signed in: the directory synchronisation keeps the account enabled"
