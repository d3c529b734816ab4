"""20: ways back in that stand elsewhere in the tenant, made with the rights of the account.

 #  foothold                        dies by                                            lag
20  a second account                its own case: disable it, block it, delete it      none
20  a secret of an application      removing that secret; disabling the application    none

Whatever is done to the first account ends neither.
"""

from __future__ import annotations

from lab.footholds import Damage, Foothold
from lab.tenant.directory_state import AppKey
from lab.tenant.world import World


class SecondAccount(Foothold):
    """20: an account that the intruder made with the first one."""

    number = 20
    damage = Damage.FILES_READ

    def __init__(self, label: str, *, account: str) -> None:
        super().__init__(label)
        self.elsewhere = self.account = account

    def shut(self, world: World, oid: str) -> bool:
        """Shut when that account is disabled, blocked or gone, and by nothing else."""
        del oid
        user = world.state.users.get(self.account)
        return user is None or not user.enabled or world.sign_in_blocked(user.id) is not None

    def use(self, world: World, oid: str) -> str:
        """Sign in to it."""
        del oid
        return f"signed in as {world.state.users[self.account].upn}"


class AppSecret(Foothold):
    """20: a secret given to an application, or to its service principal."""

    number = 20
    damage = Damage.MAIL_READ

    def __init__(self, label: str, *, holder: str, key: AppKey) -> None:
        super().__init__(label)
        self.elsewhere = self.holder = holder
        self.key = key

    def shut(self, world: World, oid: str) -> bool:
        """Shut when that secret is removed, or nobody gets a token for the application."""
        del oid
        held = world.state.directory
        holder = held.apps.get(self.holder) or held.registered.get(self.holder)
        return holder is None or not holder.enabled or self.key not in holder.keys

    def use(self, world: World, oid: str) -> str:
        """Sign in as the application."""
        del world, oid
        return "read mail as the application"
