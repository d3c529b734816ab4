"""Ways into a mailbox from elsewhere: they outlive whatever is done to the account itself.

 #  foothold                                    dies by              lag
12  FullAccess, SendAs, SendOnBehalf, a folder  removing that right  `protocol_lag`
19  the calendar on the web                     publishing it ends   none
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Final

from lab.footholds import Damage, Foiled, Foothold
from lab.tenant.mailbox_state import ANONYMOUS, Delegation
from lab.tenant.world import World

_READ: Final = frozenset({"Reviewer", "Editor", "Owner", "ReadItems", "Author"})


class Right(StrEnum):
    """What a delegate was given; the rest are folders, by type."""

    FULL_ACCESS = "FullAccess"
    SEND_AS = "SendAs"
    SEND_ON_BEHALF = "SendOnBehalf"


class Delegate(Foothold):
    """12: a right to the mailbox, used from another account."""

    number = 12

    def __init__(self, label: str, *, trustee: str, right: Right) -> None:
        super().__init__(label)
        self.trustee = trustee
        self.right = right
        reads = right is Right.FULL_ACCESS
        self.harm = Damage.MAIL_READ if reads else Damage.MAIL_SENT

    @property
    def damage(self) -> Damage:  # type: ignore[override]
        """Reading or sending, by the right."""
        return self.harm

    def shut(self, world: World, oid: str) -> bool:
        """Shut when that right is taken from that trustee, and by nothing else."""
        mailbox = world.state.mailboxes.get(oid)
        return mailbox is None or not self.held(mailbox.delegation)

    def held(self, delegation: Delegation) -> bool:
        """Whether the trustee still has the right."""
        match self.right:
            case Right.FULL_ACCESS:
                return any(
                    ace.trustee == self.trustee and not ace.deny and self.right in ace.rights
                    for ace in delegation.aces
                )
            case Right.SEND_AS:
                return self.trustee in delegation.send_as
            case Right.SEND_ON_BEHALF:
                return self.trustee in delegation.send_on_behalf

    def lag(self, world: World) -> timedelta:
        """Minutes, because Exchange remembers who may do what."""
        return timedelta(seconds=world.settings.protocol_lag)

    def use(self, world: World, oid: str) -> str:
        """Use it from the other account."""
        del oid
        user = world.state.users.get(self.trustee)
        if user is None or not user.enabled:
            raise Foiled("the delegate's account is disabled")
        return "read mail" if self.right is Right.FULL_ACCESS else "sent mail as the owner"


class FolderReader(Foothold):
    """12: the right to read a folder, of another account or of everybody."""

    number = 12
    damage = Damage.MAIL_READ

    def __init__(self, label: str, *, trustee: str, folder: str) -> None:
        super().__init__(label)
        self.trustee = trustee
        self.folder = folder

    def shut(self, world: World, oid: str) -> bool:
        """Shut when that trustee may no longer read that folder."""
        mailbox = world.state.mailboxes.get(oid)
        entry = mailbox.delegation.entry(self.folder, self.trustee) if mailbox else None
        return entry is None or not _READ & set(entry.rights)

    def lag(self, world: World) -> timedelta:
        """Minutes, because Exchange remembers who may do what."""
        return timedelta(seconds=world.settings.protocol_lag)

    def use(self, world: World, oid: str) -> str:
        """Read the folder."""
        del oid
        user = world.state.users.get(self.trustee)
        if self.trustee != ANONYMOUS and (user is None or not user.enabled):
            raise Foiled("the delegate's account is disabled")
        return f"read {self.folder}"


class PublishedCalendar(Foothold):
    """19: the calendar on the web, readable without any account."""

    number = 19

    def shut(self, world: World, oid: str) -> bool:
        """Shut when it is no longer published."""
        mailbox = world.state.mailboxes.get(oid)
        return mailbox is None or not mailbox.delegation.published

    def use(self, world: World, oid: str) -> str:
        """Read it."""
        del world, oid
        return "read the calendar"
